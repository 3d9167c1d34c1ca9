// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Product of two integers, three clocks later, one every clock; each operand signed or not. What it is built of is the
// synthesizer's choice.
//
// It does NOT stall, and has no reset. Use module multiplier, which lets a be the wider operand.
module multiplier_logic #(
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
  localparam int Width = A_WIDTH + B_WIDTH;

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
endmodule
