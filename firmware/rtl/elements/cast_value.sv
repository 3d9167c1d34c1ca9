// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// One raw from one fixed-point type to another, as an assignment between ap_fixed variables: rounding, then overflow.
//
// With STAGES = 0 combinational: round_value then confine_value. Else there is a register behind both, and with 2 one
// between them as well, which wide words need. A cast that only moves the binary point or drops bits is wires.
//
// It does NOT stall by itself, and has no reset: enable[i] lets register i take its value (module elastic).
module cast_value #(
    parameter int IN_WIDTH = 8,  // bits of the raw
    parameter bit IN_SIGNED = 1'b1,  // whether it is in two's complement
    parameter int SHIFT = 0,  // fraction bits of the raw minus those of the result; may be negative
    parameter logic [87:0] ROUNDING = "TRN",  // TRN, TRN_ZERO, RND, RND_ZERO, RND_INF, RND_MIN_INF or RND_CONV
    parameter int OUT_WIDTH = 8,  // bits of the result
    parameter bit OUT_SIGNED = 1'b1,  // whether it is in two's complement
    parameter logic [63:0] OVERFLOW = "WRAP",  // WRAP, SAT, SAT_ZERO or SAT_SYM
    parameter int STAGES = 0  // registers, 0 to 2
) (
    input logic clk,
    input logic [(STAGES>0?STAGES:1)-1:0] enable,  // of no meaning without registers
    input logic [IN_WIDTH-1:0] value,  // raw
    output logic [OUT_WIDTH-1:0] result  // raw of the other type
);
  // What rounding can give, before overflow: firmware/units/elements/casting.py has the same formula.
  localparam int Signed = IN_WIDTH + (IN_SIGNED ? 0 : 1);
  localparam int Kept = Signed - SHIFT > 1 ? Signed - SHIFT : 1;
  localparam int RoundedWidth = Kept + (SHIFT > 0 && ROUNDING != "TRN" && ROUNDING != "TRN_ZERO" ? 1 : 0);

  logic [RoundedWidth-1:0] rounded;
  logic [RoundedWidth-1:0] held;
  logic [OUT_WIDTH-1:0] confined;

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
      .value(held),
      .confined(confined)
  );

  generate
    if (STAGES < 0 || STAGES > 2) begin : gen_bad_stages
      $error("cast_value: STAGES must be 0 to 2");
    end

    if (STAGES == 2) begin : gen_between
      always_ff @(posedge clk) if (enable[0]) held <= rounded;
    end else begin : gen_through
      assign held = rounded;
    end

    if (STAGES > 0) begin : gen_behind
      always_ff @(posedge clk) if (enable[STAGES-1]) result <= confined;
    end else begin : gen_wires
      logic unused;
      assign unused = &{1'b0, clk, enable};
      assign result = confined;
    end
  endgenerate
endmodule
