// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Simulation model of ECP5's 18 kbit block RAM: two ports of 1, 2, 4, 9 or 18 bits, or one that writes and one that
// reads 36, as Yosys maps memories to it. A bit that one port reads in the cycle in which the other writes it comes out
// inverted: in silicon it is not defined, and no design may use it. Never synthesized.
//
// Does NOT model chip selects, asynchronous resets, multiplexers of the inputs other than the clocks', nor writes of
// both ports to one line of 36 bits in the same cycle.
module DP16KD #(
    parameter int DATA_WIDTH_A = 18,
    parameter int DATA_WIDTH_B = 18,
    parameter REGMODE_A = "NOREG",
    parameter REGMODE_B = "NOREG",
    parameter RESETMODE = "SYNC",
    parameter ASYNC_RESET_RELEASE = "SYNC",
    parameter CSDECODE_A = "0b000",
    parameter CSDECODE_B = "0b000",
    parameter WRITEMODE_A = "NORMAL",
    parameter WRITEMODE_B = "NORMAL",
    parameter CLKAMUX = "CLKA",
    parameter CLKBMUX = "CLKB",
    parameter GSR = "ENABLED",
    parameter logic [319:0] INITVAL_00 = 320'b0,
    parameter logic [319:0] INITVAL_01 = 320'b0,
    parameter logic [319:0] INITVAL_02 = 320'b0,
    parameter logic [319:0] INITVAL_03 = 320'b0,
    parameter logic [319:0] INITVAL_04 = 320'b0,
    parameter logic [319:0] INITVAL_05 = 320'b0,
    parameter logic [319:0] INITVAL_06 = 320'b0,
    parameter logic [319:0] INITVAL_07 = 320'b0,
    parameter logic [319:0] INITVAL_08 = 320'b0,
    parameter logic [319:0] INITVAL_09 = 320'b0,
    parameter logic [319:0] INITVAL_0A = 320'b0,
    parameter logic [319:0] INITVAL_0B = 320'b0,
    parameter logic [319:0] INITVAL_0C = 320'b0,
    parameter logic [319:0] INITVAL_0D = 320'b0,
    parameter logic [319:0] INITVAL_0E = 320'b0,
    parameter logic [319:0] INITVAL_0F = 320'b0,
    parameter logic [319:0] INITVAL_10 = 320'b0,
    parameter logic [319:0] INITVAL_11 = 320'b0,
    parameter logic [319:0] INITVAL_12 = 320'b0,
    parameter logic [319:0] INITVAL_13 = 320'b0,
    parameter logic [319:0] INITVAL_14 = 320'b0,
    parameter logic [319:0] INITVAL_15 = 320'b0,
    parameter logic [319:0] INITVAL_16 = 320'b0,
    parameter logic [319:0] INITVAL_17 = 320'b0,
    parameter logic [319:0] INITVAL_18 = 320'b0,
    parameter logic [319:0] INITVAL_19 = 320'b0,
    parameter logic [319:0] INITVAL_1A = 320'b0,
    parameter logic [319:0] INITVAL_1B = 320'b0,
    parameter logic [319:0] INITVAL_1C = 320'b0,
    parameter logic [319:0] INITVAL_1D = 320'b0,
    parameter logic [319:0] INITVAL_1E = 320'b0,
    parameter logic [319:0] INITVAL_1F = 320'b0,
    parameter logic [319:0] INITVAL_20 = 320'b0,
    parameter logic [319:0] INITVAL_21 = 320'b0,
    parameter logic [319:0] INITVAL_22 = 320'b0,
    parameter logic [319:0] INITVAL_23 = 320'b0,
    parameter logic [319:0] INITVAL_24 = 320'b0,
    parameter logic [319:0] INITVAL_25 = 320'b0,
    parameter logic [319:0] INITVAL_26 = 320'b0,
    parameter logic [319:0] INITVAL_27 = 320'b0,
    parameter logic [319:0] INITVAL_28 = 320'b0,
    parameter logic [319:0] INITVAL_29 = 320'b0,
    parameter logic [319:0] INITVAL_2A = 320'b0,
    parameter logic [319:0] INITVAL_2B = 320'b0,
    parameter logic [319:0] INITVAL_2C = 320'b0,
    parameter logic [319:0] INITVAL_2D = 320'b0,
    parameter logic [319:0] INITVAL_2E = 320'b0,
    parameter logic [319:0] INITVAL_2F = 320'b0,
    parameter logic [319:0] INITVAL_30 = 320'b0,
    parameter logic [319:0] INITVAL_31 = 320'b0,
    parameter logic [319:0] INITVAL_32 = 320'b0,
    parameter logic [319:0] INITVAL_33 = 320'b0,
    parameter logic [319:0] INITVAL_34 = 320'b0,
    parameter logic [319:0] INITVAL_35 = 320'b0,
    parameter logic [319:0] INITVAL_36 = 320'b0,
    parameter logic [319:0] INITVAL_37 = 320'b0,
    parameter logic [319:0] INITVAL_38 = 320'b0,
    parameter logic [319:0] INITVAL_39 = 320'b0,
    parameter logic [319:0] INITVAL_3A = 320'b0,
    parameter logic [319:0] INITVAL_3B = 320'b0,
    parameter logic [319:0] INITVAL_3C = 320'b0,
    parameter logic [319:0] INITVAL_3D = 320'b0,
    parameter logic [319:0] INITVAL_3E = 320'b0,
    parameter logic [319:0] INITVAL_3F = 320'b0
) (
    input logic DIA17, input logic DIA16, input logic DIA15, input logic DIA14, input logic DIA13, input logic DIA12,
    input logic DIA11, input logic DIA10, input logic DIA9, input logic DIA8, input logic DIA7, input logic DIA6,
    input logic DIA5, input logic DIA4, input logic DIA3, input logic DIA2, input logic DIA1, input logic DIA0,
    input logic ADA13, input logic ADA12, input logic ADA11, input logic ADA10, input logic ADA9, input logic ADA8,
    input logic ADA7, input logic ADA6, input logic ADA5, input logic ADA4, input logic ADA3, input logic ADA2,
    input logic ADA1, input logic ADA0,
    input logic CEA, input logic OCEA, input logic CLKA, input logic WEA, input logic RSTA,
    input logic CSA2, input logic CSA1, input logic CSA0,
    output logic DOA17, output logic DOA16, output logic DOA15, output logic DOA14, output logic DOA13,
    output logic DOA12, output logic DOA11, output logic DOA10, output logic DOA9, output logic DOA8,
    output logic DOA7, output logic DOA6, output logic DOA5, output logic DOA4, output logic DOA3, output logic DOA2,
    output logic DOA1, output logic DOA0,
    input logic DIB17, input logic DIB16, input logic DIB15, input logic DIB14, input logic DIB13, input logic DIB12,
    input logic DIB11, input logic DIB10, input logic DIB9, input logic DIB8, input logic DIB7, input logic DIB6,
    input logic DIB5, input logic DIB4, input logic DIB3, input logic DIB2, input logic DIB1, input logic DIB0,
    input logic ADB13, input logic ADB12, input logic ADB11, input logic ADB10, input logic ADB9, input logic ADB8,
    input logic ADB7, input logic ADB6, input logic ADB5, input logic ADB4, input logic ADB3, input logic ADB2,
    input logic ADB1, input logic ADB0,
    input logic CEB, input logic OCEB, input logic CLKB, input logic WEB, input logic RSTB,
    input logic CSB2, input logic CSB1, input logic CSB0,
    output logic DOB17, output logic DOB16, output logic DOB15, output logic DOB14, output logic DOB13,
    output logic DOB12, output logic DOB11, output logic DOB10, output logic DOB9, output logic DOB8,
    output logic DOB7, output logic DOB6, output logic DOB5, output logic DOB4, output logic DOB3, output logic DOB2,
    output logic DOB1, output logic DOB0
);
  // A line is 36 bits: the least that every width divides. INITVAL_xx holds 16 words of 18 bits, each in 20.
  localparam logic [20479:0] INITIAL = {INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C, INITVAL_3B, INITVAL_3A,
    INITVAL_39, INITVAL_38, INITVAL_37, INITVAL_36, INITVAL_35, INITVAL_34, INITVAL_33, INITVAL_32, INITVAL_31,
    INITVAL_30, INITVAL_2F, INITVAL_2E, INITVAL_2D, INITVAL_2C, INITVAL_2B, INITVAL_2A, INITVAL_29, INITVAL_28,
    INITVAL_27, INITVAL_26, INITVAL_25, INITVAL_24, INITVAL_23, INITVAL_22, INITVAL_21, INITVAL_20, INITVAL_1F,
    INITVAL_1E, INITVAL_1D, INITVAL_1C, INITVAL_1B, INITVAL_1A, INITVAL_19, INITVAL_18, INITVAL_17, INITVAL_16,
    INITVAL_15, INITVAL_14, INITVAL_13, INITVAL_12, INITVAL_11, INITVAL_10, INITVAL_0F, INITVAL_0E, INITVAL_0D,
    INITVAL_0C, INITVAL_0B, INITVAL_0A, INITVAL_09, INITVAL_08, INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04,
    INITVAL_03, INITVAL_02, INITVAL_01, INITVAL_00};
  /* verilator lint_off MULTIDRIVEN */
  logic [35:0] lines[0:511];
  /* verilator lint_on MULTIDRIVEN */
  initial
    for (int i = 0; i < 512; i++) lines[i] = {INITIAL[40*i+20+:18], INITIAL[40*i+:18]};

  // Place in the line, of the least significant bit of a port's word.
  function automatic logic [5:0] place(input int width, input logic [4:0] address);
    place = 6'd0;
    if (width <= 18) place = address[4] ? 6'd18 : 6'd0;
    if (width <= 9 && address[3]) place = place + 6'd9;
    if (width == 4) place = place + {3'd0, address[2], 2'd0};
    if (width == 2) place = place + {3'd0, address[2:1], 1'd0};
    if (width == 1) place = place + {3'd0, address[2:0]};
  endfunction

  // Bits of the line that a port touches. Wide words have a write enable for each 9 bits, in the low address bits.
  function automatic logic [35:0] touched(input int width, input logic [4:0] address, input logic write);
    touched = 36'(37'd1 << width) - 36'd1;
    if (width == 36) touched = '1;
    if (write && width >= 18)
      touched = touched & {{9{address[3]}}, {9{address[2]}}, {9{address[1]}}, {9{address[0]}}};
    touched = touched << place(width, address);
  endfunction

  /* verilator lint_off WIDTHEXPAND */  // strings of unequal lengths are compared
  logic clock_a, clock_b;
  logic [13:0] address_a, address_b;
  logic [35:0] data_a, data_b;
  logic [35:0] write_a, write_b;  // the bits each port writes in this cycle, in its line
  logic [35:0] hit_a, hit_b;  // the bits of each port's line that the other writes
  logic [35:0] line_a, line_b;  // as each port finds it
  logic [35:0] stored_a, stored_b;  // as each port leaves it
  logic [35:0] read_a, read_b, latched_a, latched_b;
  logic unused;

  assign clock_a = CLKAMUX == "INV" ? ~CLKA : CLKA;
  assign clock_b = CLKBMUX == "INV" ? ~CLKB : CLKB;
  assign address_a =
      {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0};
  assign address_b =
      {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0};
  always_comb begin
    data_a = '0;
    data_b = '0;
    data_a[17:0] =
        {DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2, DIA1,
          DIA0};
    data_b[17:0] =
        {DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2, DIB1,
          DIB0};
    if (DATA_WIDTH_A == 36) data_a[35:18] = data_b[17:0];
  end

  assign write_a = CEA && WEA && !RSTA ? touched(DATA_WIDTH_A, address_a[4:0], 1'b1) : '0;
  assign write_b = CEB && WEB && !RSTB ? touched(DATA_WIDTH_B, address_b[4:0], 1'b1) : '0;
  assign hit_a = address_a[13:5] == address_b[13:5] ? write_b : '0;
  assign hit_b = address_a[13:5] == address_b[13:5] ? write_a : '0;
  assign line_a = lines[address_a[13:5]];
  assign line_b = lines[address_b[13:5]];
  assign stored_a = (line_a & ~write_a) | ((data_a << place(DATA_WIDTH_A, address_a[4:0])) & write_a);
  assign stored_b = (line_b & ~write_b) | ((data_b << place(DATA_WIDTH_B, address_b[4:0])) & write_b);
  assign read_a = (((WRITEMODE_A == "WRITETHROUGH" ? stored_a : line_a) ^ hit_a)
      & touched(DATA_WIDTH_A, address_a[4:0], 1'b0)) >> place(DATA_WIDTH_A, address_a[4:0]);
  assign read_b = (((WRITEMODE_B == "WRITETHROUGH" ? stored_b : line_b) ^ hit_b)
      & touched(DATA_WIDTH_B, address_b[4:0], 1'b0)) >> place(DATA_WIDTH_B, address_b[4:0]);

  always_ff @(posedge clock_a) begin
    if (|write_a) lines[address_a[13:5]] <= stored_a;
    if (CEA && (WRITEMODE_A != "NORMAL" || !WEA)) latched_a <= read_a;
    if (RSTA) latched_a <= '0;
  end
  always_ff @(posedge clock_b) begin
    if (|write_b) lines[address_b[13:5]] <= stored_b;
    if (CEB && (WRITEMODE_B != "NORMAL" || !WEB)) latched_b <= read_b;
    if (RSTB) latched_b <= '0;
  end

  logic [35:0] registered_a, registered_b, out_a, out_b;
  always_ff @(posedge clock_a) if (OCEA) registered_a <= latched_a;
  always_ff @(posedge clock_b) if (OCEB) registered_b <= latched_b;
  assign out_a = REGMODE_A == "OUTREG" ? registered_a : latched_a;
  assign out_b = REGMODE_B == "OUTREG" ? registered_b : latched_b;
  assign {DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2, DOA1,
      DOA0} =
      DATA_WIDTH_B == 36 ? out_b[17:0] : out_a[17:0];
  assign {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2, DOB1,
      DOB0} =
      DATA_WIDTH_B == 36 ? out_b[35:18] : out_b[17:0];
  assign unused = &{1'b0, CSA2, CSA1, CSA0, CSB2, CSB1, CSB0, INITIAL[20479:20478], out_a[35:18],
      CSDECODE_A == CSDECODE_B, RESETMODE == ASYNC_RESET_RELEASE, GSR == "ENABLED"};
endmodule
