// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Maximum or sum over windows that arrive column by column: ROWS elements of a column side by side are combined in a
// registered tree, then the columns of a window one after the other. LANES windows at once, side by side.
//
// Free-running: what a window has come to is there clog2(ROWS) clocks after each of its columns, for one clock, as it
// comes out of the last adder or comparator.
// It does NOT stall or buffer, register its result, or know which column is a window's last: see credit_pipeline.

module column_reduce #(
    parameter int ROWS = 3,  // elements of a column
    parameter int LANES = 1,  // windows side by side
    parameter int WIDTH = 8,  // bits of an element and of a result
    parameter bit SIGNED = 1'b1,  // whether they are in two's complement
    parameter bit MAXIMUM = 1'b0,  // 1: maximum; 0: sum, from a start value on
    parameter logic [63:0] OVERFLOW = "WRAP"  // of every sum: WRAP, SAT, SAT_ZERO or SAT_SYM; ROWS is 1 unless WRAP
) (
    input logic clk,
    input logic [ROWS*LANES*WIDTH-1:0] in_data,  // element of row r and lane l at position r * LANES + l
    input logic valid,  // a column came clog2(ROWS) clocks ago
    input logic first,  // it was the first one of its window
    input logic [LANES*WIDTH-1:0] start,  // where a sum starts; looked at with `first` only
    output logic [LANES*WIDTH-1:0] result  // of the window's columns up to that one
);
  localparam int Levels = $clog2(ROWS);
  localparam int Word = LANES * WIDTH;
  // Signed numbers compare as unsigned ones with the sign bit inverted, in one carry chain.
  localparam logic [WIDTH-1:0] Offset = SIGNED ? WIDTH'(1) << (WIDTH - 1) : '0;

  generate
    if (ROWS < 1 || LANES < 1 || WIDTH < 1) begin : gen_bad_size
      $error("column_reduce: ROWS, LANES and WIDTH must be at least 1");
    end
    if (OVERFLOW != "WRAP" && (ROWS > 1 || MAXIMUM)) begin : gen_bad_order
      $error("column_reduce: only sums of single rows can saturate on the way");
    end
  endgenerate

  // The tree: at every level, row i is rows 2i and 2i + 1 of the level before.
  generate
    genvar level, row, lane;
    for (level = 0; level <= Levels; level = level + 1) begin : gen_level
      localparam int Rows = (ROWS + (1 << level) - 1) >> level;
      logic [Rows*Word-1:0] node;

      if (level == 0) begin : gen_input
        assign node = in_data;
      end else begin : gen_combine
        localparam int Before = (ROWS + (1 << (level - 1)) - 1) >> (level - 1);
        for (row = 0; row < Rows; row = row + 1) begin : gen_row
          if (2 * row + 1 == Before) begin : gen_alone
            always_ff @(posedge clk) node[row*Word+:Word] <= gen_level[level-1].node[2*row*Word+:Word];
          end else begin : gen_pair
            for (lane = 0; lane < LANES; lane = lane + 1) begin : gen_lane
              logic [WIDTH-1:0] a, b;
              assign a = gen_level[level-1].node[(2*row*LANES+lane)*WIDTH+:WIDTH];
              assign b = gen_level[level-1].node[((2*row+1)*LANES+lane)*WIDTH+:WIDTH];
              if (MAXIMUM) begin : gen_maximum
                logic less;
                assign less = (a ^ Offset) < (b ^ Offset);
                always_ff @(posedge clk) node[(row*LANES+lane)*WIDTH+:WIDTH] <= less ? b : a;
              end else begin : gen_sum
                logic [WIDTH-1:0] both;
                adder #(
                    .WIDTH(WIDTH)
                ) add (
                    .a(a),
                    .b(b),
                    .carry(1'b0),
                    .sum(both)
                );
                always_ff @(posedge clk) node[(row*LANES+lane)*WIDTH+:WIDTH] <= both;
              end
            end
          end
        end
      end
    end
  endgenerate

  // The columns of a window, one after the other.
  generate
    for (lane = 0; lane < LANES; lane = lane + 1) begin : gen_window
      logic [WIDTH-1:0] element, total, next;
      assign element = gen_level[Levels].node[lane*WIDTH+:WIDTH];
      assign result[lane*WIDTH+:WIDTH] = next;
      always_ff @(posedge clk) if (valid) total <= next;

      if (MAXIMUM) begin : gen_maximum
        logic less;
        logic unused;
        assign unused = &{1'b0, start};
        assign less = (total ^ Offset) < (element ^ Offset);
        assign next = first || less ? element : total;
      end else begin : gen_sum
        if (OVERFLOW == "WRAP") begin : gen_wrap
          adder_load #(
              .WIDTH(WIDTH)
          ) add (
              .load(first),
              .start(start[lane*WIDTH+:WIDTH]),
              .total(total),
              .term(element),
              .carry(1'b0),
              .sum(next)
          );
        end else begin : gen_confined
          // Two bits more hold the sum of any two raws, signed or not, as a signed one.
          logic [WIDTH-1:0] addend;
          logic [WIDTH+1:0] sum;
          assign addend = first ? start[lane*WIDTH+:WIDTH] : total;
          if (SIGNED) begin : gen_signed
            assign sum = (WIDTH + 2)'($signed(addend)) + (WIDTH + 2)'($signed(element));
          end else begin : gen_unsigned
            assign sum = (WIDTH + 2)'(addend) + (WIDTH + 2)'(element);
          end
          confine_value #(
              .IN_WIDTH(WIDTH + 2),
              .OUT_WIDTH(WIDTH),
              .OUT_SIGNED(SIGNED),
              .OVERFLOW(OVERFLOW)
          ) confine (
              .value(sum),
              .confined(next)
          );
        end
      end
    end
  endgenerate
endmodule
