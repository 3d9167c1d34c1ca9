// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Product of two integers, three clocks later, one every clock; each operand signed or not, the result exact.
//
// In a DSP block (DSP = 1) its input, pipeline and output registers are all used. In LUTs, partial products are added
// two by two, in one carry chain of ECP5 for each two, then in a tree. Where TARGET is generic the synthesizer decides.
//
// It does NOT stall, and has no reset: what goes in comes out. B_WIDTH should be the narrower operand in LUTs.
module multiplier #(
    parameter int A_WIDTH = 8,  // bits of a; in a DSP block at most 18 on ecp5, 16 on ice40
    parameter bit A_SIGNED = 1'b1,  // whether a is in two's complement
    parameter int B_WIDTH = 8,  // bits of b; as a
    parameter bit B_SIGNED = 1'b1,  // whether b is in two's complement
    parameter bit DSP = 1'b0,  // whether it sits in a DSP block
    parameter logic [55:0] TARGET = "generic"  // generic, ecp5 or ice40
) (
    input  logic                       clk,
    input  logic [        A_WIDTH-1:0] a,
    input  logic [        B_WIDTH-1:0] b,
    output logic [A_WIDTH+B_WIDTH-1:0] product  // signed if a or b is
);
  localparam int Width = A_WIDTH + B_WIDTH;

  generate
    if (A_WIDTH < 1 || B_WIDTH < 1) begin : gen_illegal
      $error("multiplier: A_WIDTH and B_WIDTH must be at least 1");
    end

    if (DSP && TARGET == "ecp5") begin : gen_ecp5_dsp
      if (A_WIDTH > 18 || B_WIDTH > 18) begin : gen_illegal_width
        $error("multiplier: A_WIDTH and B_WIDTH must be at most 18 in an ECP5 DSP block");
      end
      logic [17:0] wide_a;
      logic [17:0] wide_b;
      logic [35:0] wide;
      logic unused;

      assign wide_a = A_SIGNED ? 18'($signed(a)) : 18'(a);
      assign wide_b = B_SIGNED ? 18'($signed(b)) : 18'(b);
      assign product = wide[Width-1:0];
      assign unused = &{1'b0, wide};

      MULT18X18D #(
          .REG_INPUTA_CLK("CLK0"),
          .REG_INPUTB_CLK("CLK0"),
          .REG_PIPELINE_CLK("CLK0"),
          .REG_OUTPUT_CLK("CLK0"),
          .GSR("DISABLED")
      ) block (
          .A0(wide_a[0]), .A1(wide_a[1]), .A2(wide_a[2]), .A3(wide_a[3]), .A4(wide_a[4]), .A5(wide_a[5]),
          .A6(wide_a[6]), .A7(wide_a[7]), .A8(wide_a[8]), .A9(wide_a[9]), .A10(wide_a[10]), .A11(wide_a[11]),
          .A12(wide_a[12]), .A13(wide_a[13]), .A14(wide_a[14]), .A15(wide_a[15]), .A16(wide_a[16]),
          .A17(wide_a[17]),
          .B0(wide_b[0]), .B1(wide_b[1]), .B2(wide_b[2]), .B3(wide_b[3]), .B4(wide_b[4]), .B5(wide_b[5]),
          .B6(wide_b[6]), .B7(wide_b[7]), .B8(wide_b[8]), .B9(wide_b[9]), .B10(wide_b[10]), .B11(wide_b[11]),
          .B12(wide_b[12]), .B13(wide_b[13]), .B14(wide_b[14]), .B15(wide_b[15]), .B16(wide_b[16]),
          .B17(wide_b[17]),
          .C0(1'b0), .C1(1'b0), .C2(1'b0), .C3(1'b0), .C4(1'b0), .C5(1'b0), .C6(1'b0), .C7(1'b0), .C8(1'b0),
          .C9(1'b0), .C10(1'b0), .C11(1'b0), .C12(1'b0), .C13(1'b0), .C14(1'b0), .C15(1'b0), .C16(1'b0),
          .C17(1'b0),
          .SIGNEDA(A_SIGNED), .SIGNEDB(B_SIGNED), .SOURCEA(1'b0), .SOURCEB(1'b0),
          .CE0(1'b1), .CE1(1'b0), .CE2(1'b0), .CE3(1'b0), .RST0(1'b0), .RST1(1'b0), .RST2(1'b0), .RST3(1'b0),
          .CLK0(clk), .CLK1(1'b0), .CLK2(1'b0), .CLK3(1'b0),
          .P0(wide[0]), .P1(wide[1]), .P2(wide[2]), .P3(wide[3]), .P4(wide[4]), .P5(wide[5]), .P6(wide[6]),
          .P7(wide[7]), .P8(wide[8]), .P9(wide[9]), .P10(wide[10]), .P11(wide[11]), .P12(wide[12]),
          .P13(wide[13]), .P14(wide[14]), .P15(wide[15]), .P16(wide[16]), .P17(wide[17]), .P18(wide[18]),
          .P19(wide[19]), .P20(wide[20]), .P21(wide[21]), .P22(wide[22]), .P23(wide[23]), .P24(wide[24]),
          .P25(wide[25]), .P26(wide[26]), .P27(wide[27]), .P28(wide[28]), .P29(wide[29]), .P30(wide[30]),
          .P31(wide[31]), .P32(wide[32]), .P33(wide[33]), .P34(wide[34]), .P35(wide[35])
      );
    end else if (DSP && TARGET == "ice40") begin : gen_ice40_dsp
      if (A_WIDTH > 16 || B_WIDTH > 16) begin : gen_illegal_width
        $error("multiplier: A_WIDTH and B_WIDTH must be at most 16 in an iCE40 DSP block");
      end
      logic [15:0] wide_a;
      logic [15:0] wide_b;
      logic [31:0] wide;
      logic unused;

      assign wide_a = A_SIGNED ? 16'($signed(a)) : 16'(a);
      assign wide_b = B_SIGNED ? 16'($signed(b)) : 16'(b);
      assign product = wide[Width-1:0];
      assign unused = &{1'b0, wide};

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
          .A(wide_a),
          .B(wide_b),
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
          .O(wide)
      );
    end else if (TARGET == "ecp5") begin : gen_ecp5_luts
      multiplier_ecp5 #(
          .A_WIDTH(A_WIDTH),
          .A_SIGNED(A_SIGNED),
          .B_WIDTH(B_WIDTH),
          .B_SIGNED(B_SIGNED)
      ) array (
          .clk(clk),
          .a(a),
          .b(b),
          .product(product)
      );
    end else begin : gen_registers
      logic [A_WIDTH-1:0] held_a;
      logic [B_WIDTH-1:0] held_b;
      logic [Width-1:0] full;

      always_ff @(posedge clk) begin
        held_a <= a;
        held_b <= b;
        full <= A_SIGNED && B_SIGNED ? Width'($signed(held_a)) * Width'($signed(held_b))
              : A_SIGNED ? Width'($signed(held_a)) * Width'(held_b)
              : B_SIGNED ? Width'(held_a) * Width'($signed(held_b))
              : Width'(held_a) * Width'(held_b);
        product <= full;
      end
    end
  endgenerate
endmodule
