// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Drop the last SHIFT bits of one fixed-point raw, rounding as ap_fixed's Q modes do; append zeros if SHIFT is negative.
//
// Combinational: an adder's carry chain at most. It rounds only: the result must be wide enough for every value, which
// is signed IN_WIDTH (+1 if unsigned) - SHIFT bits, at least 1, and one more for the modes that may round up.
// For a whole cast with overflow use cast_value.

module round_value #(
    parameter int IN_WIDTH = 8,  // bits of the raw
    parameter bit IN_SIGNED = 1'b1,  // whether it is in two's complement
    parameter int SHIFT = 0,  // bits to drop: fraction bits of the raw minus those of the result
    parameter logic [87:0] ROUNDING = "TRN",  // TRN, TRN_ZERO, RND, RND_ZERO, RND_INF, RND_MIN_INF or RND_CONV
    parameter int OUT_WIDTH = 8  // bits of the result, in two's complement
) (
    input logic [IN_WIDTH-1:0] value,  // raw
    output logic [OUT_WIDTH-1:0] rounded  // result, signed whatever the raw is
);
  localparam int SignedWidth = IN_WIDTH + (IN_SIGNED ? 0 : 1);

  generate
    if (SHIFT <= 0) begin : gen_widen
      logic [SignedWidth-1:0] extended;
      logic unused;

      // A result narrower than promised above, of which the user knows that it suffices, leaves bits out.
      assign unused = &{1'b0, extended};
      if (IN_SIGNED) begin : gen_signed
        assign extended = value;
      end else begin : gen_unsigned
        assign extended = {1'b0, value};
      end
      assign rounded = OUT_WIDTH'($signed(extended)) << -SHIFT;
    end else begin : gen_narrow
      // At least one bit, the sign, is left above those to drop.
      localparam int Extended = SignedWidth > SHIFT ? SignedWidth : SHIFT + 1;
      localparam int Kept = Extended - SHIFT;

      logic [Extended-1:0] extended;
      logic [Kept-1:0] kept;
      logic [SHIFT-1:0] dropped;
      logic half;
      logic beyond_half;
      logic negative;
      logic up;
      logic unused;

      if (IN_SIGNED) begin : gen_signed
        assign extended = Extended'($signed(value));
      end else begin : gen_unsigned
        assign extended = Extended'(value);
      end
      assign kept = extended[Extended-1:SHIFT];
      assign dropped = extended[SHIFT-1:0];
      assign half = dropped[SHIFT-1];
      assign beyond_half = |(dropped << 1);
      assign negative = extended[Extended-1];
      // Not every mode looks at every bit.
      assign unused = &{1'b0, half, beyond_half, negative};

      if (ROUNDING == "TRN") begin : gen_trn
        assign up = 1'b0;
      end else if (ROUNDING == "TRN_ZERO") begin : gen_trn_zero
        assign up = negative && (half || beyond_half);
      end else if (ROUNDING == "RND") begin : gen_rnd
        assign up = half;
      end else if (ROUNDING == "RND_ZERO") begin : gen_rnd_zero
        assign up = half && (beyond_half || negative);
      end else if (ROUNDING == "RND_INF") begin : gen_rnd_inf
        assign up = half && (beyond_half || !negative);
      end else if (ROUNDING == "RND_MIN_INF") begin : gen_rnd_min_inf
        assign up = half && beyond_half;
      end else if (ROUNDING == "RND_CONV") begin : gen_rnd_conv
        assign up = half && (beyond_half || kept[0]);
      end else begin : gen_illegal
        $error("round_value: ROUNDING must be TRN, TRN_ZERO, RND, RND_ZERO, RND_INF, RND_MIN_INF or RND_CONV");
      end
      assign rounded = OUT_WIDTH'($signed(kept)) + OUT_WIDTH'(up);
    end
  endgenerate
endmodule
