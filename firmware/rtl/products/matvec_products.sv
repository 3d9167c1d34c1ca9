// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The PE x SIMD multipliers of module matvec and what is done with each product alone: cast to the result's step, and
// where totals may saturate to the result's type. Latency 3, and 1 more if CAST_WORKS.
//
// With PACK, pairs of rows share DSP blocks: see matvec.py. It does NOT stall, and has no reset.
module matvec_products #(
    parameter int PE = 1,  // rows
    parameter int SIMD = 1,  // multipliers in a row
    parameter int IN_WIDTH = 8,  // bits of an element
    parameter bit IN_SIGNED = 1'b1,  // whether elements are in two's complement
    parameter int WEIGHT_WIDTH = 8,  // bits of a weight
    parameter bit WEIGHT_SIGNED = 1'b1,  // whether weights are in two's complement
    parameter int SHIFT = 0,  // fraction bits of a product minus those of the result
    parameter logic [87:0] ROUNDING = "TRN",  // of products, if SHIFT is positive
    parameter int TERM_WIDTH = 16,  // bits of a term; see below
    parameter bit OUT_SIGNED = 1'b1,  // whether results are in two's complement
    parameter logic [63:0] OVERFLOW = "WRAP",  // if not WRAP, terms are of the result's type
    parameter bit CAST_WORKS = 1'b0,  // whether there is a register behind the cast
    parameter int PACK = 0,  // bits from one weight to the next of two that share a DSP block; 0 if none do
    parameter int DSPS = 0  // DSP blocks to use
) (
    input  logic                            clk,
    input  logic [       SIMD*IN_WIDTH-1:0] elements,
    input  logic [PE*SIMD*WEIGHT_WIDTH-1:0] weights,   // row by row
    // Terms are signed, in steps of the product if SHIFT is negative, else of the result; or else of the result's type.
    output logic [  PE*SIMD*TERM_WIDTH-1:0] terms,
    output logic [             PE*SIMD-1:0] carries    // a one to add to a term
);
  localparam int ProductWidth = IN_WIDTH + WEIGHT_WIDTH;
  localparam bit ProductSigned = IN_SIGNED || WEIGHT_SIGNED;
  localparam bit Confined = OVERFLOW != "WRAP";

  logic [PE*SIMD*TERM_WIDTH-1:0] cast;

  generate
    if (PACK != 0 && (SHIFT > 0 || Confined)) begin : gen_bad_pack
      $error("matvec_products: PACK must be 0 where products are cast");
    end

    for (genvar row = 0; row < PE; row++) begin : gen_row
      // Two rows share DSP blocks; so many of this row's multipliers are in one.
      localparam bit Paired = PACK != 0 && (row / 2) * 2 + 1 < PE;
      localparam int Spare = DSPS - (PACK != 0 ? row / 2 : row) * SIMD;

      for (genvar lane = 0; lane < SIMD; lane++) begin : gen_lane
        localparam int At = row * SIMD + lane;
        logic [IN_WIDTH-1:0] element;
        logic [WEIGHT_WIDTH-1:0] weight;
        logic [ProductWidth-1:0] product;
        assign element = elements[lane*IN_WIDTH+:IN_WIDTH];
        assign weight = weights[At*WEIGHT_WIDTH+:WEIGHT_WIDTH];

        if (Paired && lane < Spare && row % 2 == 0) begin : gen_shared
          // The product with both weights, one PACK bits above the other: what the lower product borrows from the upper
          // one when it is negative is given back as a carry. The upper weight has the lower weight's sign taken off.
          localparam int BothWidth = WEIGHT_WIDTH + PACK;
          logic [BothWidth-1:0] both;
          logic [BothWidth+IN_WIDTH-1:0] products;
          logic unused_top;
          assign both = {
            weights[(At+SIMD)*WEIGHT_WIDTH+:WEIGHT_WIDTH], WEIGHT_SIGNED ? PACK'($signed(weight)) : PACK'(weight)
          };
          multiplier #(
              .A_WIDTH(IN_WIDTH),
              .A_SIGNED(IN_SIGNED),
              .B_WIDTH(BothWidth),
              .B_SIGNED(WEIGHT_SIGNED),
              .DSP(1'b1)
          ) multiply (
              .clk(clk),
              .a(element),
              .b(both),
              .product(products)
          );
          assign product = ProductSigned ? ProductWidth'($signed(products[PACK-1:0])) : ProductWidth'(products[PACK-1:0]);
          assign carries[At] = 1'b0;
          assign unused_top = &{1'b0, products, weight};
        end else if (Paired && lane < Spare) begin : gen_upper
          logic unused_operands;
          assign product = gen_row[row-1].gen_lane[lane].gen_shared.products[PACK+:ProductWidth];
          assign carries[At] = ProductSigned && gen_row[row-1].gen_lane[lane].gen_shared.products[PACK-1];
          assign unused_operands = &{1'b0, element, weight};
        end else begin : gen_own
          multiplier #(
              .A_WIDTH(IN_WIDTH),
              .A_SIGNED(IN_SIGNED),
              .B_WIDTH(WEIGHT_WIDTH),
              .B_SIGNED(WEIGHT_SIGNED),
              .DSP(lane < Spare)
          ) multiply (
              .clk(clk),
              .a(element),
              .b(weight),
              .product(product)
          );
          assign carries[At] = 1'b0;
        end

        if (Confined) begin : gen_confine
          cast_value #(
              .IN_WIDTH(ProductWidth),
              .IN_SIGNED(ProductSigned),
              .SHIFT(SHIFT),
              .ROUNDING(ROUNDING),
              .OUT_WIDTH(TERM_WIDTH),
              .OUT_SIGNED(OUT_SIGNED),
              .OVERFLOW(OVERFLOW)
          ) to_result (
              .clk(clk),
              .enable(1'b1),
              .value(product),
              .result(cast[At*TERM_WIDTH+:TERM_WIDTH])
          );
        end else if (SHIFT > 0) begin : gen_round
          // Room for any product, of which a term keeps the bits that its weights can reach.
          logic [ProductWidth+1:0] rounded;
          logic unused_top;
          assign cast[At*TERM_WIDTH+:TERM_WIDTH] = TERM_WIDTH'($signed(rounded));
          assign unused_top = &{1'b0, rounded};
          round_value #(
              .IN_WIDTH(ProductWidth),
              .IN_SIGNED(ProductSigned),
              .SHIFT(SHIFT),
              .ROUNDING(ROUNDING),
              .OUT_WIDTH(ProductWidth + 2)
          ) round (
              .value  (product),
              .rounded(rounded)
          );
        end else begin : gen_exact
          logic unused_top;
          assign cast[At*TERM_WIDTH+:TERM_WIDTH] = ProductSigned ? TERM_WIDTH'($signed(product)) : TERM_WIDTH'(product);
          assign unused_top = &{1'b0, product};
        end
      end
    end

    if (CAST_WORKS) begin : gen_register
      always_ff @(posedge clk) terms <= cast;
    end else begin : gen_wires
      assign terms = cast;
    end
  endgenerate
endmodule
