// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A table read through one or two ports, each with an address and an enable of its own; synchronous, latency 1.
//
// Two ports share one block RAM where the device's has two that are wide enough. It does NOT register a second time:
// behind block RAM do that before any logic.

module table_rom #(
    parameter int WIDTH = 8,  // bits of a word
    parameter int DEPTH = 2,  // words
    parameter int PORTS = 1,  // read ports, 1 or 2
    parameter bit BLOCK = 1'b1,  // block RAM, or else logic
    parameter FILE = ""  // the words, for $readmemh; zeros if empty
) (
    input logic clk,
    input logic [PORTS-1:0] enable,  // which ports read
    input logic [PORTS*(DEPTH>1?$clog2(DEPTH):1)-1:0] address,  // where, the first port in the least significant bits
    output logic [PORTS*WIDTH-1:0] data  // words, likewise
);
  localparam int AddressWidth = DEPTH > 1 ? $clog2(DEPTH) : 1;

  generate
    if (WIDTH < 1 || DEPTH < 1 || PORTS < 1 || PORTS > 2) begin : gen_illegal
      $error("table_rom: WIDTH and DEPTH must be at least 1, PORTS 1 or 2");
    end

    if (BLOCK) begin : gen_block
      (* ram_style = "block", rom_style = "block" *) logic [WIDTH-1:0] words[DEPTH];
      if (FILE != "") begin : gen_load
        initial $readmemh(FILE, words);
      end else begin : gen_zero
        initial for (int i = 0; i < DEPTH; i++) words[i] = '0;
      end
      for (genvar port = 0; port < PORTS; port++) begin : gen_port
        always_ff @(posedge clk) begin
          if (enable[port]) data[port*WIDTH+:WIDTH] <= words[address[port*AddressWidth+:AddressWidth]];
        end
      end
    end else begin : gen_logic
      (* ram_style = "logic", rom_style = "distributed" *) logic [WIDTH-1:0] words[DEPTH];
      if (FILE != "") begin : gen_load
        initial $readmemh(FILE, words);
      end else begin : gen_zero
        initial for (int i = 0; i < DEPTH; i++) words[i] = '0;
      end
      for (genvar port = 0; port < PORTS; port++) begin : gen_port
        always_ff @(posedge clk) begin
          if (enable[port]) data[port*WIDTH+:WIDTH] <= words[address[port*AddressWidth+:AddressWidth]];
        end
      end
    end
  endgenerate
endmodule
