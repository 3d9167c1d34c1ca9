// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Whole windows from their columns: of the last columns of a row of WIDTH columns, in registers, KERNEL_WIDTH that lie
// DILATION_WIDTH apart, given wherever a window with the stride ends.
//
// One column a clock; a window follows its last column by one clock. Rows follow each other without a gap and share
// nothing.
//
// What it does NOT do: padding (line_buffer), columns that arrive in slices (replay_buffer reorders those).

module window_shift #(
    parameter int COLUMN_WIDTH = 8,  // bits of a column
    parameter int WIDTH = 4,  // columns in a row
    parameter int KERNEL_WIDTH = 3,  // columns of a window
    parameter int STRIDE_WIDTH = 1,  // columns from one window to the next
    parameter int DILATION_WIDTH = 1  // columns from one of a window's to its next
) (
    input  logic clk,
    input  logic rst,  // synchronous; resets control only
    input  logic in_valid,
    output logic in_ready,
    input  logic [COLUMN_WIDTH-1:0] in_data,  // a column
    output logic out_valid,
    input  logic out_ready,
    output logic [KERNEL_WIDTH*COLUMN_WIDTH-1:0] out_data  // a window, its leftmost column first
);
  localparam int Span = (KERNEL_WIDTH - 1) * DILATION_WIDTH + 1;  // columns from a window's first to its last
  localparam int IndexWidth = $clog2(WIDTH + 1);
  localparam int WaitWidth = $clog2((Span > STRIDE_WIDTH ? Span : STRIDE_WIDTH) + 1);

  generate
    if (COLUMN_WIDTH < 1 || KERNEL_WIDTH < 1 || STRIDE_WIDTH < 1 || DILATION_WIDTH < 1) begin : gen_bad_size
      $error("window_shift: sizes and strides must be at least 1");
    end
    if (WIDTH < Span) begin : gen_bad_kernel
      $error("window_shift: KERNEL_WIDTH must not exceed WIDTH");
    end
  endgenerate

  logic [IndexWidth-1:0] index;    // of the next column in its row
  logic [WaitWidth-1:0]  waiting;  // columns until one that ends a window
  logic [Span*COLUMN_WIDTH-1:0] held, shifted;  // the columns of a window, and between them, the leftmost first

  wire step = in_valid && in_ready;
  wire last = index == IndexWidth'(WIDTH - 1);
  assign in_ready = !out_valid || out_ready;

  always_ff @(posedge clk) begin
    if (rst) begin
      index <= '0;
      waiting <= WaitWidth'(Span - 1);
    end else if (step) begin
      index <= last ? '0 : index + 1'b1;
      if (last) waiting <= WaitWidth'(Span - 1);
      else if (waiting == '0) waiting <= WaitWidth'(STRIDE_WIDTH - 1);
      else waiting <= waiting - 1'b1;
    end
  end

  always_ff @(posedge clk) begin
    if (rst) out_valid <= 1'b0;
    else if (in_ready) out_valid <= in_valid && (waiting == '0);
  end

  // The registers that hold the columns are the output: a window is never copied.
  for (genvar i = 0; i < KERNEL_WIDTH; i++) begin : gen_taken
    assign out_data[i*COLUMN_WIDTH+:COLUMN_WIDTH] = held[i*DILATION_WIDTH*COLUMN_WIDTH+:COLUMN_WIDTH];
  end
  generate
    if (Span == 1) begin : gen_one
      assign shifted = in_data;
    end else begin : gen_shift
      assign shifted = {in_data, held[Span*COLUMN_WIDTH-1:COLUMN_WIDTH]};
    end
  endgenerate
  always_ff @(posedge clk) if (step) held <= shifted;
endmodule
