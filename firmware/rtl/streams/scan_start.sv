// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// scan_state for a loop whose initial state another stream brings: BEATS beats a step, STEPS steps a sequence.
//
// For each sequence the first BEATS beats into the FIFO are those that come in at `start`, the others what comes in
// at `in` after every step but the last: that one is taken and dropped. The next sequence's initial state is taken as
// soon as there is room for it.
//
// Valid and ready are registers', so it cuts the loop. Does NOT make room: DEPTH is to hold a whole state, or the loop
// may stop for ever.
module scan_start #(
    parameter int WIDTH = 8,  // bits of a beat
    parameter int BEATS = 1,  // of a state
    parameter int STEPS = 2,  // of a sequence
    parameter int DEPTH = 2,  // beats of the FIFO
    parameter int BANK = 2048,  // words of a memory of block RAM: see stream_fifo
    parameter logic [87:0] STYLE = "distributed"  // what the FIFO is built of: see stream_fifo
) (
    input  logic             clk,
    input  logic             rst,          // synchronous
    input  logic             in_valid,
    output logic             in_ready,
    input  logic [WIDTH-1:0] in_data,      // the state after a step
    input  logic             start_valid,
    output logic             start_ready,
    input  logic [WIDTH-1:0] start_data,   // the state before the first step
    output logic             out_valid,
    input  logic             out_ready,
    output logic [WIDTH-1:0] out_data      // the state before one
);

  if (DEPTH < BEATS) begin : gen_bad_0
    $error("scan_start: DEPTH must be at least BEATS");
  end

  logic in_last;  // what comes in is of the last step
  logic begins;   // what is put into the FIFO next is of the initial state
  logic fifo_takes;
  wire  put_valid = begins ? start_valid : in_valid && !in_last;
  logic unused_first;
  logic unused_last;
  logic unused;
  assign unused = &{1'b0, unused_first, unused_last};

  assign in_ready    = in_last || (!begins && fifo_takes);
  assign start_ready = begins && fifo_takes;

  step_position #(
      .BEATS(BEATS),
      .STEPS(STEPS)
  ) in_position (
      .clk  (clk),
      .rst  (rst),
      .taken(in_valid && in_ready),
      .first(unused_first),
      .last (in_last)
  );

  step_position #(
      .BEATS(BEATS),
      .STEPS(STEPS)
  ) put_position (
      .clk  (clk),
      .rst  (rst),
      .taken(put_valid && fifo_takes),
      .first(begins),
      .last (unused_last)
  );

  stream_fifo #(
      .WIDTH(WIDTH),
      .DEPTH(DEPTH),
      .BANK(BANK),
      .STYLE(STYLE)
  ) fifo (
      .clk      (clk),
      .rst      (rst),
      .in_valid (put_valid),
      .in_ready (fifo_takes),
      .in_data  (begins ? start_data : in_data),
      .out_valid(out_valid),
      .out_ready(out_ready),
      .out_data (out_data)
  );

endmodule
