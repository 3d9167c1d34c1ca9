// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// LANES elements a beat, each limited to LOW and HIGH in its own step; ReLU is LOW = 0.
//
// Latency 1, a beat a clock. It does NOT cut `ready`, which follows out_ready combinationally. A limit at the end of the
// input's range costs nothing.

module clamp #(
    parameter int LANES = 1,  // elements a beat
    parameter int IN_WIDTH = 8,  // bits of an element
    parameter bit IN_SIGNED = 1'b1,  // whether it is in two's complement
    parameter int OUT_WIDTH = 8,  // bits of a result: enough for LOW and HIGH
    parameter LOW = 0,  // least result, signed; of any size, since limits may be wider than an int
    parameter HIGH = 127  // greatest result, likewise; at least LOW
) (
    input logic clk,
    input logic rst,  // synchronous; resets control only
    input logic in_valid,
    output logic in_ready,
    input logic [LANES*IN_WIDTH-1:0] in_data,  // elements, the first in the least significant bits
    output logic out_valid,
    input logic out_ready,
    output logic [LANES*OUT_WIDTH-1:0] out_data  // results, likewise
);
  // Bits that hold limits and ends of the range, with their signs; an int at least.
  localparam int Widest = IN_WIDTH > OUT_WIDTH ? IN_WIDTH : OUT_WIDTH;
  localparam int Limit = Widest > 30 ? Widest + 2 : 32;
  localparam logic signed [Limit-1:0] One = 1;
  localparam logic signed [Limit-1:0] RawMin = IN_SIGNED ? -(One <<< (IN_WIDTH - 1)) : 0;
  localparam logic signed [Limit-1:0] RawMax = (One <<< (IN_WIDTH - (IN_SIGNED ? 1 : 0))) - One;
  localparam int Signed = IN_WIDTH + (IN_SIGNED ? 0 : 1);
  localparam logic signed [Limit-1:0] Low = Limit'($signed(LOW));
  localparam logic signed [Limit-1:0] High = Limit'($signed(HIGH));
  // Limits between the ends of the range, where they are compared with anything.
  localparam bit Lower = Low > RawMin;
  localparam bit Upper = High < RawMax;

  logic enable;

  generate
    if (LANES < 1 || IN_WIDTH < 1 || OUT_WIDTH < 1) begin : gen_bad_size
      $error("clamp: LANES, IN_WIDTH and OUT_WIDTH must be at least 1");
    end
    if (High < Low) begin : gen_bad_limits
      $error("clamp: HIGH must be at least LOW");
    end
  endgenerate

  elastic #(
      .STAGES(1)
  ) control (
      .clk(clk),
      .rst(rst),
      .in_valid(in_valid),
      .in_ready(in_ready),
      .out_valid(out_valid),
      .out_ready(out_ready),
      .enable(enable)
  );

  for (genvar lane = 0; lane < LANES; lane++) begin : gen_lane
    logic [Signed-1:0] raw;
    logic [OUT_WIDTH-1:0] limited;
    logic below;
    logic above;
    logic unused;

    // Not every limit looks at every bit.
    assign unused = &{1'b0, raw};

    if (IN_SIGNED) begin : gen_signed
      assign raw = in_data[lane*IN_WIDTH+:IN_WIDTH];
    end else begin : gen_unsigned
      assign raw = {1'b0, in_data[lane*IN_WIDTH+:IN_WIDTH]};
    end

    if (!Lower) begin : gen_no_lower
      assign below = 1'b0;
    end else if (Low > RawMax) begin : gen_all_below
      assign below = 1'b1;
    end else if (Low == 0) begin : gen_negative
      assign below = raw[Signed-1];
    end else begin : gen_lower
      assign below = $signed(raw) < $signed(Low[Signed-1:0]);
    end

    if (!Upper) begin : gen_no_upper
      assign above = 1'b0;
    end else if (High < RawMin) begin : gen_all_above
      assign above = 1'b1;
    end else begin : gen_upper
      assign above = $signed(raw) > $signed(High[Signed-1:0]);
    end

    assign limited = below ? Low[OUT_WIDTH-1:0] : above ? High[OUT_WIDTH-1:0] : OUT_WIDTH'($signed(raw));

    always_ff @(posedge clk) if (enable) out_data[lane*OUT_WIDTH+:OUT_WIDTH] <= limited;
  end
endmodule
