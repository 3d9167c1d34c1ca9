// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// LANES elements a beat from one fixed-point type to another, as assignments between ap_fixed variables do it: rounding,
// then overflow.
//
// Latency STAGES: one register behind both, or with 2 one between rounding and overflow as well, which long carry chains
// need. A beat a clock. It does NOT cut `ready`, which follows out_ready combinationally.

module cast #(
    parameter int LANES = 1,  // elements a beat
    parameter int IN_WIDTH = 8,  // bits of an element
    parameter bit IN_SIGNED = 1'b1,  // whether it is in two's complement
    parameter int SHIFT = 0,  // its fraction bits minus those of the result; may be negative
    parameter logic [87:0] ROUNDING = "TRN",  // TRN, TRN_ZERO, RND, RND_ZERO, RND_INF, RND_MIN_INF or RND_CONV
    parameter int OUT_WIDTH = 8,  // bits of a result
    parameter bit OUT_SIGNED = 1'b1,  // whether it is in two's complement
    parameter logic [63:0] OVERFLOW = "WRAP",  // WRAP, SAT, SAT_ZERO or SAT_SYM
    parameter int STAGES = 1  // register stages, 1 or 2
) (
    input logic clk,
    input logic rst,  // synchronous; resets control only
    input logic in_valid,
    output logic in_ready,
    input logic [LANES*IN_WIDTH-1:0] in_data,  // elements, the first in the least significant bits
    output logic out_valid,
    input logic out_ready,
    output logic [LANES*OUT_WIDTH-1:0] out_data  // results, likewise
);
  logic [STAGES-1:0] enable;

  generate
    if (LANES < 1 || IN_WIDTH < 1 || OUT_WIDTH < 1) begin : gen_bad_size
      $error("cast: LANES, IN_WIDTH and OUT_WIDTH must be at least 1");
    end
    if (STAGES != 1 && STAGES != 2) begin : gen_bad_stages
      $error("cast: STAGES must be 1 or 2");
    end
  endgenerate

  elastic #(
      .STAGES(STAGES)
  ) control (
      .clk(clk),
      .rst(rst),
      .in_valid(in_valid),
      .in_ready(in_ready),
      .out_valid(out_valid),
      .out_ready(out_ready),
      .enable(enable)
  );

  for (genvar lane = 0; lane < LANES; lane++) begin : gen_lane
    cast_value #(
        .IN_WIDTH(IN_WIDTH),
        .IN_SIGNED(IN_SIGNED),
        .SHIFT(SHIFT),
        .ROUNDING(ROUNDING),
        .OUT_WIDTH(OUT_WIDTH),
        .OUT_SIGNED(OUT_SIGNED),
        .OVERFLOW(OVERFLOW),
        .STAGES(STAGES)
    ) cast (
        .clk(clk),
        .enable(enable),
        .value(in_data[lane*IN_WIDTH+:IN_WIDTH]),
        .result(out_data[lane*OUT_WIDTH+:OUT_WIDTH])
    );
  end
endmodule
