// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Sums of products of two streams, folded on PE x SIMD multipliers: a beat of each is taken in the same cycle, SIMD
// elements of a row and as many of each of PE columns; SF of both give one beat of PE sums.
//
//     beats -> multipliers -> adder tree over SIMD -> total over SF beats -> FIFO
//
// One beat a clock, free-running behind a credit: a result reaches the output FIFO 4 + clog2(SIMD) clocks after its last
// beats, one more unless SF = 1. Sums are taken modulo 2**OUT_WIDTH: that holds all of them.
//
// It does NOT replay rows and columns (replay_buffer), and does NOT cut `ready` of the others: in0_ready follows
// in1_valid combinationally.
module matmul #(
    parameter int PE = 1,  // columns in a beat: sums in a beat of the result
    parameter int SIMD = 1,  // elements of a row, and of each column, in a beat
    parameter int SF = 1,  // beats of a row
    parameter int A_WIDTH = 8,  // bits of a row's element
    parameter bit A_SIGNED = 1'b1,  // whether it is in two's complement
    parameter int B_WIDTH = 8,  // bits of a column's element
    parameter bit B_SIGNED = 1'b1,  // whether it is in two's complement
    parameter bit BY_COLUMN = 1'b1,  // whether elements of a column lie side by side in a beat, or those of a row of PE
    parameter int TERM_WIDTH = 16,  // bits that hold every product, in two's complement
    parameter int OUT_WIDTH = 16,  // bits of a sum
    parameter int DSPS = 0,  // DSP blocks to use
    parameter int DEPTH = 1,  // of the output FIFO
    parameter bit LUT_RAM = 1'b1  // whether the FIFO may be in LUT RAM: see credit_fifo
) (
    input  logic                       clk,
    input  logic                       rst,  // synchronous; resets control only
    input  logic                       in0_valid,
    output logic                       in0_ready,
    input  logic [   SIMD*A_WIDTH-1:0] in0_data,
    input  logic                       in1_valid,
    output logic                       in1_ready,
    input  logic [PE*SIMD*B_WIDTH-1:0] in1_data,
    output logic                       out_valid,
    input  logic                       out_ready,
    output logic [   PE*OUT_WIDTH-1:0] out_data
);
  localparam int Terms = 4;  // clocks from beats taken to their products
  localparam int Sums = Terms + $clog2(SIMD);  // to the sums of those
  localparam int Pushed = Sums + (SF > 1 ? 1 : 0);  // to the result

  generate
    if (PE < 1 || SIMD < 1 || SF < 1) begin : gen_bad_size
      $error("matmul: PE, SIMD and SF must be at least 1");
    end
  endgenerate

  // Bit i: of what was taken i clocks ago. Not every bit is looked at.
  logic [Pushed:0] valid;
  logic [Pushed:0] first;
  logic [PE*OUT_WIDTH-1:0] results;
  logic unused;
  assign unused = &{1'b0, valid, first};

  logic room;
  assign in0_ready = room && in1_valid;
  assign in1_ready = room && in0_valid;

  credit_pipeline #(
      .BEATS (SF),
      .STAGES(Pushed),
      .WIDTH (PE * OUT_WIDTH),
      .DEPTH (DEPTH),
      .LUT_RAM(LUT_RAM)
  ) control (
      .clk(clk),
      .rst(rst),
      .in_valid(in0_valid && in1_valid),
      .in_ready(room),
      .valid(valid),
      .first(first),
      .result(results),
      .out_valid(out_valid),
      .out_ready(out_ready),
      .out_data(out_data)
  );

  logic [SIMD*A_WIDTH-1:0] row;
  logic [PE*SIMD*B_WIDTH-1:0] columns;  // column by column
  always_ff @(posedge clk) row <= in0_data;
  generate
    for (genvar column = 0; column < PE; column++) begin : gen_column
      for (genvar lane = 0; lane < SIMD; lane++) begin : gen_lane
        localparam int From = BY_COLUMN ? column * SIMD + lane : lane * PE + column;
        always_ff @(posedge clk) columns[(column*SIMD+lane)*B_WIDTH+:B_WIDTH] <= in1_data[From*B_WIDTH+:B_WIDTH];
      end
    end
  endgenerate

  logic [PE*SIMD*TERM_WIDTH-1:0] terms;
  logic [PE*SIMD-1:0] carries;
  matvec_products #(
      .PE(PE),
      .SIMD(SIMD),
      .IN_WIDTH(A_WIDTH),
      .IN_SIGNED(A_SIGNED),
      .WEIGHT_WIDTH(B_WIDTH),
      .WEIGHT_SIGNED(B_SIGNED),
      .TERM_WIDTH(TERM_WIDTH),
      .DSPS(DSPS)
  ) multiply (
      .clk(clk),
      .elements(row),
      .weights(columns),
      .terms(terms),
      .carries(carries)
  );

  generate
    for (genvar column = 0; column < PE; column++) begin : gen_total
      logic [OUT_WIDTH-1:0] sum;
      logic carry;
      adder_tree #(
          .TERMS(SIMD),
          .TERM_WIDTH(TERM_WIDTH),
          .SUM_WIDTH(OUT_WIDTH)
      ) add_up (
          .clk(clk),
          .terms(terms[column*SIMD*TERM_WIDTH+:SIMD*TERM_WIDTH]),
          .carries(carries[column*SIMD+:SIMD]),
          .sum(sum),
          .carry(carry)
      );
      if (SF > 1) begin : gen_running
        logic [OUT_WIDTH-1:0] total;
        adder_load #(
            .WIDTH(OUT_WIDTH)
        ) add (
            .load(first[Sums]),
            .start({OUT_WIDTH{1'b0}}),
            .total(results[column*OUT_WIDTH+:OUT_WIDTH]),
            .term(sum),
            .carry(carry),
            .sum(total)
        );
        always_ff @(posedge clk) begin
          if (valid[Sums]) results[column*OUT_WIDTH+:OUT_WIDTH] <= total;
        end
      end else begin : gen_sum
        logic unused_carry;
        assign unused_carry = &{1'b0, carry};
        assign results[column*OUT_WIDTH+:OUT_WIDTH] = sum;
      end
    end
  endgenerate
endmodule
