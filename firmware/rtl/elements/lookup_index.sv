// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Where in a table a raw looks: clamp(trunc(value * SCALE / 2**SHIFT) + OFFSET) to the table's ends.
//
// Combinational but for its own registers, which load by `enable`: the product (only if SCALE is not 1), the sum, the
// index. For addresses that are bits of the raw use none of this.

module lookup_index #(
    parameter int WIDTH = 8,  // bits of a raw
    parameter bit SIGNED = 1'b1,  // whether it is in two's complement
    parameter int SCALE = 1,  // odd factor
    parameter int SHIFT = 0,  // bits to drop from the product; appended if negative
    parameter bit TOWARD_ZERO = 1'b0,  // whether dropped bits round towards zero, or else down
    parameter int OFFSET = 0,  // added then
    parameter int DEPTH = 2,  // words of the table
    parameter int STAGES = SCALE == 1 ? 2 : 3  // registers; not to be overridden
) (
    input logic clk,
    input logic [STAGES-1:0] enable,  // which registers load
    input logic [WIDTH-1:0] value,  // raw
    output logic [(DEPTH>1?$clog2(DEPTH):1)-1:0] index  // of the table
);
  localparam int AddressWidth = DEPTH > 1 ? $clog2(DEPTH) : 1;
  localparam int ScaleWidth = SCALE == 1 ? 0 : $clog2(SCALE + 1);
  localparam int ProductWidth = WIDTH + (SIGNED ? 0 : 1) + ScaleWidth;
  localparam int RoundedWidth = ProductWidth - SHIFT > 1 ? ProductWidth - SHIFT : 1;
  localparam int OffsetWidth = $clog2((OFFSET < 0 ? -OFFSET : OFFSET) + DEPTH + 1) + 1;
  localparam int SumWidth = (RoundedWidth > OffsetWidth ? RoundedWidth : OffsetWidth) + 1;
  localparam logic [87:0] Rounding = TOWARD_ZERO ? 88'("TRN_ZERO") : 88'("TRN");

  logic [ProductWidth-1:0] extended;
  logic [ProductWidth-1:0] product;
  logic [RoundedWidth-1:0] rounded;
  logic [SumWidth-1:0] sum;

  generate
    if (SCALE < 1 || SCALE % 2 == 0) begin : gen_illegal
      $error("lookup_index: SCALE must be odd and positive");
    end
    if (SIGNED) begin : gen_signed
      assign extended = ProductWidth'($signed(value));
    end else begin : gen_unsigned
      assign extended = ProductWidth'(value);
    end
    if (SCALE == 1) begin : gen_one
      assign product = extended;
    end else begin : gen_scale
      always_ff @(posedge clk) if (enable[0]) product <= extended * ProductWidth'(SCALE);
    end
  endgenerate

  round_value #(
      .IN_WIDTH(ProductWidth),
      .IN_SIGNED(1'b1),
      .SHIFT(SHIFT),
      .ROUNDING(Rounding),
      .OUT_WIDTH(RoundedWidth)
  ) round (
      .value(product),
      .rounded(rounded)
  );

  always_ff @(posedge clk) begin
    if (enable[STAGES-2]) sum <= SumWidth'($signed(rounded)) + SumWidth'(OFFSET);
    if (enable[STAGES-1]) begin
      index <= sum[SumWidth-1] ? '0
          : $signed(sum) >= $signed(SumWidth'(DEPTH)) ? AddressWidth'(DEPTH - 1) : sum[AddressWidth-1:0];
    end
  end
endmodule
