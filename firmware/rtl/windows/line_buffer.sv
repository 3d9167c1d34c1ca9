// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Columns of image windows: keeps as many rows of an image as a window spans, less one, that arrives row by row, pixel by
// pixel, slice by slice (WORD_WIDTH bits: some of a pixel's channels), and gives for every word the column of
// KERNEL_HEIGHT words, DILATION_HEIGHT rows apart, that ends there, wherever that row is the last of a window. Inserts
// zero padding at all four edges.
//
// One word a clock, padding included: (PAD_TOP + HEIGHT + bottom) * (PAD_LEFT + WIDTH + PAD_RIGHT) * SLICES clocks an
// image, where `bottom` are the rows of PAD_BOTTOM that a window needs. An output beat follows its input by one clock.
// The next image may follow at once; padding above it is gone through while it is waited for, but gives nothing before
// it comes. Padding takes no input; rows that no window needs are taken and dropped.
//
// What it does NOT do: join columns to windows (window_shift), leave out columns (window_shift, replay_buffer). Columns
// are given for padding at the left and right too.
//
// The rows are one delay line of WIDTH * SLICES steps, as many words wide as rows are kept, that moves only at the columns
// of the image: what comes out, less the oldest word and with the word just arrived, goes in again.

module line_buffer #(
    parameter int WORD_WIDTH = 8,  // bits of a word, one slice of a pixel
    parameter int HEIGHT = 4,  // rows of the image
    parameter int WIDTH = 4,  // pixels in a row
    parameter int SLICES = 1,  // words in a pixel
    parameter int KERNEL_HEIGHT = 3,  // rows of a window
    parameter int STRIDE_HEIGHT = 1,  // rows from one window to the next
    parameter int DILATION_HEIGHT = 1,  // rows from one of a window's to its next
    parameter int PAD_TOP = 0,  // rows of zeros above the image
    parameter int PAD_BOTTOM = 0,  // and below it
    parameter int PAD_LEFT = 0,  // pixels of zeros before each row
    parameter int PAD_RIGHT = 0,  // and after it
    parameter logic [87:0] STYLE = "distributed"  // what rows lie in: block (RAM), distributed (LUT RAM) or registers
) (
    input  logic clk,
    input  logic rst,  // synchronous; resets control only
    input  logic in_valid,
    output logic in_ready,
    input  logic [WORD_WIDTH-1:0] in_data,  // a slice of a pixel
    output logic out_valid,
    input  logic out_ready,
    output logic [KERNEL_HEIGHT*WORD_WIDTH-1:0] out_data  // that slice of KERNEL_HEIGHT rows, the uppermost first
);
  localparam int PaddedHeight = PAD_TOP + HEIGHT + PAD_BOTTOM;
  localparam int Span = (KERNEL_HEIGHT - 1) * DILATION_HEIGHT + 1;  // rows from a window's first to its last
  localparam int LastNeeded = (PaddedHeight - Span) / STRIDE_HEIGHT * STRIDE_HEIGHT + Span;
  localparam int Rows = LastNeeded > PAD_TOP + HEIGHT ? LastNeeded : PAD_TOP + HEIGHT;
  localparam int Left = PAD_LEFT * SLICES;
  localparam int Line = WIDTH * SLICES;
  localparam int Words = Left + Line + PAD_RIGHT * SLICES;
  localparam int RowWidth = $clog2(Rows + 1);
  localparam int ColumnWidth = $clog2(Words + 1);
  localparam int WaitWidth = $clog2((Span > STRIDE_HEIGHT ? Span : STRIDE_HEIGHT) + 1);

  generate
    if (WORD_WIDTH < 1 || HEIGHT < 1 || WIDTH < 1 || SLICES < 1 || KERNEL_HEIGHT < 1 || STRIDE_HEIGHT < 1)
    begin : gen_bad_size
      $error("line_buffer: sizes and strides must be at least 1");
    end
    if (DILATION_HEIGHT < 1) begin : gen_bad_dilation
      $error("line_buffer: DILATION_HEIGHT must be at least 1");
    end
    if (PAD_TOP < 0 || PAD_BOTTOM < 0 || PAD_LEFT < 0 || PAD_RIGHT < 0) begin : gen_bad_padding
      $error("line_buffer: padding must not be negative");
    end
    if (PaddedHeight < Span) begin : gen_bad_kernel
      $error("line_buffer: KERNEL_HEIGHT must not exceed the height of the padded image");
    end
  endgenerate

  // Where the next word lies in the padded image.
  logic [RowWidth-1:0] row;
  logic [ColumnWidth-1:0] column;
  logic [WaitWidth-1:0] waiting;  // rows until one that ends a window
  logic last_row, last_column;  // they are the last ones
  logic pad_row, pad_column;  // it is padding
  logic ends_window;  // its row is the last of a window: waiting is 0
  logic begun;  // a pixel of the image has been offered

  wire pad = pad_row || pad_column;
  wire space = !ends_window || !out_valid || out_ready;
  // Windows of an image are not given before it comes, even if they begin with padding.
  wire step = space && (in_valid || (pad && (begun || !ends_window)));
  assign in_ready = space && !pad;

  always_ff @(posedge clk) begin
    if (rst) begin
      column <= '0;
      last_column <= Words == 1;
      pad_column <= PAD_LEFT > 0;
      begun <= 1'b0;
    end else if (step) begin
      column <= last_column ? '0 : column + 1'b1;
      last_column <= Words == 1 || (!last_column && column == ColumnWidth'(Words - 2));
      if (last_column) pad_column <= PAD_LEFT > 0;
      else if (PAD_LEFT > 0 && column == ColumnWidth'(Left - 1)) pad_column <= 1'b0;
      else if (column == ColumnWidth'(Left + Line - 1)) pad_column <= 1'b1;
      begun <= !(last_row && last_column) && (begun || in_valid);
    end
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      row <= '0;
      last_row <= Rows == 1;
      pad_row <= PAD_TOP > 0;
      waiting <= WaitWidth'(Span - 1);
      ends_window <= Span == 1;
    end else if (step && last_column) begin
      row <= last_row ? '0 : row + 1'b1;
      last_row <= Rows == 1 || (!last_row && row == RowWidth'(Rows - 2));
      if (last_row) pad_row <= PAD_TOP > 0;
      else if (PAD_TOP > 0 && row == RowWidth'(PAD_TOP - 1)) pad_row <= 1'b0;
      else if (row == RowWidth'(PAD_TOP + HEIGHT - 1)) pad_row <= 1'b1;
      if (last_row) begin
        waiting <= WaitWidth'(Span - 1);
        ends_window <= Span == 1;
      end else begin
        waiting <= ends_window ? WaitWidth'(STRIDE_HEIGHT - 1) : waiting - 1'b1;
        ends_window <= ends_window ? STRIDE_HEIGHT == 1 : waiting == WaitWidth'(1);
      end
    end
  end

  // The word that arrives, below those above it.
  wire [WORD_WIDTH-1:0] word = pad_row ? '0 : in_data;
  wire [Span*WORD_WIDTH-1:0] window_column;
  generate
    if (Span == 1) begin : gen_no_lines
      assign window_column = word;
    end else begin : gen_lines
      localparam int LinesWidth = (Span - 1) * WORD_WIDTH;
      logic [LinesWidth-1:0] above;  // the words above the next one: the delay line's output
      wire [LinesWidth-1:0] below = window_column[WORD_WIDTH+:LinesWidth];
      wire move = step && !pad_column;
      assign window_column = {word, above};

      if (Line == 1) begin : gen_one
        always_ff @(posedge clk) if (move) above <= below;
      end else if (Line == 2) begin : gen_two
        logic [LinesWidth-1:0] first;
        always_ff @(posedge clk) begin
          if (move) begin
            first <= below;
            above <= first;
          end
        end
      end else begin : gen_memory
        // Line steps = Line - 2 in the memory, one in its output register, one in a register behind that.
        // One word more than the steps in it: a clock never reads the word it writes.
        localparam int Depth = Line - 1;
        localparam int AddressWidth = $clog2(Depth);
        logic [AddressWidth-1:0] read_address, write_address;
        logic [LinesWidth-1:0] read;

        always_ff @(posedge clk) begin
          if (rst) begin
            read_address <= AddressWidth'(1);
            write_address <= '0;
          end else if (move) begin
            read_address <= read_address == AddressWidth'(Depth - 1) ? '0 : read_address + 1'b1;
            write_address <= read_address;
          end
        end
        always_ff @(posedge clk) if (move) above <= read;

        stream_ram #(
            .WIDTH(LinesWidth),
            .DEPTH(Depth),
            .STYLE(STYLE)
        ) lines (
            .clk(clk),
            .write(move),
            .write_address(write_address),
            .write_data(below),
            .read(move),
            .read_address(read_address),
            .read_data(read)
        );
      end
    end
  endgenerate

  // Of the rows that it spans, those of the window.
  wire [KERNEL_HEIGHT*WORD_WIDTH-1:0] taken;
  for (genvar i = 0; i < KERNEL_HEIGHT; i++) begin : gen_taken
    assign taken[i*WORD_WIDTH+:WORD_WIDTH] = window_column[i*DILATION_HEIGHT*WORD_WIDTH+:WORD_WIDTH];
  end

  always_ff @(posedge clk) begin
    if (rst) out_valid <= 1'b0;
    else if (step && ends_window) out_valid <= 1'b1;
    else if (out_ready) out_valid <= 1'b0;
  end
  always_ff @(posedge clk) begin
    if (step && ends_window) begin
      if (pad_column) out_data <= '0;
      else out_data <= taken;
    end
  end
endmodule
