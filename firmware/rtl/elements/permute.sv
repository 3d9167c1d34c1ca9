// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Whole tensors, of one source or two, written to double buffers in one order and read in another: every beat of the
// result is a beat of a source, or zero, as an index memory says.
//
// A tensor is read while the next one is written, a beat a clock on either side, with no pause between tensors. Latency 3
// from the last beat in to the first one out. `ready` comes from registers. It does NOT move elements within a beat: use fewer lanes for that.
//
// A word of the index memory is {zero, source, beat}, from the most significant bit.

module permute #(
    parameter int SOURCES = 1,  // 1 or 2
    parameter int WIDTH = 8,  // bits of a beat
    parameter int BEATS0 = 2,  // beats of the first source's tensor
    parameter int BEATS1 = 0,  // beats of the second source's tensor; 0 if there is none
    parameter int OUT_BEATS = 2,  // beats of the result
    parameter logic [87:0] STYLE0 = "block",  // what the first buffer is built of, see stream_ram
    parameter logic [87:0] STYLE1 = "block",  // what the second buffer is built of
    parameter bit INDEX_BLOCK = 1'b1,  // whether the indices are in block RAM, or else logic
    parameter FILE = ""  // the indices, for $readmemh
) (
    input logic clk,
    input logic rst,  // synchronous; resets control only
    input logic [SOURCES-1:0] in_valid,  // one bit a source
    output logic [SOURCES-1:0] in_ready,
    input logic [SOURCES*WIDTH-1:0] in_data,  // beats, the first source's in the least significant bits
    output logic out_valid,
    input logic out_ready,
    output logic [WIDTH-1:0] out_data
);
  localparam int MostBeats = BEATS0 > BEATS1 ? BEATS0 : BEATS1;
  localparam int BeatWidth = MostBeats > 1 ? $clog2(MostBeats) : 1;
  localparam int IssueWidth = OUT_BEATS > 1 ? $clog2(OUT_BEATS) : 1;
  localparam int LastIssue = OUT_BEATS - 1;

  generate
    if (SOURCES < 1 || SOURCES > 2 || (SOURCES == 2) != (BEATS1 > 0)) begin : gen_bad_sources
      $error("permute: SOURCES must be 1 or 2, and BEATS1 be 0 with one source only");
    end
    if (WIDTH < 1 || BEATS0 < 1 || OUT_BEATS < 1) begin : gen_bad_size
      $error("permute: WIDTH, BEATS0 and OUT_BEATS must be at least 1");
    end
  endgenerate

  // Stages that run ahead: index, address. Stages that wait for a whole tensor: memory, result.
  logic [1:0] ahead;
  logic [1:0] enable;
  logic issued;  // an index is read
  logic [IssueWidth-1:0] count;  // which
  logic last;  // of a tensor
  logic half;  // of the buffers, that it is about
  logic [BeatWidth+1:0] index;
  logic index_last;
  logic index_half;
  logic address_valid;
  logic address_zero;
  logic address_source;
  logic address_last;
  logic [SOURCES-1:0] stored;  // sources that have a whole tensor
  logic room;  // for what is read
  logic read;
  logic memory_zero;
  logic memory_source;
  logic [SOURCES*WIDTH-1:0] memory_data;

  assign last = count == IssueWidth'(LastIssue);
  assign read = address_valid && (&stored) && room;

  elastic #(
      .STAGES(2)
  ) ahead_control (
      .clk(clk),
      .rst(rst),
      .in_valid(1'b1),
      .in_ready(issued),
      .out_valid(address_valid),
      .out_ready(read),
      .enable(ahead)
  );

  elastic #(
      .STAGES(2)
  ) control (
      .clk(clk),
      .rst(rst),
      .in_valid(address_valid && (&stored)),
      .in_ready(room),
      .out_valid(out_valid),
      .out_ready(out_ready),
      .enable(enable)
  );

  table_rom #(
      .WIDTH(BeatWidth + 2),
      .DEPTH(OUT_BEATS),
      .BLOCK(INDEX_BLOCK),
      .FILE(FILE)
  ) indices (
      .clk(clk),
      .enable(ahead[0]),
      .address(count),
      .data(index)
  );

  always_ff @(posedge clk) begin
    if (rst) begin
      count <= '0;
      half <= 1'b0;
    end else if (issued) begin
      count <= last ? '0 : count + 1'b1;
      half <= half ^ last;
    end
    if (ahead[0]) begin
      index_last <= last;
      index_half <= half;
    end
    if (ahead[1]) begin
      address_zero <= index[BeatWidth+1];
      address_source <= index[BeatWidth];
      address_last <= index_last;
    end
    if (enable[0]) begin
      memory_zero <= address_zero;
      memory_source <= address_source;
    end
  end

  for (genvar s = 0; s < SOURCES; s++) begin : gen_source
    localparam int Beats = s == 0 ? BEATS0 : BEATS1;
    localparam int AddressWidth = $clog2(2 * Beats);
    localparam int LastBeat = Beats - 1;
    localparam int LastWord = 2 * Beats - 1;

    logic [AddressWidth-1:0] write_address;
    logic [AddressWidth-1:0] read_address;
    logic [1:0] full;  // halves that hold a whole tensor
    logic write;
    logic filled;  // the last beat of a tensor is written
    logic emptied;  // the last beat of the result is read

    assign in_ready[s] = !full[1];
    assign stored[s] = full != 2'd0;
    assign write = in_valid[s] && in_ready[s];
    assign filled = write && (write_address == AddressWidth'(LastBeat) || write_address == AddressWidth'(LastWord));
    assign emptied = read && address_last;

    always_ff @(posedge clk) begin
      if (rst) begin
        write_address <= '0;
        full <= 2'd0;
      end else begin
        if (write) begin
          write_address <= write_address == AddressWidth'(LastWord) ? '0 : write_address + 1'b1;
        end
        if (filled != emptied) full <= filled ? full + 2'd1 : full - 2'd1;
      end
      if (ahead[1]) begin
        read_address <= AddressWidth'(index[BeatWidth-1:0]) + (index_half ? AddressWidth'(Beats) : '0);
      end
    end

    stream_ram #(
        .WIDTH(WIDTH),
        .DEPTH(2 * Beats),
        .STYLE(s == 0 ? STYLE0 : STYLE1)
    ) memory (
        .clk(clk),
        .write(write),
        .write_address(write_address),
        .write_data(in_data[s*WIDTH+:WIDTH]),
        .read(enable[0]),
        .read_address(read_address),
        .read_data(memory_data[s*WIDTH+:WIDTH])
    );
  end

  generate
    if (SOURCES == 2) begin : gen_either
      always_ff @(posedge clk) begin
        if (enable[1]) begin
          out_data <= memory_zero ? '0 : memory_source ? memory_data[WIDTH+:WIDTH] : memory_data[0+:WIDTH];
        end
      end
    end else begin : gen_only
      logic unused;
      assign unused = &{1'b0, memory_source};
      always_ff @(posedge clk) if (enable[1]) out_data <= memory_zero ? '0 : memory_data;
    end
  endgenerate
endmodule
