// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Maximum or sum over windows: COLUMNS beats of ROWS x LANES elements give one beat of LANES results. In a sum every
// element is first cast to the type of the result.
//
// One beat a clock, free-running behind a credit: a window's result reaches the output FIFO 1 + clog2(ROWS) clocks after
// its last beat, one more where the cast of a sum's elements takes work. See pool.py for the FIFO's own latency.
//
// What it does NOT do: gather windows (line_buffer, replay_buffer), divide a sum (divide), or saturate between the
// elements of one beat: with ROWS > 1, OVERFLOW must be WRAP, which is right whenever no partial sum can overflow.

module pool #(
    parameter int ROWS = 2,  // elements of a window in a beat
    parameter int COLUMNS = 2,  // beats of a window
    parameter int LANES = 1,  // windows side by side
    parameter bit MAXIMUM = 1'b1,  // 1: maximum; 0: sum
    parameter int IN_WIDTH = 8,  // bits of an element
    parameter bit IN_SIGNED = 1'b1,  // whether elements are in two's complement
    parameter int SHIFT = 0,  // sum: fraction bits of an element minus those of the result
    parameter logic [87:0] ROUNDING = "TRN",  // sum: the result's rounding mode
    parameter int OUT_WIDTH = 8,  // bits of a result; a maximum's type is the elements'
    parameter bit OUT_SIGNED = 1'b1,  // whether results are in two's complement
    parameter logic [63:0] OVERFLOW = "WRAP",  // sum: the result's overflow mode, where it can matter
    parameter int DEPTH = 17,  // of the output FIFO
    parameter logic [55:0] TARGET = "generic"  // generic, ecp5 or ice40
) (
    input  logic                           clk,
    input  logic                           rst,  // synchronous; resets control only
    input  logic                           in_valid,
    output logic                           in_ready,
    input  logic [ROWS*LANES*IN_WIDTH-1:0] in_data,  // a column: element of row r, lane l at position r * LANES + l
    output logic                           out_valid,
    input  logic                           out_ready,
    output logic [    LANES*OUT_WIDTH-1:0] out_data
);
  localparam bit CastWorks = !MAXIMUM && ((SHIFT > 0 && ROUNDING != "TRN") || OVERFLOW != "WRAP");
  localparam int Elements = ROWS * LANES;

  generate
    if (COLUMNS < 1) begin : gen_bad_columns
      $error("pool: COLUMNS must be at least 1");
    end
    if (MAXIMUM && (OUT_WIDTH != IN_WIDTH || OUT_SIGNED != IN_SIGNED)) begin : gen_bad_type
      $error("pool: a maximum has the type of the elements");
    end
  endgenerate

  // Only a window's last beat needs a place for its result.
  logic taken, first, last, free;
  assign taken = in_valid && in_ready;
  assign in_ready = !last || free;

  group_position #(
      .BEATS(COLUMNS)
  ) position (
      .clk(clk),
      .rst(rst),
      .taken(taken),
      .first(first),
      .last(last)
  );

  logic valid_1, first_1, last_1;
  logic [Elements*IN_WIDTH-1:0] data_1;
  always_ff @(posedge clk) begin
    if (rst) valid_1 <= 1'b0;
    else valid_1 <= taken;
  end
  always_ff @(posedge clk) begin
    first_1 <= first;
    last_1  <= last;
    data_1  <= in_data;
  end

  logic [Elements*OUT_WIDTH-1:0] cast_1;
  generate
    if (MAXIMUM) begin : gen_same_type
      assign cast_1 = data_1;
    end else begin : gen_cast
      for (genvar i = 0; i < Elements; i++) begin : gen_element
        cast_value #(
            .IN_WIDTH(IN_WIDTH),
            .IN_SIGNED(IN_SIGNED),
            .SHIFT(SHIFT),
            .ROUNDING(ROUNDING),
            .OUT_WIDTH(OUT_WIDTH),
            .OUT_SIGNED(OUT_SIGNED),
            .OVERFLOW(OVERFLOW)
        ) cast (
            .value (data_1[i*IN_WIDTH+:IN_WIDTH]),
            .result(cast_1[i*OUT_WIDTH+:OUT_WIDTH])
        );
      end
    end
  endgenerate

  logic valid_2, first_2, last_2;
  logic [Elements*OUT_WIDTH-1:0] data_2;
  generate
    if (CastWorks) begin : gen_register
      always_ff @(posedge clk) begin
        if (rst) valid_2 <= 1'b0;
        else valid_2 <= valid_1;
      end
      always_ff @(posedge clk) begin
        first_2 <= first_1;
        last_2  <= last_1;
        data_2  <= cast_1;
      end
    end else begin : gen_wires
      assign valid_2 = valid_1;
      assign first_2 = first_1;
      assign last_2  = last_1;
      assign data_2  = cast_1;
    end
  endgenerate

  logic push;
  logic [LANES*OUT_WIDTH-1:0] push_data;
  column_reduce #(
      .ROWS(ROWS),
      .LANES(LANES),
      .WIDTH(OUT_WIDTH),
      .SIGNED(OUT_SIGNED),
      .MAXIMUM(MAXIMUM),
      .OVERFLOW(OVERFLOW),
      .TARGET(TARGET)
  ) reduce (
      .clk(clk),
      .rst(rst),
      .in_valid(valid_2),
      .in_first(first_2),
      .in_last(last_2),
      .in_start({(LANES * OUT_WIDTH) {1'b0}}),
      .in_data(data_2),
      .out_valid(push),
      .out_data(push_data)
  );

  credit_fifo #(
      .WIDTH (LANES * OUT_WIDTH),
      .DEPTH (DEPTH),
      .TARGET(TARGET)
  ) fifo (
      .clk(clk),
      .rst(rst),
      .free(free),
      .take(taken && last),
      .push(push),
      .push_data(push_data),
      .out_valid(out_valid),
      .out_ready(out_ready),
      .out_data(out_data)
  );
endmodule
