// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Product of two integers in ECP5's LUTs, three clocks later, one every clock; each operand signed or not.
//
// A carry chain's LUTs have four inputs: enough to form two bits of two partial products and to add them at once. So
// each two bits of b cost one chain of A_WIDTH + 2 bits, and the rows that come out are added in a tree.
// Registers: behind the rows, behind the first level of the tree, at the end; none at the inputs. Up to 8 bits of b
// there is one adder at most between two registers.
//
// It does NOT stall, and has no reset. Use module multiplier, which lets a be the wider operand.
module multiplier_logic #(
    parameter int A_WIDTH = 8,  // bits of a
    parameter bit A_SIGNED = 1'b1,  // whether a is in two's complement
    parameter int B_WIDTH = 8,  // bits of b, the narrower operand
    parameter bit B_SIGNED = 1'b1  // whether b is in two's complement
) (
    input  logic                       clk,
    input  logic [        A_WIDTH-1:0] a,
    input  logic [        B_WIDTH-1:0] b,
    output logic [A_WIDTH+B_WIDTH-1:0] product  // signed if a or b is
);
  localparam int Rows = (B_WIDTH + 1) / 2;
  localparam int Levels = $clog2(Rows);
  localparam int RowWidth = A_WIDTH + 2;
  localparam int Width = A_WIDTH + B_WIDTH;

  // (A & B) + (C & D), and ~(A & B) + (C & D): exclusive-ors of both terms, which without C and D are the first one.
  localparam logic [15:0] Sum = 16'h7888;
  localparam logic [15:0] Difference = 16'h8777;

  logic [RowWidth-1:0] wide_a;  // extended by its sign
  logic [2*Rows-1:0] wide_b;
  logic [A_WIDTH+2*Rows-1:0] full;  // one bit more than the product if B_WIDTH is odd
  logic unused;

  assign wide_a = A_SIGNED ? RowWidth'($signed(a)) : RowWidth'(a);
  assign wide_b = B_SIGNED ? (2 * Rows)'($signed(b)) : (2 * Rows)'(b);

  assign unused = &{1'b0, full};

  generate
    for (genvar level = 0; level <= Levels; level++) begin : gen_level
      // Sums of 2**level rows each, the last one of what is left; each bit of b in it adds a bit.
      localparam int Sums = (Rows + 2 ** level - 1) / 2 ** level;

      for (genvar i = 0; i < Sums; i++) begin : gen_sum
        localparam int Covered = (i + 1) * 2 ** level <= Rows ? 2 ** level : Rows - i * 2 ** level;
        localparam int SumWidth = A_WIDTH + 2 * Covered;
        logic [SumWidth-1:0] total;  // before the register
        logic [SumWidth-1:0] held;

        if (level == 0) begin : gen_row
          // The sign bit of b counts negative: its product is subtracted.
          localparam bit Subtract = B_SIGNED && i == Rows - 1;
          // Nothing is added at bit 0. It stays out of the chain where that makes an even number of halves.
          localparam int Apart = A_WIDTH % 2 == 0 ? 1 : 0;
          localparam int ChainWidth = RowWidth - Apart;
          logic [RowWidth:0] twice_a;
          logic unused_top;

          assign twice_a = {wide_a, 1'b0};
          assign unused_top = twice_a[RowWidth];

          carry_chain #(
              .WIDTH(ChainWidth),
              .TABLE(Subtract ? Difference : Sum)
          ) row (
              .a(Subtract ? twice_a[RowWidth-1:Apart] : wide_a[RowWidth-1:Apart]),
              .b({ChainWidth{Subtract ? wide_b[2*i+1] : wide_b[2*i]}}),
              .c(Subtract ? wide_a[RowWidth-1:Apart] : twice_a[RowWidth-1:Apart]),
              .d({ChainWidth{Subtract ? wide_b[2*i] : wide_b[2*i+1]}}),
              .carry({1'b1, Subtract}),
              .sum(total[RowWidth-1:Apart])
          );
          if (Apart == 1) begin : gen_apart
            assign total[0] = wide_a[0] & wide_b[2*i];
          end
        end else if (2 * i + 1 < (Rows + 2 ** (level - 1) - 1) / 2 ** (level - 1)) begin : gen_add
          // The lowest bits of the lower sum pass by the adder.
          localparam int Low = 2 ** level;
          localparam int LowerWidth = A_WIDTH + Low;
          localparam int HighWidth = SumWidth - Low;
          logic [LowerWidth-1:0] lower;
          logic [HighWidth-1:0] lower_high;
          logic [HighWidth-1:0] upper;

          assign lower = gen_level[level-1].gen_sum[2*i].held;
          assign upper = gen_level[level-1].gen_sum[2*i+1].held;
          assign lower_high = A_SIGNED ? HighWidth'($signed(lower[LowerWidth-1:Low])) : HighWidth'(lower[LowerWidth-1:Low]);
          assign total[Low-1:0] = lower[Low-1:0];
          adder #(
              .WIDTH(HighWidth)
          ) add (
              .a(lower_high),
              .b(upper),
              .carry(1'b0),
              .sum(total[SumWidth-1:Low])
          );
        end else begin : gen_pass
          assign total = gen_level[level-1].gen_sum[2*i].held;
        end

        if (level < 2) begin : gen_register
          always_ff @(posedge clk) held <= total;
        end else begin : gen_through
          assign held = total;
        end
      end
    end

    assign full = gen_level[Levels].gen_sum[0].held;
    if (Levels == 0) begin : gen_late
      logic [Width-1:0] late;
      always_ff @(posedge clk) begin
        late <= full[Width-1:0];
        product <= late;
      end
    end else begin : gen_output
      always_ff @(posedge clk) product <= full[Width-1:0];
    end
  endgenerate
endmodule
