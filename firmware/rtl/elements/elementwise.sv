// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Two streams element by element: add, subtract, multiply, maximum or minimum, binary points aligned, nothing lost.
// A beat of each is taken in the same cycle. A stream of a single lane serves all lanes of the other.
//
// Latency 1, a beat a clock. Products run through `multiplier`, which does not stall, into a FIFO: latency 3 and the
// FIFO's. It does NOT cut `ready` of the others: in0_ready follows in1_valid and out_ready combinationally.

module elementwise #(
    parameter int A_LANES = 1,  // elements a beat of in0
    parameter int A_WIDTH = 8,  // bits of such an element
    parameter bit A_SIGNED = 1'b1,  // whether it is in two's complement
    parameter int A_SHIFT = 0,  // zeros to append to it, to align its point; not for products
    parameter int B_LANES = 1,  // likewise for in1
    parameter int B_WIDTH = 8,
    parameter bit B_SIGNED = 1'b1,
    parameter int B_SHIFT = 0,
    parameter logic [63:0] FUNCTION = "add",  // add, subtract (in0 - in1), multiply, maximum or minimum
    parameter int OUT_WIDTH = 9,  // bits of a result: enough for all of them
    parameter bit LUT_RAM = 1'b1,  // whether the FIFO may be in LUT RAM: see credit_fifo
    parameter int DSPS = 0,  // how many of the multipliers sit in DSP blocks
    parameter int FIFO_DEPTH = 1  // places of the FIFO behind the multipliers
) (
    input logic clk,
    input logic rst,  // synchronous; resets control only
    input logic in0_valid,
    output logic in0_ready,
    input logic [A_LANES*A_WIDTH-1:0] in0_data,  // first operands, the first in the least significant bits
    input logic in1_valid,
    output logic in1_ready,
    input logic [B_LANES*B_WIDTH-1:0] in1_data,  // second operands, likewise
    output logic out_valid,
    input logic out_ready,
    output logic [(A_LANES>B_LANES?A_LANES:B_LANES)*OUT_WIDTH-1:0] out_data  // results, likewise
);
  localparam int Lanes = A_LANES > B_LANES ? A_LANES : B_LANES;

  logic both;  // a beat of each is offered
  logic room;  // and would be taken

  generate
    if (A_LANES < 1 || B_LANES < 1 || (A_LANES != B_LANES && A_LANES != 1 && B_LANES != 1)) begin : gen_bad_lanes
      $error("elementwise: A_LANES and B_LANES must be equal, or one of them 1");
    end
    if (A_WIDTH < 1 || B_WIDTH < 1 || OUT_WIDTH < 1 || A_SHIFT < 0 || B_SHIFT < 0) begin : gen_bad_width
      $error("elementwise: widths must be at least 1, shifts at least 0");
    end
  endgenerate

  assign both = in0_valid && in1_valid;
  assign in0_ready = room && in1_valid;
  assign in1_ready = room && in0_valid;

  generate
    if (FUNCTION == "multiply") begin : gen_multiply
      localparam int Width = A_WIDTH + B_WIDTH;
      localparam int Latency = 3;  // of `multiplier`

      logic [Latency:0] valid;
      logic [Latency:0] first;
      logic [Lanes*OUT_WIDTH-1:0] products;
      logic unused;
      assign unused = &{1'b0, valid, first};

      credit_pipeline #(
          .STAGES(Latency),
          .WIDTH(Lanes * OUT_WIDTH),
          .DEPTH(FIFO_DEPTH),
          .LUT_RAM(LUT_RAM)
      ) control (
          .clk(clk),
          .rst(rst),
          .in_valid(both),
          .in_ready(room),
          .valid(valid),
          .first(first),
          .result(products),
          .out_valid(out_valid),
          .out_ready(out_ready),
          .out_data(out_data)
      );

      for (genvar lane = 0; lane < Lanes; lane++) begin : gen_lane
        logic [Width-1:0] product;
        logic unused_top;

        multiplier #(
            .A_WIDTH(A_WIDTH),
            .A_SIGNED(A_SIGNED),
            .B_WIDTH(B_WIDTH),
            .B_SIGNED(B_SIGNED),
            .DSP(lane < DSPS)
        ) multiply (
            .clk(clk),
            .a(in0_data[(A_LANES==1?0 : lane)*A_WIDTH+:A_WIDTH]),
            .b(in1_data[(B_LANES==1?0 : lane)*B_WIDTH+:B_WIDTH]),
            .product(product)
        );
        // Of some products the sign bit follows from the rest, or is none.
        assign unused_top = &{1'b0, product};
        if (A_SIGNED || B_SIGNED) begin : gen_signed
          assign products[lane*OUT_WIDTH+:OUT_WIDTH] = OUT_WIDTH'($signed(product));
        end else begin : gen_unsigned
          assign products[lane*OUT_WIDTH+:OUT_WIDTH] = OUT_WIDTH'(product);
        end
      end
    end else begin : gen_stage
      // Wide enough for both operands, aligned and signed, and for their sum.
      localparam int AWide = A_WIDTH + A_SHIFT + (A_SIGNED ? 0 : 1);
      localparam int BWide = B_WIDTH + B_SHIFT + (B_SIGNED ? 0 : 1);
      localparam int Wide = (AWide > BWide ? AWide : BWide) + 1;

      logic enable;

      elastic #(
          .STAGES(1)
      ) control (
          .clk(clk),
          .rst(rst),
          .in_valid(both),
          .in_ready(room),
          .out_valid(out_valid),
          .out_ready(out_ready),
          .enable(enable)
      );

      for (genvar lane = 0; lane < Lanes; lane++) begin : gen_lane
        logic [Wide-1:0] a;
        logic [Wide-1:0] b;
        logic [Wide-1:0] result;
        logic unused;

        round_value #(
            .IN_WIDTH(A_WIDTH),
            .IN_SIGNED(A_SIGNED),
            .SHIFT(-A_SHIFT),
            .OUT_WIDTH(Wide)
        ) align_a (
            .value(in0_data[(A_LANES==1?0 : lane)*A_WIDTH+:A_WIDTH]),
            .rounded(a)
        );
        round_value #(
            .IN_WIDTH(B_WIDTH),
            .IN_SIGNED(B_SIGNED),
            .SHIFT(-B_SHIFT),
            .OUT_WIDTH(Wide)
        ) align_b (
            .value(in1_data[(B_LANES==1?0 : lane)*B_WIDTH+:B_WIDTH]),
            .rounded(b)
        );

        if (FUNCTION == "add") begin : gen_add
          assign result = a + b;
        end else if (FUNCTION == "subtract") begin : gen_subtract
          assign result = a - b;
        end else if (FUNCTION == "maximum") begin : gen_maximum
          assign result = $signed(a) > $signed(b) ? a : b;
        end else if (FUNCTION == "minimum") begin : gen_minimum
          assign result = $signed(a) < $signed(b) ? a : b;
        end else begin : gen_illegal
          $error("elementwise: FUNCTION must be add, subtract, multiply, maximum or minimum");
        end
        // The leading bits follow from those kept.
        assign unused = &{1'b0, result};

        always_ff @(posedge clk) begin
          if (enable) out_data[lane*OUT_WIDTH+:OUT_WIDTH] <= OUT_WIDTH'($signed(result));
        end
      end
    end
  endgenerate
endmodule
