// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// LANES elements a beat, each divided by a constant, the remainder dropped (towards zero).
//
// By a power of two: a shift, latency 1. By others: the product with ceil(2**SHIFT / DIVISOR), in shifts and additions
// (canonical signed digits), shifted right by SHIFT; latency is that of the adder tree. Exact for every raw if SHIFT is
// what firmware/units/elements/divide.py gives, which is where the proof is; it is NOT checked here. A beat a clock.
// It does NOT cut `ready`, which follows out_ready combinationally.

module divide #(
    parameter int LANES = 1,  // elements a beat
    parameter int WIDTH = 8,  // bits of an element and of a result
    parameter bit SIGNED = 1'b1,  // whether they are in two's complement
    parameter int DIVISOR = 3,  // at least 1
    parameter int SHIFT = 9  // precision of the reciprocal, in bits; of no meaning for powers of two
) (
    input logic clk,
    input logic rst,  // synchronous; resets control only
    input logic in_valid,
    output logic in_ready,
    input logic [LANES*WIDTH-1:0] in_data,  // elements, the first in the least significant bits
    output logic out_valid,
    input logic out_ready,
    output logic [LANES*WIDTH-1:0] out_data  // results, likewise
);
  localparam int Log = $clog2(DIVISOR);
  localparam bit Shifts = DIVISOR == 2 ** Log;
  localparam logic [87:0] Rounding = SIGNED ? 88'("TRN_ZERO") : 88'("TRN");

  // Digits of the reciprocal: 1 or -1 where Nonzero, no two of them neighbours.
  localparam int Size = (SHIFT > 32 ? SHIFT : 32) + 2;
  localparam logic [Size-1:0] One = 1;
  localparam logic [Size-1:0] Reciprocal = ((One << SHIFT) + Size'(DIVISOR) - One) / Size'(DIVISOR);
  localparam logic [Size-1:0] Half = Reciprocal >> 1;
  localparam logic [Size-1:0] ThreeHalves = Reciprocal + Half;
  localparam logic [Size-1:0] Nonzero = Half ^ ThreeHalves;

  // Signed, and wide enough for any product.
  localparam int Wide = WIDTH + SHIFT + 2;
  localparam int Digits = ones_below(Size);
  localparam int Terms = Digits + 1;  // a negative raw's quotient is one above the product's floor
  localparam int Stages = Shifts ? 1 : $clog2(Terms);

  // Nonzero digits below a place.
  function automatic int ones_below(input int place);
    ones_below = 0;
    for (int i = 0; i < Size; i++) if (i < place && Nonzero[i]) ones_below = ones_below + 1;
  endfunction

  logic [Stages-1:0] enable;

  generate
    if (LANES < 1 || WIDTH < 1 || DIVISOR < 1 || SHIFT < 0) begin : gen_illegal
      $error("divide: LANES, WIDTH and DIVISOR must be at least 1, SHIFT at least 0");
    end
  endgenerate

  elastic #(
      .STAGES(Stages)
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
    logic [WIDTH-1:0] raw;
    assign raw = in_data[lane*WIDTH+:WIDTH];

    if (Shifts) begin : gen_shift
      logic [WIDTH-1:0] quotient;
      round_value #(
          .IN_WIDTH(WIDTH),
          .IN_SIGNED(SIGNED),
          .SHIFT(Log),
          .ROUNDING(Rounding),
          .OUT_WIDTH(WIDTH)
      ) round (
          .value(raw),
          .rounded(quotient)
      );
      always_ff @(posedge clk) if (enable[0]) out_data[lane*WIDTH+:WIDTH] <= quotient;
    end else begin : gen_product
      logic [Wide-1:0] extended;
      logic [Terms*Wide-1:0] terms;
      logic [Wide-1:0] product;
      logic unused;

      if (SIGNED) begin : gen_signed
        assign extended = Wide'($signed(raw));
      end else begin : gen_unsigned
        assign extended = Wide'(raw);
      end
      for (genvar place = 0; place < Size; place++) begin : gen_place
        if (Nonzero[place]) begin : gen_digit
          if (ThreeHalves[place]) begin : gen_plus
            assign terms[ones_below(place)*Wide+:Wide] = extended << place;
          end else begin : gen_minus
            assign terms[ones_below(place)*Wide+:Wide] = -(extended << place);
          end
        end
      end
      assign terms[Digits*Wide+:Wide] = Wide'(extended[Wide-1]) << SHIFT;

      combine_tree #(
          .TERMS(Terms),
          .WIDTH(Wide)
      ) sum (
          .clk(clk),
          .enable(enable),
          .terms(terms),
          .result(product)
      );
      assign out_data[lane*WIDTH+:WIDTH] = product[SHIFT+:WIDTH];
      assign unused = &{1'b0, product};
    end
  end
endmodule
