// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Product of two integers in a DSP block of iCE40 UltraPlus, three clocks later, one every clock; each operand signed or
// not. Its input, pipeline and output registers are all used.
//
// It does NOT stall, and has no reset. Use module multiplier, which lets a be the wider operand.
module multiplier_block #(
    parameter int A_WIDTH = 8,  // bits of a
    parameter bit A_SIGNED = 1'b1,  // whether a is in two's complement
    parameter int B_WIDTH = 8,  // bits of b, the narrower operand
    parameter bit B_SIGNED = 1'b1  // whether b is in two's complement
) (
    input  logic                       clk,
    input  logic [        A_WIDTH-1:0] a,
    input  logic [        B_WIDTH-1:0] b,
    output logic [A_WIDTH+B_WIDTH-1:0] product  // signed if a or b is
);
  generate
    if (A_WIDTH > 16) begin : gen_illegal
      $error("multiplier: A_WIDTH and B_WIDTH must be at most 16 in an iCE40 DSP block");
    end
  endgenerate

  logic [15:0] full_a;
  logic [15:0] full_b;
  logic [31:0] full;
  logic unused;

  assign full_a = A_SIGNED ? 16'($signed(a)) : 16'(a);
  assign full_b = B_SIGNED ? 16'($signed(b)) : 16'(b);
  assign product = full[A_WIDTH+B_WIDTH-1:0];
  assign unused = &{1'b0, full};

  SB_MAC16 #(
      .A_REG(1'b1),
      .B_REG(1'b1),
      .TOP_8x8_MULT_REG(1'b1),
      .BOT_8x8_MULT_REG(1'b1),
      .PIPELINE_16x16_MULT_REG1(1'b1),
      .PIPELINE_16x16_MULT_REG2(1'b1),
      .TOPOUTPUT_SELECT(2'b11),
      .BOTOUTPUT_SELECT(2'b11),
      .A_SIGNED(A_SIGNED),
      .B_SIGNED(B_SIGNED)
  ) block (
      .CLK(clk),
      .CE(1'b1),
      .A(full_a),
      .B(full_b),
      .C(16'b0),
      .D(16'b0),
      .AHOLD(1'b0),
      .BHOLD(1'b0),
      .CHOLD(1'b0),
      .DHOLD(1'b0),
      .IRSTTOP(1'b0),
      .IRSTBOT(1'b0),
      .ORSTTOP(1'b0),
      .ORSTBOT(1'b0),
      .OLOADTOP(1'b0),
      .OLOADBOT(1'b0),
      .ADDSUBTOP(1'b0),
      .ADDSUBBOT(1'b0),
      .OHOLDTOP(1'b0),
      .OHOLDBOT(1'b0),
      .CI(1'b0),
      .ACCUMCI(1'b0),
      .SIGNEXTIN(1'b0),
      .O(full)
  );
endmodule
