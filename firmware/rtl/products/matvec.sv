// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A constant matrix times a vector, folded on PE x SIMD multipliers: SF beats of SIMD elements give one beat of PE sums,
// NF times for every vector, whose beats therefore come NF times. Every product is cast to the step of the result; sums
// begin with the bias.
//
//     beat -> weights (memory) -> multipliers -> [cast] -> adder tree over SIMD -> total over SF beats -> FIFO
//
// One beat a clock, free-running behind a credit: a result reaches the output FIFO 4 + clog2(SIMD) clocks after its last
// beat, one more where the cast of a product takes work, one more unless SF = 1 and there is neither bias nor PACK.
//
// Sums are taken modulo 2**OUT_WIDTH, in any order, which is right wherever none can overflow, and where overflow wraps.
// Where a total may saturate on the way, OVERFLOW says how; then SIMD must be 1.
//
// It does NOT replay vectors (replay_buffer), and does not gather windows (line_buffer, window_shift).
module matvec #(
    parameter int PE = 1,  // results in a beat
    parameter int SIMD = 1,  // elements in a beat
    parameter int SF = 1,  // beats of a vector
    parameter int NF = 1,  // times a vector comes: groups of PE results
    parameter int IN_WIDTH = 8,  // bits of an element
    parameter bit IN_SIGNED = 1'b1,  // whether elements are in two's complement
    parameter int WEIGHT_WIDTH = 8,  // bits of a weight
    parameter bit WEIGHT_SIGNED = 1'b1,  // whether weights are in two's complement
    parameter int SHIFT = 0,  // fraction bits of a product minus those of the result; above -OUT_WIDTH
    parameter logic [87:0] ROUNDING = "TRN",  // of products, if SHIFT is positive
    parameter int TERM_WIDTH = 16,  // bits that hold every product, rounded, in two's complement; see matvec_products
    parameter int OUT_WIDTH = 16,  // bits of a result
    parameter bit OUT_SIGNED = 1'b1,  // whether results are in two's complement
    parameter logic [63:0] OVERFLOW = "WRAP",  // WRAP, or how every product and total is confined
    parameter WEIGHTS = "",  // file: NF * SF words of PE x SIMD weights, the elements' index running fastest
    parameter bit WEIGHTS_BLOCK = 1'b1,  // whether they lie in block RAM, or else in LUTs
    parameter int WEIGHTS_ROW = 1,  // words a line of that file: see sequence_rom
    parameter BIAS = "",  // file: NF words of PE biases of the result's type; none if empty
    parameter int BIAS_WIDTH = 1,  // bits of a bias, signed as the result is
    parameter bit BIAS_BLOCK = 1'b0,  // whether they lie in block RAM
    parameter int PACK = 0,  // bits from one weight to the next of two that share a DSP block; 0 if none do
    parameter int DSPS = 0,  // DSP blocks to use
    parameter int DEPTH = 1,  // of the output FIFO
    parameter bit LUT_RAM = 1'b1  // whether the FIFO may be in LUT RAM: see credit_fifo
) (
    input  logic                     clk,
    input  logic                     rst,  // synchronous; resets control only
    input  logic                     in_valid,
    output logic                     in_ready,
    input  logic [SIMD*IN_WIDTH-1:0] in_data,
    output logic                     out_valid,
    input  logic                     out_ready,
    output logic [ PE*OUT_WIDTH-1:0] out_data
);
  localparam bit Confined = OVERFLOW != "WRAP";
  localparam bit CastWorks = (SHIFT > 0 && ROUNDING != "TRN") || Confined;
  localparam bit Totals = SF > 1 || BIAS != "" || PACK != 0 || Confined;
  localparam int Terms = 4 + (CastWorks ? 1 : 0);  // clocks from a beat taken to its terms
  localparam int Sums = Terms + $clog2(SIMD);  // to the sums of its terms
  localparam int Pushed = Sums + (Totals ? 1 : 0);  // to the result

  // Bits of the result below the products' last one: only a bias reaches them.
  localparam int Below = SHIFT < 0 && !Confined ? -SHIFT : 0;
  localparam int SumWidth = OUT_WIDTH - Below;

  generate
    if (PE < 1 || SIMD < 1 || SF < 1 || NF < 1) begin : gen_bad_size
      $error("matvec: PE, SIMD, SF and NF must be at least 1");
    end
    if (Confined && SIMD > 1) begin : gen_bad_order
      $error("matvec: SIMD must be 1 where OVERFLOW is not WRAP");
    end
    if (Confined && TERM_WIDTH != OUT_WIDTH) begin : gen_bad_term
      $error("matvec: TERM_WIDTH must be OUT_WIDTH where OVERFLOW is not WRAP");
    end
    if (SumWidth < 1) begin : gen_bad_shift
      $error("matvec: SHIFT must be above -OUT_WIDTH");
    end
  endgenerate

  // Bit i: of what was taken i clocks ago. Not every bit is looked at.
  logic [Pushed:0] valid;
  logic [Pushed:0] first;
  logic [PE*OUT_WIDTH-1:0] results;
  logic unused;
  assign unused = &{1'b0, valid, first};

  credit_pipeline #(
      .BEATS (SF),
      .STAGES(Pushed),
      .WIDTH (PE * OUT_WIDTH),
      .DEPTH (DEPTH),
      .LUT_RAM(LUT_RAM)
  ) control (
      .clk(clk),
      .rst(rst),
      .in_valid(in_valid),
      .in_ready(in_ready),
      .valid(valid),
      .first(first),
      .result(results),
      .out_valid(out_valid),
      .out_ready(out_ready),
      .out_data(out_data)
  );

  logic [PE*SIMD*WEIGHT_WIDTH-1:0] weights;
  logic [SIMD*IN_WIDTH-1:0] data;
  sequence_rom #(
      .WIDTH(PE * SIMD * WEIGHT_WIDTH),
      .DEPTH(SF * NF),
      .BLOCK(WEIGHTS_BLOCK),
      .ROW  (WEIGHTS_ROW),
      .FILE (WEIGHTS)
  ) weight_rom (
      .clk (clk),
      .rst (rst),
      .step(valid[0]),
      .data(weights)
  );
  always_ff @(posedge clk) data <= in_data;

  logic [PE*SIMD*TERM_WIDTH-1:0] terms;
  logic [PE*SIMD-1:0] carries;
  matvec_products #(
      .PE(PE),
      .SIMD(SIMD),
      .IN_WIDTH(IN_WIDTH),
      .IN_SIGNED(IN_SIGNED),
      .WEIGHT_WIDTH(WEIGHT_WIDTH),
      .WEIGHT_SIGNED(WEIGHT_SIGNED),
      .SHIFT(SHIFT),
      .ROUNDING(ROUNDING),
      .TERM_WIDTH(TERM_WIDTH),
      .OUT_SIGNED(OUT_SIGNED),
      .OVERFLOW(OVERFLOW),
      .CAST_WORKS(CastWorks),
      .PACK(PACK),
      .DSPS(DSPS)
  ) multiply (
      .clk(clk),
      .elements(data),
      .weights(weights),
      .terms(terms),
      .carries(carries)
  );

  // A group's bias comes with its first sum.
  logic [PE*BIAS_WIDTH-1:0] bias;
  generate
    if (BIAS == "") begin : gen_no_bias
      assign bias = '0;
    end else begin : gen_bias
      sequence_rom #(
          .WIDTH(PE * BIAS_WIDTH),
          .DEPTH(NF),
          .BLOCK(BIAS_BLOCK),
          .FILE (BIAS)
      ) bias_rom (
          .clk (clk),
          .rst (rst),
          .step(valid[Sums-1] && first[Sums-1]),
          .data(bias)
      );
    end
  endgenerate

  generate
    for (genvar row = 0; row < PE; row++) begin : gen_total
      logic [OUT_WIDTH-1:0] start;
      logic [SumWidth-1:0] sum;
      logic carry;
      assign start = OUT_SIGNED ? OUT_WIDTH'($signed(bias[row*BIAS_WIDTH+:BIAS_WIDTH]))
                                : OUT_WIDTH'(bias[row*BIAS_WIDTH+:BIAS_WIDTH]);

      if (Confined) begin : gen_confined
        // Two bits above the result's type hold any sum of two of its values.
        logic [OUT_WIDTH-1:0] so_far;
        logic [OUT_WIDTH+1:0] wide_so_far;
        logic [OUT_WIDTH+1:0] wide_term;
        logic [OUT_WIDTH-1:0] confined;
        logic unused_carry;
        assign unused_carry = &{1'b0, carry, carries[row]};
        assign sum = terms[row*TERM_WIDTH+:TERM_WIDTH];
        assign carry = 1'b0;
        assign so_far = first[Sums] ? start : results[row*OUT_WIDTH+:OUT_WIDTH];
        assign wide_so_far = OUT_SIGNED ? (OUT_WIDTH + 2)'($signed(so_far)) : (OUT_WIDTH + 2)'(so_far);
        assign wide_term = OUT_SIGNED ? (OUT_WIDTH + 2)'($signed(sum)) : (OUT_WIDTH + 2)'(sum);
        confine_value #(
            .IN_WIDTH(OUT_WIDTH + 2),
            .OUT_WIDTH(OUT_WIDTH),
            .OUT_SIGNED(OUT_SIGNED),
            .OVERFLOW(OVERFLOW)
        ) confine (
            .value(wide_so_far + wide_term),
            .confined(confined)
        );
        always_ff @(posedge clk) begin
          if (valid[Sums]) results[row*OUT_WIDTH+:OUT_WIDTH] <= confined;
        end
      end else begin : gen_wrapping
        // A row's products have carries if it is the upper one of two.
        adder_tree #(
            .TERMS(SIMD),
            .TERM_WIDTH(TERM_WIDTH),
            .SUM_WIDTH(SumWidth),
            .CARRIES(PACK != 0 && row % 2 == 1)
        ) add_up (
            .clk(clk),
            .terms(terms[row*SIMD*TERM_WIDTH+:SIMD*TERM_WIDTH]),
            .carries(carries[row*SIMD+:SIMD]),
            .sum(sum),
            .carry(carry)
        );
        if (Totals) begin : gen_running
          logic [SumWidth-1:0] total;
          adder_load #(
              .WIDTH(SumWidth)
          ) add (
              .load(first[Sums]),
              .start(start[OUT_WIDTH-1:Below]),
              .total(results[row*OUT_WIDTH+Below+:SumWidth]),
              .term(sum),
              .carry(carry),
              .sum(total)
          );
          always_ff @(posedge clk) begin
            if (valid[Sums]) results[row*OUT_WIDTH+Below+:SumWidth] <= total;
          end
          if (Below > 0) begin : gen_below
            always_ff @(posedge clk) begin
              if (valid[Sums] && first[Sums]) results[row*OUT_WIDTH+:Below] <= start[Below-1:0];
            end
          end
        end else begin : gen_sum
          logic unused_start;
          assign unused_start = &{1'b0, start, carry};
          assign results[row*OUT_WIDTH+:OUT_WIDTH] = OUT_WIDTH'(sum) << Below;
        end
      end
    end
  endgenerate
endmodule
