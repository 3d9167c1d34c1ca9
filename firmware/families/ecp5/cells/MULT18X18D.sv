// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Simulation model of ECP5's 18 x 18 multiplier, as far as module multiplier uses it: operands A and B, all registers
// on CLK0 or bypassed, clock enable CE0, reset RST0 (synchronous). No shift chains, no C operand. Never synthesized.
module MULT18X18D #(
    parameter REG_INPUTA_CLK = "NONE",
    parameter REG_INPUTB_CLK = "NONE",
    parameter REG_PIPELINE_CLK = "NONE",
    parameter REG_OUTPUT_CLK = "NONE",
    parameter GSR = "ENABLED"
) (
    input logic A0, input logic A1, input logic A2, input logic A3, input logic A4, input logic A5,
    input logic A6, input logic A7, input logic A8, input logic A9, input logic A10, input logic A11,
    input logic A12, input logic A13, input logic A14, input logic A15, input logic A16, input logic A17,
    input logic B0, input logic B1, input logic B2, input logic B3, input logic B4, input logic B5,
    input logic B6, input logic B7, input logic B8, input logic B9, input logic B10, input logic B11,
    input logic B12, input logic B13, input logic B14, input logic B15, input logic B16, input logic B17,
    input logic C0, input logic C1, input logic C2, input logic C3, input logic C4, input logic C5,
    input logic C6, input logic C7, input logic C8, input logic C9, input logic C10, input logic C11,
    input logic C12, input logic C13, input logic C14, input logic C15, input logic C16, input logic C17,
    input logic SIGNEDA, input logic SIGNEDB, input logic SOURCEA, input logic SOURCEB, input logic CLK0,
    input logic CLK1, input logic CLK2, input logic CLK3, input logic CE0, input logic CE1, input logic CE2,
    input logic CE3, input logic RST0, input logic RST1, input logic RST2, input logic RST3,
    output logic P0, output logic P1, output logic P2, output logic P3, output logic P4, output logic P5,
    output logic P6, output logic P7, output logic P8, output logic P9, output logic P10, output logic P11,
    output logic P12, output logic P13, output logic P14, output logic P15, output logic P16, output logic P17,
    output logic P18, output logic P19, output logic P20, output logic P21, output logic P22, output logic P23,
    output logic P24, output logic P25, output logic P26, output logic P27, output logic P28, output logic P29,
    output logic P30, output logic P31, output logic P32, output logic P33, output logic P34, output logic P35
);
  logic [17:0] a;
  logic [17:0] b;
  logic [17:0] input_a;
  logic [17:0] input_b;
  logic [17:0] a_now;
  logic [17:0] b_now;
  logic [35:0] full;
  logic [35:0] pipeline;
  logic [35:0] pipelined;
  logic [35:0] registered;
  logic unused;

  assign a = {
    A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0
  };
  assign b = {
    B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0
  };
  assign a_now = REG_INPUTA_CLK == "NONE" ? a : input_a;
  assign b_now = REG_INPUTB_CLK == "NONE" ? b : input_b;
  assign full = (SIGNEDA ? 36'($signed(a_now)) : 36'(a_now)) * (SIGNEDB ? 36'($signed(b_now)) : 36'(b_now));
  assign pipelined = REG_PIPELINE_CLK == "NONE" ? full : pipeline;
  assign {
    P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18, P17, P16, P15,
    P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0
  } = REG_OUTPUT_CLK == "NONE" ? pipelined : registered;
  assign unused = &{1'b0, GSR == "ENABLED", SOURCEA, SOURCEB, CLK1, CLK2, CLK3, CE1, CE2, CE3, RST1, RST2, RST3,
    C0, C1, C2, C3, C4, C5, C6, C7, C8, C9, C10, C11, C12, C13, C14, C15, C16, C17
  };

  always_ff @(posedge CLK0) begin
    if (RST0) begin
      input_a <= '0;
      input_b <= '0;
      pipeline <= '0;
      registered <= '0;
    end else if (CE0) begin
      input_a <= a;
      input_b <= b;
      pipeline <= full;
      registered <= pipelined;
    end
  end
endmodule
