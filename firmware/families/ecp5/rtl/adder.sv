// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Sum of two integers and, where asked for, a carry; or their difference; modulo 2**WIDTH. Combinational.
//
// In ECP5's carry chains: half the price of a plain `+` of few bits, see carry_chain.
module adder #(
    parameter int WIDTH = 8,  // bits
    parameter bit CARRY = 1'b0,  // whether the carry counts
    parameter bit SUBTRACT = 1'b0  // a - b; there is no carry then
) (
    input  logic [WIDTH-1:0] a,
    input  logic [WIDTH-1:0] b,
    input  logic             carry,
    output logic [WIDTH-1:0] sum
);
  generate
    if (SUBTRACT) begin : gen_difference
      carry_chain #(
          .WIDTH(WIDTH),
          .TABLE(16'h8777)
      ) chain (
          .a(b),
          .b({WIDTH{1'b1}}),
          .c(a),
          .d({WIDTH{1'b1}}),
          .carry(2'b11),
          .sum(sum)
      );
      logic unused;
      assign unused = &{1'b0, carry};
    end else if (!CARRY && WIDTH % 2 == 0) begin : gen_apart
      // Bit 0 outside the chain, and its carry from the chain's start: cells come in pairs of bits.
      carry_chain #(
          .WIDTH(WIDTH - 1),
          .TABLE(16'h7888)
      ) chain (
          .a(a[WIDTH-1:1]),
          .b({(WIDTH - 1) {1'b1}}),
          .c(b[WIDTH-1:1]),
          .d({(WIDTH - 1) {1'b1}}),
          .carry({a[0], b[0]}),
          .sum(sum[WIDTH-1:1])
      );
      logic unused;
      assign sum[0] = a[0] ^ b[0];
      assign unused = &{1'b0, carry};
    end else begin : gen_sum
      carry_chain #(
          .WIDTH(WIDTH),
          .TABLE(16'h7888)
      ) chain (
          .a(a),
          .b({WIDTH{1'b1}}),
          .c(b),
          .d({WIDTH{1'b1}}),
          .carry({CARRY, carry}),
          .sum(sum)
      );
    end
  endgenerate
endmodule
