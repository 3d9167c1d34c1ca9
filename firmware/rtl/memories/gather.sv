// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Rows of a constant table, each at an index: a row is WORDS beats, for which its index comes as often.
//
// The row is the index rounded down; before the first it is the first, beyond the last the last. Latency 3, one more
// with BLOCK; a beat a clock. It does NOT repeat the indices (replay_buffer), and does NOT cut `ready`, which follows
// out_ready combinationally.
module gather #(
    parameter int IN_WIDTH = 8,  // bits of an index
    parameter bit IN_SIGNED = 1'b0,  // whether it is in two's complement
    parameter int SHIFT = 0,  // its fraction bits
    parameter int ROWS = 16,  // of the table
    parameter int WORDS = 1,  // beats of a row
    parameter int WIDTH = 8,  // bits of a beat
    parameter FILE = "",  // the beats, for $readmemh: 2 ** clog2(WORDS) words a row, of which WORDS are read
    parameter bit BLOCK = 1'b1  // whether the table is in block RAM, or else logic
) (
    input  logic                clk,
    input  logic                rst,        // synchronous; resets control only
    input  logic                in_valid,
    output logic                in_ready,
    input  logic [IN_WIDTH-1:0] in_data,
    output logic                out_valid,
    input  logic                out_ready,
    output logic [   WIDTH-1:0] out_data
);
  localparam int IndexStages = 2;  // of lookup_index
  localparam int Stages = IndexStages + (BLOCK ? 2 : 1);
  localparam int StepBits = $clog2(WORDS);
  localparam int RowBits = ROWS > 1 ? $clog2(ROWS) : 1;
  localparam int Depth = ROWS << StepBits;
  localparam int AddressBits = Depth > 1 ? $clog2(Depth) : 1;

  generate
    if (ROWS < 1 || WORDS < 1 || WIDTH < 1) begin : gen_illegal
      $error("gather: ROWS, WORDS and WIDTH must be at least 1");
    end
  endgenerate

  logic [Stages-1:0] enable;
  elastic #(
      .STAGES(Stages)
  ) control (
      .clk(clk),
      .rst(rst),
      .in_valid(in_valid),
      .in_ready(in_ready),
      .out_valid(out_valid),
      .out_ready(out_ready),
      .enable(enable)
  );

  logic [RowBits-1:0] row;
  lookup_index #(
      .WIDTH (IN_WIDTH),
      .SIGNED(IN_SIGNED),
      .SHIFT (SHIFT),
      .DEPTH (ROWS)
  ) where (
      .clk(clk),
      .enable(enable[IndexStages-1:0]),
      .value(in_data),
      .index(row)
  );

  logic [AddressBits-1:0] address;
  generate
    if (WORDS > 1) begin : gen_steps
      // Which beat of its row comes next, and that of the index in each stage.
      logic [StepBits-1:0] next;
      logic [StepBits-1:0] step[IndexStages];
      logic unused_row;
      always_ff @(posedge clk) begin
        if (rst) next <= '0;
        else if (in_valid && in_ready) next <= next == StepBits'(WORDS - 1) ? '0 : next + 1'b1;
        if (enable[0]) step[0] <= next;
        if (enable[1]) step[1] <= step[0];
      end
      assign unused_row = &{1'b0, row};
      assign address = AddressBits'({row, step[IndexStages-1]});
    end else begin : gen_whole
      logic unused_row;
      assign unused_row = &{1'b0, row};
      assign address = AddressBits'(row);
    end
  endgenerate

  logic [WIDTH-1:0] word;
  table_rom #(
      .WIDTH(WIDTH),
      .DEPTH(Depth),
      .BLOCK(BLOCK),
      .FILE (FILE)
  ) rom (
      .clk(clk),
      .enable(enable[IndexStages]),
      .address(address),
      .data(word)
  );
  generate
    if (BLOCK) begin : gen_register
      always_ff @(posedge clk) if (enable[Stages-1]) out_data <= word;
    end else begin : gen_through
      assign out_data = word;
    end
  endgenerate
endmodule
