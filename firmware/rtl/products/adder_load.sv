// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A term added to a running total, or to a start value where a new total begins; with a carry, modulo 2**WIDTH.
// Combinational: the register is outside.
//
// On ECP5 the choice costs nothing: it is made in the adder's own look-up tables.
module adder_load #(
    parameter int WIDTH = 8,  // bits
    parameter logic [55:0] TARGET = "generic"  // generic, ecp5 or ice40
) (
    input  logic             load,   // begin with `start`
    input  logic [WIDTH-1:0] start,
    input  logic [WIDTH-1:0] total,
    input  logic [WIDTH-1:0] term,
    input  logic             carry,
    output logic [WIDTH-1:0] sum
);
  generate
    if (TARGET == "ecp5") begin : gen_ecp5
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
    end else begin : gen_plain
      assign sum = (load ? start : total) + term + WIDTH'(carry);
    end
  endgenerate
endmodule
