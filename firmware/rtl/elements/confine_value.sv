// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Bring one signed raw into the range of a narrower type of the same step, as ap_fixed's O modes do.
//
// Combinational: a comparison of the leading bits and a multiplexer; nothing where the type holds every value.
// It does not round. For a whole cast use cast_value.

module confine_value #(
    parameter int IN_WIDTH = 8,  // bits of the raw, in two's complement
    parameter int OUT_WIDTH = 8,  // bits of the result
    parameter bit OUT_SIGNED = 1'b1,  // whether the result is in two's complement
    parameter logic [63:0] OVERFLOW = "WRAP"  // WRAP, SAT, SAT_ZERO or SAT_SYM
) (
    input logic [IN_WIDTH-1:0] value,  // raw
    output logic [OUT_WIDTH-1:0] confined  // result
);
  // Greatest and least result; a single bit has no symmetric range, and ap_fixed leaves it -1 and 0.
  localparam logic [OUT_WIDTH-1:0] Greatest = OUT_SIGNED ? {OUT_WIDTH{1'b1}} >> 1 : {OUT_WIDTH{1'b1}};
  localparam bit Symmetric = OVERFLOW == "SAT_SYM" && OUT_SIGNED && OUT_WIDTH > 1;
  localparam logic [OUT_WIDTH-1:0] Least = ~Greatest | OUT_WIDTH'(Symmetric);

  logic [OUT_WIDTH-1:0] kept;
  logic negative;
  logic beyond;
  logic unused;

  assign kept = OUT_WIDTH'($signed(value));
  assign negative = value[IN_WIDTH-1];
  // Not every mode looks at every bit.
  assign unused = &{1'b0, value, negative, beyond};

  generate
    if (OUT_SIGNED) begin : gen_signed
      if (IN_WIDTH > OUT_WIDTH) begin : gen_narrow
        assign beyond = value[IN_WIDTH-1:OUT_WIDTH-1] != {(IN_WIDTH - OUT_WIDTH + 1) {negative}};
      end else begin : gen_fits
        assign beyond = 1'b0;
      end
    end else begin : gen_unsigned
      if (IN_WIDTH > OUT_WIDTH) begin : gen_narrow
        assign beyond = |value[IN_WIDTH-1:OUT_WIDTH];
      end else begin : gen_fits
        assign beyond = negative;
      end
    end

    if (OVERFLOW == "WRAP") begin : gen_wrap
      assign confined = kept;
    end else if (OVERFLOW == "SAT") begin : gen_sat
      assign confined = beyond ? (negative ? Least : Greatest) : kept;
    end else if (OVERFLOW == "SAT_SYM") begin : gen_sat_sym
      if (Symmetric && IN_WIDTH >= OUT_WIDTH) begin : gen_lift
        assign confined = beyond ? (negative ? Least : Greatest) : kept == ~Greatest ? Least : kept;
      end else begin : gen_as_sat
        assign confined = beyond ? (negative ? Least : Greatest) : kept;
      end
    end else if (OVERFLOW == "SAT_ZERO") begin : gen_sat_zero
      assign confined = beyond ? '0 : kept;
    end else begin : gen_illegal
      $error("confine_value: OVERFLOW must be WRAP, SAT, SAT_ZERO or SAT_SYM");
    end
  endgenerate
endmodule
