// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Product of two integers in a DSP block of ECP5, three clocks later, one every clock; each operand signed or not. Its
// input, pipeline and output registers are all used.
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
    if (A_WIDTH > 18) begin : gen_illegal
      $error("multiplier: A_WIDTH and B_WIDTH must be at most 18 in an ECP5 DSP block");
    end
  endgenerate

  logic [17:0] full_a;
  logic [17:0] full_b;
  logic [35:0] full;
  logic unused;

  assign full_a = A_SIGNED ? 18'($signed(a)) : 18'(a);
  assign full_b = B_SIGNED ? 18'($signed(b)) : 18'(b);
  assign product = full[A_WIDTH+B_WIDTH-1:0];
  assign unused = &{1'b0, full};

  MULT18X18D #(
      .REG_INPUTA_CLK("CLK0"),
      .REG_INPUTB_CLK("CLK0"),
      .REG_PIPELINE_CLK("CLK0"),
      .REG_OUTPUT_CLK("CLK0"),
      .GSR("DISABLED")
  ) block (
      .A0(full_a[0]), .A1(full_a[1]), .A2(full_a[2]), .A3(full_a[3]), .A4(full_a[4]), .A5(full_a[5]),
      .A6(full_a[6]), .A7(full_a[7]), .A8(full_a[8]), .A9(full_a[9]), .A10(full_a[10]), .A11(full_a[11]),
      .A12(full_a[12]), .A13(full_a[13]), .A14(full_a[14]), .A15(full_a[15]), .A16(full_a[16]),
      .A17(full_a[17]),
      .B0(full_b[0]), .B1(full_b[1]), .B2(full_b[2]), .B3(full_b[3]), .B4(full_b[4]), .B5(full_b[5]),
      .B6(full_b[6]), .B7(full_b[7]), .B8(full_b[8]), .B9(full_b[9]), .B10(full_b[10]), .B11(full_b[11]),
      .B12(full_b[12]), .B13(full_b[13]), .B14(full_b[14]), .B15(full_b[15]), .B16(full_b[16]),
      .B17(full_b[17]),
      .C0(1'b0), .C1(1'b0), .C2(1'b0), .C3(1'b0), .C4(1'b0), .C5(1'b0), .C6(1'b0), .C7(1'b0), .C8(1'b0),
      .C9(1'b0), .C10(1'b0), .C11(1'b0), .C12(1'b0), .C13(1'b0), .C14(1'b0), .C15(1'b0), .C16(1'b0),
      .C17(1'b0),
      .SIGNEDA(A_SIGNED), .SIGNEDB(B_SIGNED), .SOURCEA(1'b0), .SOURCEB(1'b0),
      .CE0(1'b1), .CE1(1'b0), .CE2(1'b0), .CE3(1'b0), .RST0(1'b0), .RST1(1'b0), .RST2(1'b0), .RST3(1'b0),
      .CLK0(clk), .CLK1(1'b0), .CLK2(1'b0), .CLK3(1'b0),
      .P0(full[0]), .P1(full[1]), .P2(full[2]), .P3(full[3]), .P4(full[4]), .P5(full[5]), .P6(full[6]),
      .P7(full[7]), .P8(full[8]), .P9(full[9]), .P10(full[10]), .P11(full[11]), .P12(full[12]),
      .P13(full[13]), .P14(full[14]), .P15(full[15]), .P16(full[16]), .P17(full[17]), .P18(full[18]),
      .P19(full[19]), .P20(full[20]), .P21(full[21]), .P22(full[22]), .P23(full[23]), .P24(full[24]),
      .P25(full[25]), .P26(full[26]), .P27(full[27]), .P28(full[28]), .P29(full[29]), .P30(full[30]),
      .P31(full[31]), .P32(full[32]), .P33(full[33]), .P34(full[34]), .P35(full[35])
  );
endmodule
