// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Simulation model of iCE40 UltraPlus' multiplier, as far as module multiplier uses it: one 16 x 16 product, registers
// at the operands, between the 8 x 8 products and their sum, and behind the sum. No accumulator. Never synthesized.
module SB_MAC16 #(
    parameter bit A_REG = 1'b0,
    parameter bit B_REG = 1'b0,
    parameter bit TOP_8x8_MULT_REG = 1'b0,
    parameter bit BOT_8x8_MULT_REG = 1'b0,
    parameter bit PIPELINE_16x16_MULT_REG1 = 1'b0,
    parameter bit PIPELINE_16x16_MULT_REG2 = 1'b0,
    parameter bit [1:0] TOPOUTPUT_SELECT = 2'b00,
    parameter bit [1:0] BOTOUTPUT_SELECT = 2'b00,
    parameter bit A_SIGNED = 1'b0,
    parameter bit B_SIGNED = 1'b0
) (
    input  logic        CLK,
    input  logic        CE,
    input  logic [15:0] A,
    input  logic [15:0] B,
    input  logic [15:0] C,
    input  logic [15:0] D,
    input  logic        AHOLD,
    input  logic        BHOLD,
    input  logic        CHOLD,
    input  logic        DHOLD,
    input  logic        IRSTTOP,
    input  logic        IRSTBOT,
    input  logic        ORSTTOP,
    input  logic        ORSTBOT,
    input  logic        OLOADTOP,
    input  logic        OLOADBOT,
    input  logic        ADDSUBTOP,
    input  logic        ADDSUBBOT,
    input  logic        OHOLDTOP,
    input  logic        OHOLDBOT,
    input  logic        CI,
    input  logic        ACCUMCI,
    input  logic        SIGNEXTIN,
    output logic [31:0] O
);
  logic [15:0] input_a;
  logic [15:0] input_b;
  logic [15:0] a_now;
  logic [15:0] b_now;
  logic [31:0] full;
  logic [31:0] pipeline;
  logic [31:0] pipelined;
  logic [31:0] registered;
  logic unused;

  generate
    if (TOPOUTPUT_SELECT != 2'b11 || BOTOUTPUT_SELECT != 2'b11 || TOP_8x8_MULT_REG != PIPELINE_16x16_MULT_REG1 ||
        BOT_8x8_MULT_REG != PIPELINE_16x16_MULT_REG1) begin : gen_not_modelled
      $error("SB_MAC16: only the 16 x 16 product is modelled");
    end
  endgenerate

  assign a_now = A_REG ? input_a : A;
  assign b_now = B_REG ? input_b : B;
  assign full = (A_SIGNED ? 32'($signed(a_now)) : 32'(a_now)) * (B_SIGNED ? 32'($signed(b_now)) : 32'(b_now));
  assign pipelined = PIPELINE_16x16_MULT_REG1 ? pipeline : full;
  assign O = PIPELINE_16x16_MULT_REG2 ? registered : pipelined;
  assign unused = &{1'b0, C, D, CHOLD, DHOLD, ORSTTOP, ORSTBOT, OLOADTOP, OLOADBOT, ADDSUBTOP, ADDSUBBOT, OHOLDTOP,
      OHOLDBOT, CI, ACCUMCI, SIGNEXTIN, IRSTBOT};

  always_ff @(posedge CLK) begin
    if (IRSTTOP) input_a <= '0;
    else if (CE && !AHOLD) input_a <= A;
    if (IRSTTOP) input_b <= '0;
    else if (CE && !BHOLD) input_b <= B;
    if (IRSTTOP) pipeline <= '0;
    else if (CE) pipeline <= full;
    if (IRSTTOP) registered <= '0;
    else if (CE) registered <= pipelined;
  end
endmodule
