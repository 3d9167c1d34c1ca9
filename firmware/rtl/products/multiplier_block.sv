// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Product of two integers in a DSP block, three clocks later, one every clock; each operand signed or not. Of no family in
// particular, so no block is named: the synthesizer finds one for the product, or none.
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
  multiplier_logic #(
      .A_WIDTH (A_WIDTH),
      .A_SIGNED(A_SIGNED),
      .B_WIDTH (B_WIDTH),
      .B_SIGNED(B_SIGNED)
  ) inferred (
      .clk(clk),
      .a(a),
      .b(b),
      .product(product)
  );
endmodule
