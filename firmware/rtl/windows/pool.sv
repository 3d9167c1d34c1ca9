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
    parameter bit LUT_RAM = 1'b1  // whether the FIFO may be in LUT RAM: see credit_fifo
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
  localparam int Elements = ROWS * LANES;
  localparam int CastStages = !MAXIMUM && ((SHIFT > 0 && ROUNDING != "TRN") || OVERFLOW != "WRAP") ? 1 : 0;
  localparam int Stages = 1 + CastStages + $clog2(ROWS);  // from a beat taken to the sum or maximum up to it

  generate
    if (COLUMNS < 1) begin : gen_bad_columns
      $error("pool: COLUMNS must be at least 1");
    end
    if (MAXIMUM && (OUT_WIDTH != IN_WIDTH || OUT_SIGNED != IN_SIGNED)) begin : gen_bad_type
      $error("pool: a maximum has the type of the elements");
    end
  endgenerate

  // Bit i: of what was taken i clocks ago. Not every bit is looked at.
  logic [Stages:0] valid, first;
  logic [LANES*OUT_WIDTH-1:0] result;
  logic unused;
  assign unused = &{1'b0, valid, first};

  credit_pipeline #(
      .BEATS (COLUMNS),
      .STAGES(Stages),
      .WIDTH (LANES * OUT_WIDTH),
      .DEPTH (DEPTH),
      .LUT_RAM(LUT_RAM)
  ) control (
      .clk(clk),
      .rst(rst),
      .in_valid(in_valid),
      .in_ready(in_ready),
      .valid(valid),
      .first(first),
      .result(result),
      .out_valid(out_valid),
      .out_ready(out_ready),
      .out_data(out_data)
  );

  logic [Elements*IN_WIDTH-1:0] data;
  always_ff @(posedge clk) data <= in_data;

  logic [Elements*OUT_WIDTH-1:0] terms;
  generate
    if (MAXIMUM) begin : gen_same_type
      assign terms = data;
    end else begin : gen_cast
      for (genvar i = 0; i < Elements; i++) begin : gen_element
        cast_value #(
            .IN_WIDTH(IN_WIDTH),
            .IN_SIGNED(IN_SIGNED),
            .SHIFT(SHIFT),
            .ROUNDING(ROUNDING),
            .OUT_WIDTH(OUT_WIDTH),
            .OUT_SIGNED(OUT_SIGNED),
            .OVERFLOW(OVERFLOW),
            .STAGES(CastStages)
        ) cast (
            .clk(clk),
            .enable(1'b1),
            .value(data[i*IN_WIDTH+:IN_WIDTH]),
            .result(terms[i*OUT_WIDTH+:OUT_WIDTH])
        );
      end
    end
  endgenerate

  column_reduce #(
      .ROWS(ROWS),
      .LANES(LANES),
      .WIDTH(OUT_WIDTH),
      .SIGNED(OUT_SIGNED),
      .MAXIMUM(MAXIMUM),
      .OVERFLOW(OVERFLOW)
  ) reduce (
      .clk(clk),
      .in_data(terms),
      .valid(valid[Stages]),
      .first(first[Stages]),
      .start({(LANES * OUT_WIDTH) {1'b0}}),
      .result(result)
  );
endmodule
