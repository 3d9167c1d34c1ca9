// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Control of a free-running pipeline: BEATS beats give one result, STAGES clocks after the last of them, for which a
// place in the output FIFO was reserved when that beat was taken.
//
// One beat a clock. `in_ready` depends on registers alone: a missing place holds up a result's last beat, none before
// it. `valid` and `first` go along with the datapath, which is the user's. See pipeline.py for the FIFO's own latency.
//
// It does NOT stall: `result` is looked at in the one clock in which it must be there.
module credit_pipeline #(
    parameter int BEATS = 1,  // of a result
    parameter int STAGES = 1,  // clocks from a result's last beat to `result`
    parameter int WIDTH = 8,  // bits of a result
    parameter int DEPTH = 1,  // of the output FIFO
    parameter bit LUT_RAM = 1'b1  // whether the FIFO may be in LUT RAM: see credit_fifo
) (
    input  logic             clk,
    input  logic             rst,       // synchronous; resets control only
    input  logic             in_valid,
    output logic             in_ready,
    output logic [ STAGES:0] valid,     // bit i: whether a beat was taken i clocks ago
    output logic [ STAGES:0] first,     // bit i: whether it was the first one of its result
    input  logic [WIDTH-1:0] result,    // of the beats up to the one that was taken STAGES clocks ago
    output logic             out_valid,
    input  logic             out_ready,
    output logic [WIDTH-1:0] out_data
);
  generate
    if (STAGES < 1) begin : gen_bad_stages
      $error("credit_pipeline: STAGES must be at least 1");
    end
  endgenerate

  // Only a result's last beat needs a place.
  logic last;
  logic free;
  assign in_ready = !last || free;

  group_position #(
      .BEATS(BEATS)
  ) position (
      .clk(clk),
      .rst(rst),
      .taken(valid[0]),
      .first(first[0]),
      .last(last)
  );

  logic [STAGES:0] complete;  // bit i: whether a result's last beat was taken i clocks ago
  assign valid[0] = in_valid && in_ready;
  assign complete[0] = valid[0] && last;
  always_ff @(posedge clk) begin
    if (rst) begin
      valid[STAGES:1] <= '0;
      complete[STAGES:1] <= '0;
    end else begin
      valid[STAGES:1] <= valid[STAGES-1:0];
      complete[STAGES:1] <= complete[STAGES-1:0];
    end
  end
  always_ff @(posedge clk) first[STAGES:1] <= first[STAGES-1:0];

  credit_fifo #(
      .WIDTH(WIDTH),
      .DEPTH(DEPTH),
      .LUT_RAM(LUT_RAM)
  ) fifo (
      .clk(clk),
      .rst(rst),
      .free(free),
      .take(complete[0]),
      .push(complete[STAGES]),
      .push_data(result),
      .out_valid(out_valid),
      .out_ready(out_ready),
      .out_data(out_data)
  );
endmodule
