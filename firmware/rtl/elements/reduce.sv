// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Maximum or sum of groups of BEATS * LANES elements: each cast to the accumulator's type, then a tree over the lanes,
// then beat after beat; every sum confined. With LANES = 1 that is one after the other, with BEATS = 1 hls4ml's tree:
// where sums saturate, only these two orders have a meaning outside.
//
// Latency: CAST_STAGES + $clog2(LANES) + 1 from a group's last beat. A beat a clock. It does NOT cut `ready`, which
// follows out_ready combinationally.

module reduce #(
    parameter int LANES = 1,  // elements a beat
    parameter int BEATS = 2,  // beats a group
    parameter int IN_WIDTH = 8,  // bits of an element
    parameter bit IN_SIGNED = 1'b1,  // whether it is in two's complement
    parameter int SHIFT = 0,  // its fraction bits minus those of the accumulator; may be negative
    parameter logic [87:0] ROUNDING = "TRN",  // TRN, TRN_ZERO, RND, RND_ZERO, RND_INF, RND_MIN_INF or RND_CONV
    parameter int OUT_WIDTH = 8,  // bits of the accumulator and of a result
    parameter bit OUT_SIGNED = 1'b1,  // whether they are in two's complement
    parameter logic [63:0] OVERFLOW = "WRAP",  // WRAP, SAT, SAT_ZERO or SAT_SYM
    parameter int CAST_STAGES = 0,  // registers of the cast: 0, 1 behind it, or 2 between rounding and overflow as well
    parameter logic [23:0] FUNCTION = "sum"  // sum or max
) (
    input logic clk,
    input logic rst,  // synchronous; resets control only
    input logic in_valid,
    output logic in_ready,
    input logic [LANES*IN_WIDTH-1:0] in_data,  // elements, the first in the least significant bits
    output logic out_valid,
    input logic out_ready,
    output logic [OUT_WIDTH-1:0] out_data  // result of a group
);
  localparam int Levels = $clog2(LANES);
  localparam int Stages = CAST_STAGES + Levels;
  localparam int LevelEnables = Levels > 0 ? Levels : 1;

  logic [(Stages>0?Stages:1)-1:0] enable;
  logic [LANES*OUT_WIDTH-1:0] terms;  // cast
  logic [OUT_WIDTH-1:0] beat;  // sum of a beat's terms
  logic beat_valid;
  logic beat_ready;
  logic last;  // of a group
  logic [OUT_WIDTH-1:0] total;  // of the group so far, this beat included

  generate
    if (LANES < 1 || BEATS < 1 || IN_WIDTH < 1 || OUT_WIDTH < 1) begin : gen_bad_size
      $error("reduce: LANES, BEATS, IN_WIDTH and OUT_WIDTH must be at least 1");
    end
    if (CAST_STAGES < 0 || CAST_STAGES > 2) begin : gen_bad_stages
      $error("reduce: CAST_STAGES must be 0 to 2");
    end

    if (Stages > 0) begin : gen_elastic
      elastic #(
          .STAGES(Stages)
      ) control (
          .clk(clk),
          .rst(rst),
          .in_valid(in_valid),
          .in_ready(in_ready),
          .out_valid(beat_valid),
          .out_ready(beat_ready),
          .enable(enable)
      );
    end else begin : gen_direct
      assign in_ready = beat_ready;
      assign beat_valid = in_valid;
      assign enable = 1'b0;
    end

    for (genvar lane = 0; lane < LANES; lane++) begin : gen_lane
      cast_value #(
          .IN_WIDTH(IN_WIDTH),
          .IN_SIGNED(IN_SIGNED),
          .SHIFT(SHIFT),
          .ROUNDING(ROUNDING),
          .OUT_WIDTH(OUT_WIDTH),
          .OUT_SIGNED(OUT_SIGNED),
          .OVERFLOW(OVERFLOW),
          .STAGES(CAST_STAGES)
      ) cast (
          .clk(clk),
          .enable(enable[(CAST_STAGES>0?CAST_STAGES:1)-1:0]),
          .value(in_data[lane*IN_WIDTH+:IN_WIDTH]),
          .result(terms[lane*OUT_WIDTH+:OUT_WIDTH])
      );
    end

    combine_tree #(
        .TERMS(LANES),
        .WIDTH(OUT_WIDTH),
        .SIGNED(OUT_SIGNED),
        .FUNCTION(FUNCTION),
        .OVERFLOW(OVERFLOW)
    ) tree (
        .clk(clk),
        .enable(enable[(Levels>0?CAST_STAGES : 0)+:LevelEnables]),
        .terms(terms),
        .result(beat)
    );

    if (BEATS > 1) begin : gen_accumulate
      logic first;
      logic [OUT_WIDTH-1:0] sum;  // of them
      logic [OUT_WIDTH-1:0] combined;

      group_position #(
          .BEATS(BEATS)
      ) position (
          .clk(clk),
          .rst(rst),
          .taken(beat_valid && beat_ready),
          .first(first),
          .last(last)
      );
      combine_value #(
          .WIDTH(OUT_WIDTH),
          .SIGNED(OUT_SIGNED),
          .FUNCTION(FUNCTION),
          .OVERFLOW(OVERFLOW)
      ) combine (
          .a(sum),
          .b(beat),
          .result(combined)
      );
      assign total = first ? beat : combined;

      always_ff @(posedge clk) if (beat_valid && beat_ready) sum <= total;
    end else begin : gen_whole
      assign last = 1'b1;
      assign total = beat;
    end
  endgenerate

  // Only the last beat of a group needs the result's register.
  assign beat_ready = !last || !out_valid || out_ready;

  always_ff @(posedge clk) begin
    if (rst) out_valid <= 1'b0;
    else if (!out_valid || out_ready) out_valid <= beat_valid && last;
    if (beat_valid && beat_ready && last) out_data <= total;
  end
endmodule
