// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Product of two integers, three clocks later, one every clock; each operand signed or not, the result exact.
//
// What it is built of, in a DSP block or in logic, say multiplier_block and multiplier_logic: a family of FPGAs may have
// its own.
//
// Either operand may be the wider one: inside, that is always the first, as LUTs want it. It does NOT stall, and has no
// reset: what goes in comes out.
module multiplier #(
    parameter int A_WIDTH = 8,  // bits of a; in a DSP block as many as that takes
    parameter bit A_SIGNED = 1'b1,  // whether a is in two's complement
    parameter int B_WIDTH = 8,  // bits of b; as a
    parameter bit B_SIGNED = 1'b1,  // whether b is in two's complement
    parameter bit DSP = 1'b0  // whether it sits in a DSP block
) (
    input  logic                       clk,
    input  logic [        A_WIDTH-1:0] a,
    input  logic [        B_WIDTH-1:0] b,
    output logic [A_WIDTH+B_WIDTH-1:0] product  // signed if a or b is
);
  localparam bit Swap = B_WIDTH > A_WIDTH;
  localparam int WideWidth = Swap ? B_WIDTH : A_WIDTH;
  localparam bit WideSigned = Swap ? B_SIGNED : A_SIGNED;
  localparam int NarrowWidth = Swap ? A_WIDTH : B_WIDTH;
  localparam bit NarrowSigned = Swap ? A_SIGNED : B_SIGNED;

  logic [WideWidth-1:0] wide;
  logic [NarrowWidth-1:0] narrow;

  generate
    if (A_WIDTH < 1 || B_WIDTH < 1) begin : gen_illegal
      $error("multiplier: A_WIDTH and B_WIDTH must be at least 1");
    end

    if (Swap) begin : gen_swapped
      assign wide = b;
      assign narrow = a;
    end else begin : gen_straight
      assign wide = a;
      assign narrow = b;
    end

    if (DSP) begin : gen_block
      multiplier_block #(
          .A_WIDTH (WideWidth),
          .A_SIGNED(WideSigned),
          .B_WIDTH (NarrowWidth),
          .B_SIGNED(NarrowSigned)
      ) block (
          .clk(clk),
          .a(wide),
          .b(narrow),
          .product(product)
      );
    end else begin : gen_logic
      multiplier_logic #(
          .A_WIDTH (WideWidth),
          .A_SIGNED(WideSigned),
          .B_WIDTH (NarrowWidth),
          .B_SIGNED(NarrowSigned)
      ) array (
          .clk(clk),
          .a(wide),
          .b(narrow),
          .product(product)
      );
    end
  endgenerate
endmodule
