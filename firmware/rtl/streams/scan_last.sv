// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Of a sequence of STEPS steps of BEATS beats, the last step's alone: a loop's result.
//
// Latency 1, a beat every clock cycle. The others are taken and dropped, also while a beat of the last one waits to be
// taken. Does NOT cut `ready`, which follows `out_ready` combinationally.
module scan_last #(
    parameter int WIDTH = 8,  // bits of a beat
    parameter int BEATS = 1,  // of a step
    parameter int STEPS = 2   // of a sequence
) (
    input  logic             clk,
    input  logic             rst,        // synchronous; resets control only
    input  logic             in_valid,
    output logic             in_ready,
    input  logic [WIDTH-1:0] in_data,
    output logic             out_valid,
    input  logic             out_ready,
    output logic [WIDTH-1:0] out_data
);
  logic last;
  logic unused_first;
  logic unused;
  wire  move = !out_valid || out_ready;
  wire  take = in_valid && in_ready;
  assign unused = &{1'b0, unused_first};

  assign in_ready = !last || move;

  step_position #(
      .BEATS(BEATS),
      .STEPS(STEPS)
  ) position (
      .clk  (clk),
      .rst  (rst),
      .taken(take),
      .first(unused_first),
      .last (last)
  );

  always_ff @(posedge clk) begin
    if (move) out_data <= in_data;
    if (rst) out_valid <= 1'b0;
    else if (move) out_valid <= take && last;
  end

endmodule
