// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Sum or maximum of TERMS raws in a tree of neighbours, a register behind every level, which loads by `enable`.
//
// An odd last one goes on to the next level, so that the tree splits at powers of two, as hls4ml's nnet::reduce does.
// Every sum on the way is confined. Latency $clog2(TERMS); it has NO control of its own: see elastic.

module combine_tree #(
    parameter int TERMS = 2,  // raws; with 1 there is no register
    parameter int WIDTH = 8,  // bits of the raws and of the result
    parameter bit SIGNED = 1'b1,  // whether they are in two's complement
    parameter logic [23:0] FUNCTION = "sum",  // sum or max
    parameter logic [63:0] OVERFLOW = "WRAP"  // of sums: WRAP, SAT, SAT_ZERO or SAT_SYM
) (
    input logic clk,
    input logic [(TERMS>1?$clog2(TERMS):1)-1:0] enable,  // which levels load
    input logic [TERMS*WIDTH-1:0] terms,  // raws, the first in the least significant bits
    output logic [WIDTH-1:0] result
);
  localparam int Levels = $clog2(TERMS);

  generate
    if (TERMS < 1 || WIDTH < 1) begin : gen_illegal
      $error("combine_tree: TERMS and WIDTH must be at least 1");
    end

    for (genvar level = 0; level <= Levels; level++) begin : gen_level
      localparam int Left = (TERMS + 2 ** level - 1) / 2 ** level;  // raws behind this level
      logic [Left*WIDTH-1:0] values;

      if (level == 0) begin : gen_terms
        assign values = terms;
      end else begin : gen_combine
        localparam int Before = (TERMS + 2 ** (level - 1) - 1) / 2 ** (level - 1);
        for (genvar i = 0; i < Left; i++) begin : gen_node
          logic [WIDTH-1:0] combined;
          if (2 * i + 1 < Before) begin : gen_both
            combine_value #(
                .WIDTH(WIDTH),
                .SIGNED(SIGNED),
                .FUNCTION(FUNCTION),
                .OVERFLOW(OVERFLOW)
            ) combine (
                .a(gen_level[level-1].values[2*i*WIDTH+:WIDTH]),
                .b(gen_level[level-1].values[(2*i+1)*WIDTH+:WIDTH]),
                .result(combined)
            );
          end else begin : gen_odd
            assign combined = gen_level[level-1].values[2*i*WIDTH+:WIDTH];
          end
          always_ff @(posedge clk) if (enable[level-1]) values[i*WIDTH+:WIDTH] <= combined;
        end
      end
    end
    assign result = gen_level[Levels].values;

    if (Levels == 0) begin : gen_unused
      logic unused;
      assign unused = &{1'b0, clk, enable};
    end
  endgenerate
endmodule
