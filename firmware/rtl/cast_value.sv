// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// One raw from one fixed-point type to another, as an assignment between ap_fixed variables: rounding, then overflow.
//
// Combinational: round_value then confine_value. Where both do work on wide words, register between the two instead of
// using this (module cast does). A cast that only moves the binary point or drops bits is wires.

module cast_value #(
    parameter int IN_WIDTH = 8,  // bits of the raw
    parameter bit IN_SIGNED = 1'b1,  // whether it is in two's complement
    parameter int SHIFT = 0,  // fraction bits of the raw minus those of the result; may be negative
    parameter logic [87:0] ROUNDING = "TRN",  // TRN, TRN_ZERO, RND, RND_ZERO, RND_INF, RND_MIN_INF or RND_CONV
    parameter int OUT_WIDTH = 8,  // bits of the result
    parameter bit OUT_SIGNED = 1'b1,  // whether it is in two's complement
    parameter logic [63:0] OVERFLOW = "WRAP"  // WRAP, SAT, SAT_ZERO or SAT_SYM
) (
    input logic [IN_WIDTH-1:0] value,  // raw
    output logic [OUT_WIDTH-1:0] result  // raw of the other type
);
  // What rounding can give, before overflow: firmware/units/casting.py has the same formula.
  localparam int Signed = IN_WIDTH + (IN_SIGNED ? 0 : 1);
  localparam int Kept = Signed - SHIFT > 1 ? Signed - SHIFT : 1;
  localparam int RoundedWidth = Kept + (SHIFT > 0 && ROUNDING != "TRN" && ROUNDING != "TRN_ZERO" ? 1 : 0);

  logic [RoundedWidth-1:0] rounded;

  round_value #(
      .IN_WIDTH(IN_WIDTH),
      .IN_SIGNED(IN_SIGNED),
      .SHIFT(SHIFT),
      .ROUNDING(ROUNDING),
      .OUT_WIDTH(RoundedWidth)
  ) round (
      .value(value),
      .rounded(rounded)
  );

  confine_value #(
      .IN_WIDTH(RoundedWidth),
      .OUT_WIDTH(OUT_WIDTH),
      .OUT_SIGNED(OUT_SIGNED),
      .OVERFLOW(OVERFLOW)
  ) confine (
      .value(rounded),
      .confined(result)
  );
endmodule
