// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Sum of TERMS signed integers, $clog2(TERMS) clocks later, one every clock; a register behind every level.
//
// Each level is one bit wider than the one before, up to SUM_WIDTH: the sum is right modulo 2**SUM_WIDTH. Every term may
// have a carry (a one to add), which costs no adder: there is one carry input for every term but the first, whose carry
// is handed on to whatever adder comes next. It does NOT stall, and has no reset.
module adder_tree #(
    parameter int TERMS = 4,  // integers; with one there is no register
    parameter int TERM_WIDTH = 8,  // bits of an integer, in two's complement
    parameter int SUM_WIDTH = 10,  // bits of the sum that are wanted
    parameter bit CARRIES = 1'b0  // whether carries count
) (
    input  logic                        clk,
    input  logic [TERMS*TERM_WIDTH-1:0] terms,
    input  logic [           TERMS-1:0] carries,
    output logic [       SUM_WIDTH-1:0] sum,      // without the first term's carry
    output logic                        carry     // the first term's, at the same time
);
  localparam int Levels = $clog2(TERMS);
  localparam int TopGrown = TERM_WIDTH + Levels;
  localparam int TopWidth = TopGrown < SUM_WIDTH ? TopGrown : SUM_WIDTH;

  generate
    if (TERMS < 1 || TERM_WIDTH < 1 || SUM_WIDTH < 1) begin : gen_illegal
      $error("adder_tree: TERMS, TERM_WIDTH and SUM_WIDTH must be at least 1");
    end

    for (genvar level = 0; level <= Levels; level++) begin : gen_level
      localparam int Sums = (TERMS + 2 ** level - 1) / 2 ** level;
      localparam int Grown = TERM_WIDTH + level;
      localparam int Width = Grown < SUM_WIDTH ? Grown : SUM_WIDTH;
      logic [Sums*Width-1:0] sums;
      logic [TERMS-1:0] left;  // carries yet to be added, each in its term's place
      logic unused;

      // The carry of a term is added where the sum it starts becomes a right operand.
      assign unused = &{1'b0, left, carries};

      if (level == 0) begin : gen_terms
        for (genvar i = 0; i < TERMS; i++) begin : gen_cut
          assign sums[i*Width+:Width] = terms[i*TERM_WIDTH+:Width];
        end
        if (Width < TERM_WIDTH) begin : gen_unused
          logic unused_terms;
          assign unused_terms = &{1'b0, terms};
        end
        assign left = CARRIES ? carries : '0;
      end else begin : gen_add
        localparam int BeforeGrown = TERM_WIDTH + level - 1;
        localparam int BeforeWidth = BeforeGrown < SUM_WIDTH ? BeforeGrown : SUM_WIDTH;
        localparam int Before = (TERMS + 2 ** (level - 1) - 1) / 2 ** (level - 1);

        always_ff @(posedge clk) left <= gen_level[level-1].left;

        for (genvar i = 0; i < Sums; i++) begin : gen_sum
          logic [Width-1:0] first;
          logic [Width-1:0] both;
          assign first = Width'($signed(gen_level[level-1].sums[2*i*BeforeWidth+:BeforeWidth]));
          if (2 * i + 1 < Before) begin : gen_pair
            logic [Width-1:0] second;
            assign second = Width'($signed(gen_level[level-1].sums[(2*i+1)*BeforeWidth+:BeforeWidth]));
            adder #(
                .WIDTH (Width),
                .CARRY (CARRIES)
            ) add (
                .a(first),
                .b(second),
                .carry(gen_level[level-1].left[(2*i+1)*2**(level-1)]),
                .sum(both)
            );
          end else begin : gen_odd
            assign both = first;
          end
          always_ff @(posedge clk) sums[i*Width+:Width] <= both;
        end
      end
    end

    assign sum = SUM_WIDTH'($signed(gen_level[Levels].sums[TopWidth-1:0]));
    assign carry = gen_level[Levels].left[0];

    if (Levels == 0) begin : gen_wires
      logic unused_clk;
      assign unused_clk = &{1'b0, clk};
    end
  endgenerate
endmodule
