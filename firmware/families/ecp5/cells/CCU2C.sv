// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Simulation model of two bits of ECP5's carry chain. A bit's sum is its look-up table's output, exclusive-or the carry;
// where that output is 1 the carry goes on, elsewhere it becomes what the table gives for its inputs A and B alone.
// Carry injection is not modelled: both parameters must be "NO". Never synthesized.
module CCU2C #(
    parameter logic [15:0] INIT0 = 16'b0,
    parameter logic [15:0] INIT1 = 16'b0,
    parameter INJECT1_0 = "YES",
    parameter INJECT1_1 = "YES"
) (
    input  logic CIN,
    input  logic A0,
    input  logic B0,
    input  logic C0,
    input  logic D0,
    input  logic A1,
    input  logic B1,
    input  logic C1,
    input  logic D1,
    output logic S0,
    output logic S1,
    output logic COUT
);
  logic propagate0;
  logic propagate1;
  logic carry;

  generate
    if (INJECT1_0 != "NO" || INJECT1_1 != "NO") begin : gen_not_modelled
      $error("CCU2C: carry injection is not modelled");
    end
  endgenerate

  assign propagate0 = INIT0[{D0, C0, B0, A0}];
  assign propagate1 = INIT1[{D1, C1, B1, A1}];
  assign S0 = propagate0 ^ CIN;
  assign carry = propagate0 ? CIN : INIT0[{2'b00, B0, A0}];
  assign S1 = propagate1 ^ carry;
  assign COUT = propagate1 ? carry : INIT1[{2'b00, B1, A1}];
endmodule
