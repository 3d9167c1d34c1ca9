// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A term added to a running total, or to a start value where a new total begins; with a carry, modulo 2**WIDTH.
// Combinational: the register is outside.
//
// The choice costs nothing: it is made in the look-up tables of ECP5's carry chain.
module adder_load #(
    parameter int WIDTH = 8  // bits
) (
    input  logic             load,   // begin with `start`
    input  logic [WIDTH-1:0] start,
    input  logic [WIDTH-1:0] total,
    input  logic [WIDTH-1:0] term,
    input  logic             carry,
    output logic [WIDTH-1:0] sum
);
  // a ^ (d ? b : c), which is a where c = d = 0.
  carry_chain #(
      .WIDTH(WIDTH),
      .TABLE(16'h665a)
  ) chain (
      .a(term),
      .b(start),
      .c(total),
      .d({WIDTH{load}}),
      .carry({1'b1, carry}),
      .sum(sum)
  );
endmodule
