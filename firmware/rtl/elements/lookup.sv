// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A table of a function of one argument, for LANES elements a beat. Two lanes share a memory, a read port each.
//
// The address is bits of the raw (DIRECT), or the index that lookup_index computes. Latency: the index if computed (2,
// or 3 if SCALE is not 1), the memory, and with BLOCK the memory's output register. A beat a clock.
// It does NOT cut `ready`, which follows out_ready combinationally.

module lookup #(
    parameter int LANES = 1,  // elements a beat
    parameter int IN_WIDTH = 8,  // bits of an element
    parameter bit IN_SIGNED = 1'b1,  // whether it is in two's complement
    parameter int OUT_WIDTH = 8,  // bits of a table's word
    parameter int DEPTH = 256,  // words of the table; if DIRECT one for each address
    parameter FILE = "",  // the words, for $readmemh
    parameter bit BLOCK = 1'b1,  // whether the table is in block RAM, or else logic
    parameter bit DIRECT = 1'b1,  // whether the address is bits of the element
    parameter int DROP = 0,  // bits of the element below the address
    parameter int SCALE = 1,  // of lookup_index
    parameter int SHIFT = 0,  // of lookup_index
    parameter bit TOWARD_ZERO = 1'b0,  // of lookup_index
    parameter int OFFSET = 0  // of lookup_index
) (
    input logic clk,
    input logic rst,  // synchronous; resets control only
    input logic in_valid,
    output logic in_ready,
    input logic [LANES*IN_WIDTH-1:0] in_data,  // elements, the first in the least significant bits
    output logic out_valid,
    input logic out_ready,
    output logic [LANES*OUT_WIDTH-1:0] out_data  // results, likewise
);
  localparam int AddressWidth = DEPTH > 1 ? $clog2(DEPTH) : 1;
  localparam int IndexStages = DIRECT ? 0 : SCALE == 1 ? 2 : 3;
  localparam int Stages = IndexStages + (BLOCK ? 2 : 1);

  logic [Stages-1:0] enable;
  logic [LANES*AddressWidth-1:0] address;
  logic [LANES*OUT_WIDTH-1:0] words;

  generate
    if (LANES < 1 || IN_WIDTH < 1 || OUT_WIDTH < 1) begin : gen_bad_size
      $error("lookup: LANES, IN_WIDTH and OUT_WIDTH must be at least 1");
    end
    if (DIRECT && (DROP < 0 || DROP >= IN_WIDTH || DEPTH != 2 ** (IN_WIDTH - DROP))) begin : gen_bad_address
      $error("lookup: a direct table must have DEPTH = 2 ** (IN_WIDTH - DROP)");
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
    logic [IN_WIDTH-1:0] value;
    assign value = in_data[lane*IN_WIDTH+:IN_WIDTH];

    if (DIRECT) begin : gen_direct
      logic unused;
      assign address[lane*AddressWidth+:AddressWidth] = value[IN_WIDTH-1:DROP];
      assign unused = &{1'b0, value};
    end else begin : gen_computed
      lookup_index #(
          .WIDTH(IN_WIDTH),
          .SIGNED(IN_SIGNED),
          .SCALE(SCALE),
          .SHIFT(SHIFT),
          .TOWARD_ZERO(TOWARD_ZERO),
          .OFFSET(OFFSET),
          .DEPTH(DEPTH)
      ) where (
          .clk(clk),
          .enable(enable[IndexStages-1:0]),
          .value(value),
          .index(address[lane*AddressWidth+:AddressWidth])
      );
    end
  end

  for (genvar pair = 0; pair < (LANES + 1) / 2; pair++) begin : gen_pair
    localparam int Ports = 2 * pair + 1 < LANES ? 2 : 1;

    table_rom #(
        .WIDTH(OUT_WIDTH),
        .DEPTH(DEPTH),
        .PORTS(Ports),
        .BLOCK(BLOCK),
        .FILE(FILE)
    ) rom (
        .clk(clk),
        .enable({Ports{enable[IndexStages]}}),
        .address(address[2*pair*AddressWidth+:Ports*AddressWidth]),
        .data(words[2*pair*OUT_WIDTH+:Ports*OUT_WIDTH])
    );
  end

  generate
    if (BLOCK) begin : gen_register
      always_ff @(posedge clk) if (enable[Stages-1]) out_data <= words;
    end else begin : gen_through
      assign out_data = words;
    end
  endgenerate
endmodule
