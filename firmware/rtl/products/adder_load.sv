// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A term added to a running total, or to a start value where a new total begins; with a carry, modulo 2**WIDTH.
// Combinational: the register is outside.
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
  assign sum = (load ? start : total) + term + WIDTH'(carry);
endmodule
