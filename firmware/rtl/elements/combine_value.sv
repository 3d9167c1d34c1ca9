// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The sum of two raws, confined by the overflow mode of their type, or the greater of them. Combinational.

module combine_value #(
    parameter int WIDTH = 8,  // bits of the raws and of the result
    parameter bit SIGNED = 1'b1,  // whether they are in two's complement
    parameter logic [23:0] FUNCTION = "sum",  // sum or max
    parameter logic [63:0] OVERFLOW = "WRAP"  // of sums: WRAP, SAT, SAT_ZERO or SAT_SYM
) (
    input logic [WIDTH-1:0] a,  // raws
    input logic [WIDTH-1:0] b,
    output logic [WIDTH-1:0] result
);
  generate
    if (FUNCTION == "max") begin : gen_max
      logic greater;
      if (SIGNED) begin : gen_signed
        assign greater = $signed(a) > $signed(b);
      end else begin : gen_unsigned
        assign greater = a > b;
      end
      assign result = greater ? a : b;
    end else if (FUNCTION == "sum" && OVERFLOW == "WRAP") begin : gen_wrap
      assign result = a + b;
    end else if (FUNCTION == "sum") begin : gen_sum
      // Signed whatever the raws are, as confine_value wants it.
      localparam int Wide = WIDTH + (SIGNED ? 1 : 2);
      logic [Wide-1:0] total;
      if (SIGNED) begin : gen_signed
        assign total = Wide'($signed(a)) + Wide'($signed(b));
      end else begin : gen_unsigned
        assign total = Wide'(a) + Wide'(b);
      end
      confine_value #(
          .IN_WIDTH(Wide),
          .OUT_WIDTH(WIDTH),
          .OUT_SIGNED(SIGNED),
          .OVERFLOW(OVERFLOW)
      ) confine (
          .value(total),
          .confined(result)
      );
    end else begin : gen_illegal
      $error("combine_value: FUNCTION must be sum or max");
    end
  endgenerate
endmodule
