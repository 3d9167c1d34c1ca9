// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Sum of two integers and, where asked for, a carry; or their difference; modulo 2**WIDTH. Combinational.
//
// A family of FPGAs whose carry chain the synthesizer does not use as well as it could has its own.
module adder #(
    parameter int WIDTH = 8,  // bits
    parameter bit CARRY = 1'b0,  // whether the carry counts
    parameter bit SUBTRACT = 1'b0  // a - b; there is no carry then
) (
    input  logic [WIDTH-1:0] a,
    input  logic [WIDTH-1:0] b,
    input  logic             carry,
    output logic [WIDTH-1:0] sum
);
  generate
    if (SUBTRACT) begin : gen_difference
      logic unused;
      assign sum = a - b;
      assign unused = &{1'b0, carry};
    end else begin : gen_sum
      assign sum = a + b + WIDTH'(CARRY && carry);
    end
  endgenerate
endmodule
