// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Products with weights, one column of weights a channel, summed over windows: COLUMNS beats of ROWS x LANES elements
// give one beat of LANES sums. Every product is cast to the type of the result, then added to those before it; the
// first one to the bias. With ROWS = COLUMNS = 1 it is a scale and an offset a channel (batch normalization).
//
// One beat a clock, free-running behind a credit: a window's result reaches the output FIFO 4 + clog2(ROWS) clocks after
// its last beat, one more where the cast of a product takes work. See depthwise.py for the FIFO's own latency.
//
// What it does NOT do: gather windows (line_buffer, replay_buffer), sum over channels (matvec), or saturate between the
// elements of one beat: with ROWS > 1, OVERFLOW must be WRAP, which is right whenever no partial sum can overflow.

module depthwise #(
    parameter int ROWS = 3,  // elements of a window in a beat
    parameter int COLUMNS = 3,  // beats of a window
    parameter int LANES = 1,  // channels side by side
    parameter int SLICES = 1,  // groups of LANES channels that follow each other
    parameter int IN_WIDTH = 8,  // bits of an element
    parameter bit IN_SIGNED = 1'b1,  // whether elements are in two's complement
    parameter int WEIGHT_WIDTH = 8,  // bits of a weight
    parameter bit WEIGHT_SIGNED = 1'b1,  // whether weights are in two's complement
    parameter int SHIFT = 0,  // fraction bits of a product minus those of the result
    parameter logic [87:0] ROUNDING = "TRN",  // the result's rounding mode
    parameter int OUT_WIDTH = 16,  // bits of a result
    parameter bit OUT_SIGNED = 1'b1,  // whether results are in two's complement
    parameter logic [63:0] OVERFLOW = "WRAP",  // the result's overflow mode, where it can matter
    parameter WEIGHTS = "weights.mem",  // file: SLICES * COLUMNS words of weights, ordered as the elements of a beat are
    parameter bit WEIGHTS_BLOCK = 1'b0,  // whether they lie in block RAM, or else in LUTs
    parameter BIAS = "",  // file: SLICES words of LANES results; none if empty
    parameter bit BIAS_BLOCK = 1'b0,  // as for weights
    parameter int DSPS = 0,  // how many multipliers sit in DSP blocks
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
  localparam int ProductWidth = IN_WIDTH + WEIGHT_WIDTH;
  localparam int CastStages = (SHIFT > 0 && ROUNDING != "TRN") || OVERFLOW != "WRAP" ? 1 : 0;
  localparam int Stages = 4 + CastStages + $clog2(ROWS);  // from a beat taken to the sum up to it

  generate
    if (ROWS < 1 || COLUMNS < 1 || LANES < 1 || SLICES < 1) begin : gen_bad_size
      $error("depthwise: ROWS, COLUMNS, LANES and SLICES must be at least 1");
    end
    if (DSPS < 0 || DSPS > ROWS * LANES) begin : gen_bad_dsps
      $error("depthwise: DSPS must be 0 to ROWS * LANES");
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

  logic [Elements*WEIGHT_WIDTH-1:0] weights;
  logic [Elements*IN_WIDTH-1:0] data;
  always_ff @(posedge clk) data <= in_data;
  sequence_rom #(
      .WIDTH(Elements * WEIGHT_WIDTH),
      .DEPTH(SLICES * COLUMNS),
      .BLOCK(WEIGHTS_BLOCK),
      .FILE (WEIGHTS)
  ) weight_rom (
      .clk (clk),
      .rst (rst),
      .step(valid[0]),
      .data(weights)
  );

  logic [Elements*ProductWidth-1:0] products;
  logic [Elements*OUT_WIDTH-1:0] terms;
  generate
    for (genvar i = 0; i < Elements; i++) begin : gen_element
      multiplier #(
          .A_WIDTH(IN_WIDTH),
          .A_SIGNED(IN_SIGNED),
          .B_WIDTH(WEIGHT_WIDTH),
          .B_SIGNED(WEIGHT_SIGNED),
          .DSP(i < DSPS)
      ) multiply (
          .clk(clk),
          .a(data[i*IN_WIDTH+:IN_WIDTH]),
          .b(weights[i*WEIGHT_WIDTH+:WEIGHT_WIDTH]),
          .product(products[i*ProductWidth+:ProductWidth])
      );
      cast_value #(
          .IN_WIDTH(ProductWidth),
          .IN_SIGNED(IN_SIGNED || WEIGHT_SIGNED),
          .SHIFT(SHIFT),
          .ROUNDING(ROUNDING),
          .OUT_WIDTH(OUT_WIDTH),
          .OUT_SIGNED(OUT_SIGNED),
          .OVERFLOW(OVERFLOW),
          .STAGES(CastStages)
      ) cast (
          .clk(clk),
          .enable(1'b1),
          .value(products[i*ProductWidth+:ProductWidth]),
          .result(terms[i*OUT_WIDTH+:OUT_WIDTH])
      );
    end
  endgenerate

  // A window's bias comes with the sum of its first column.
  logic [LANES*OUT_WIDTH-1:0] start;
  generate
    if (BIAS == "") begin : gen_no_bias
      assign start = '0;
    end else begin : gen_bias
      sequence_rom #(
          .WIDTH(LANES * OUT_WIDTH),
          .DEPTH(SLICES),
          .BLOCK(BIAS_BLOCK),
          .FILE (BIAS)
      ) bias_rom (
          .clk (clk),
          .rst (rst),
          .step(valid[Stages-1] && first[Stages-1]),
          .data(start)
      );
    end
  endgenerate

  column_reduce #(
      .ROWS(ROWS),
      .LANES(LANES),
      .WIDTH(OUT_WIDTH),
      .SIGNED(OUT_SIGNED),
      .MAXIMUM(1'b0),
      .OVERFLOW(OVERFLOW)
  ) add_up (
      .clk(clk),
      .in_data(terms),
      .valid(valid[Stages]),
      .first(first[Stages]),
      .start(start),
      .result(result)
  );
endmodule
