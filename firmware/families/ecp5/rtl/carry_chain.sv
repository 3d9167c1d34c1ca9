// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// ECP5's carry chain with a function of four inputs at every bit. Combinational.
//
// A bit has a look-up table of its inputs a, b, c, d; its output is the exclusive-or of the two terms to add. Where it is
// 1 the carry goes on; elsewhere the carry becomes what the table gives for a and b with c = d = 0. Half a cell starts
// the chain: nextpnr spends two whole ones where a chain is left to begin with a constant, and two to let it end.
//
// It adds nothing by itself: adder, adder_load and multiplier_logic say what TABLE means.
//
// For Verilator, which would take minutes over thousands of cells, the three tables there are stand as sums. Yosys proves
// that they are the same (test_carry_chain.py), and the netlist that is simulated has the cells.
module carry_chain #(
    parameter int WIDTH = 8,  // bits, at least 1
    parameter logic [15:0] TABLE = 16'h7888  // the look-up table; 7888 adds a & b to c & d
) (
    input  logic [WIDTH-1:0] a,
    input  logic [WIDTH-1:0] b,
    input  logic [WIDTH-1:0] c,
    input  logic [WIDTH-1:0] d,
    input  logic [      1:0] carry,  // into the lowest bit, if both are 1
    output logic [WIDTH-1:0] sum
);
`ifdef VERILATOR
  logic [WIDTH-1:0] carry_in;
  assign carry_in = WIDTH'(&carry);
  generate
    if (TABLE == 16'h7888) begin : gen_sum
      assign sum = (a & b) + (c & d) + carry_in;
    end else if (TABLE == 16'h8777) begin : gen_difference
      assign sum = ~(a & b) + (c & d) + carry_in;
    end else if (TABLE == 16'h665a) begin : gen_choice
      assign sum = a + ((d & b) | (~d & c)) + carry_in;
    end else begin : gen_illegal
      $error("carry_chain: TABLE must be 7888, 8777 or 665a");
    end
  endgenerate
`else
  localparam int Cells = (WIDTH + 2) / 2;
  // What makes a carry of inputs a and b, whatever comes before: 0 where d = 1, but a & b where c = d = 0.
  localparam logic [15:0] Start = 16'h0008;

  generate
    if (WIDTH < 2) begin : gen_bit
      assign sum = TABLE[{d, c, b, a}] ^ &carry;
    end else begin : gen_chain
      // Half 0 is the start; bit i is half i + 1; one half may be left over at the end.
      logic [2*Cells-1:0] all_a;
      logic [2*Cells-1:0] all_b;
      logic [2*Cells-1:0] all_c;
      logic [2*Cells-1:0] all_d;
      logic [2*Cells-1:0] all_sum;
      logic [Cells-1:1] carries;
      logic unused_ends;

      assign all_a = (2 * Cells)'({a, carry[0]});
      assign all_b = (2 * Cells)'({b, carry[1]});
      assign all_c = (2 * Cells)'({c, 1'b0});
      assign all_d = (2 * Cells)'({d, 1'b1});
      assign sum = all_sum[WIDTH:1];
      assign unused_ends = &{1'b0, all_sum};

      // The ends are left open, not tied: that is what spares nextpnr's own cells.
      // verilator lint_off PINMISSING
      CCU2C #(
          .INIT0(Start),
          .INIT1(TABLE),
          .INJECT1_0("NO"),
          .INJECT1_1("NO")
      ) first (
          .A0(all_a[0]),
          .B0(all_b[0]),
          .C0(all_c[0]),
          .D0(all_d[0]),
          .A1(all_a[1]),
          .B1(all_b[1]),
          .C1(all_c[1]),
          .D1(all_d[1]),
          .S0(all_sum[0]),
          .S1(all_sum[1]),
          .COUT(carries[1])
      );
      for (genvar i = 1; i < Cells - 1; i++) begin : gen_inner
        CCU2C #(
            .INIT0(TABLE),
            .INIT1(TABLE),
            .INJECT1_0("NO"),
            .INJECT1_1("NO")
        ) inner (
            .CIN(carries[i]),
            .A0(all_a[2*i]),
            .B0(all_b[2*i]),
            .C0(all_c[2*i]),
            .D0(all_d[2*i]),
            .A1(all_a[2*i+1]),
            .B1(all_b[2*i+1]),
            .C1(all_c[2*i+1]),
            .D1(all_d[2*i+1]),
            .S0(all_sum[2*i]),
            .S1(all_sum[2*i+1]),
            .COUT(carries[i+1])
        );
      end
      CCU2C #(
          .INIT0(TABLE),
          .INIT1(TABLE),
          .INJECT1_0("NO"),
          .INJECT1_1("NO")
      ) last (
          .CIN(carries[Cells-1]),
          .A0(all_a[2*Cells-2]),
          .B0(all_b[2*Cells-2]),
          .C0(all_c[2*Cells-2]),
          .D0(all_d[2*Cells-2]),
          .A1(all_a[2*Cells-1]),
          .B1(all_b[2*Cells-1]),
          .C1(all_c[2*Cells-1]),
          .D1(all_d[2*Cells-1]),
          .S0(all_sum[2*Cells-2]),
          .S1(all_sum[2*Cells-1])
      );
      // verilator lint_on PINMISSING
    end
  endgenerate
`endif
endmodule
