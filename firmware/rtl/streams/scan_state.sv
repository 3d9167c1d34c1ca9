// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What is carried from one step of a loop to the next, BEATS beats a step: a stream that runs back.
//
// A sequence is STEPS steps. In the first one it gives the initial state, without waiting for anything; in the others
// what came in in the step before, first in, first out. What comes in in the last step is taken and dropped, so that
// the next sequence can begin while this one ends: `scan_last`, beside it, passes that on.
//
// With KEEP all sequences are one: only the first step after a reset is given the initial state, and nothing is dropped.
//
// Valid and ready are registers' (data is chosen behind them), so it cuts the loop. A beat that comes in is offered as
// stream_fifo offers it. Does NOT make room: DEPTH is to hold a whole state, or the loop may stop for ever.
module scan_state #(
    parameter int WIDTH = 8,  // bits of a beat
    parameter int BEATS = 1,  // of a state
    parameter int STEPS = 2,  // of a sequence
    parameter bit KEEP = 1'b0,  // whether a sequence begins where the one before it ended
    parameter int DEPTH = 2,  // beats of the FIFO
    parameter int BANK = 2048,  // words of a memory of block RAM: see stream_fifo
    parameter logic [87:0] STYLE = "distributed",  // what the FIFO is built of: see stream_fifo
    parameter int WORDS = 1,  // of the initial state: one for all beats, or BEATS
    parameter FILE = ""  // the initial state, for $readmemh; zeros if empty
) (
    input  logic             clk,
    input  logic             rst,        // synchronous
    input  logic             in_valid,
    output logic             in_ready,
    input  logic [WIDTH-1:0] in_data,    // the state after a step
    output logic             out_valid,
    input  logic             out_ready,
    output logic [WIDTH-1:0] out_data    // the state before one
);

  if (DEPTH < BEATS) begin : gen_bad_0
    $error("scan_state: DEPTH must be at least BEATS");
  end
  if (WORDS != 1 && WORDS != BEATS) begin : gen_bad_1
    $error("scan_state: WORDS must be 1 or BEATS");
  end

  // A position that stands still before the end of a sequence of two steps knows the first one alone.
  localparam int Steps = KEEP ? 2 : STEPS;
  logic             in_last;     // what comes in is of the last step
  logic             out_first;   // what goes out is of the first step
  logic             fifo_takes;
  logic             fifo_gives;
  logic [WIDTH-1:0] fifo_data;
  logic [WIDTH-1:0] initial_data;
  logic             unused_first;
  logic             unused_last;
  logic             unused;
  assign unused = &{1'b0, unused_first, unused_last};

  assign in_ready  = in_last || fifo_takes;
  assign out_valid = out_first || fifo_gives;
  assign out_data  = out_first ? initial_data : fifo_data;

  step_position #(
      .BEATS(BEATS),
      .STEPS(Steps)
  ) in_position (
      .clk  (clk),
      .rst  (rst),
      .taken(in_valid && in_ready && !KEEP),
      .first(unused_first),
      .last (in_last)
  );

  step_position #(
      .BEATS(BEATS),
      .STEPS(Steps)
  ) out_position (
      .clk  (clk),
      .rst  (rst),
      .taken(out_valid && out_ready && (!KEEP || out_first)),
      .first(out_first),
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
      .in_valid (in_valid && !in_last),
      .in_ready (fifo_takes),
      .in_data  (in_data),
      .out_valid(fifo_gives),
      .out_ready(out_ready && !out_first),
      .out_data (fifo_data)
  );

  if (FILE == "") begin : gen_zeros
    assign initial_data = '0;
  end else begin : gen_table
    localparam int AddressWidth = WORDS > 1 ? $clog2(WORDS) : 1;
    logic [AddressWidth-1:0] next;  // the word behind the one that is read
    wire                     read = rst || (out_first && out_ready);

    always_ff @(posedge clk) begin
      if (rst) next <= WORDS > 1 ? AddressWidth'(1) : '0;
      else if (read) next <= next == AddressWidth'(WORDS - 1) ? '0 : next + 1'b1;
    end

    table_rom #(
        .WIDTH(WIDTH),
        .DEPTH(WORDS),
        .BLOCK(1'b0),
        .FILE (FILE)
    ) rom (
        .clk    (clk),
        .enable (read),
        .address(rst ? '0 : next),
        .data   (initial_data)
    );
  end

endmodule
