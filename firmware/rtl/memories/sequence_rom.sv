// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Constants one after the other, over and over: the clock after each `step` has the next word, however it is stored.
//
// From LUTs the word is looked up when it is asked for. From block RAM it is read one step ahead, and the word asked for
// goes through a register, which some devices have in the block. It does NOT hold a word for longer than that clock.
module sequence_rom #(
    parameter int WIDTH = 8,  // bits of a word
    parameter int DEPTH = 2,  // words
    parameter bit BLOCK = 1'b1,  // block RAM, or else logic
    parameter FILE = ""  // the words, for $readmemh; zeros if empty
) (
    input  logic             clk,
    input  logic             rst,   // synchronous, for a clock at least; begins with the first word
    input  logic             step,
    output logic [WIDTH-1:0] data
);
  localparam int AddressWidth = DEPTH > 1 ? $clog2(DEPTH) : 1;
  logic [AddressWidth-1:0] address;

  always_ff @(posedge clk) begin
    if (rst) address <= BLOCK && DEPTH > 1 ? AddressWidth'(1) : '0;
    else if (step) address <= address == AddressWidth'(DEPTH - 1) ? '0 : address + 1'b1;
  end

  generate
    if (BLOCK) begin : gen_block
      logic [WIDTH-1:0] ahead;
      table_rom #(
          .WIDTH(WIDTH),
          .DEPTH(DEPTH),
          .BLOCK(1'b1),
          .FILE (FILE)
      ) rom (
          .clk(clk),
          .enable(rst || step),
          .address(rst ? AddressWidth'(0) : address),
          .data(ahead)
      );
      always_ff @(posedge clk) data <= ahead;
    end else begin : gen_logic
      table_rom #(
          .WIDTH(WIDTH),
          .DEPTH(DEPTH),
          .BLOCK(1'b0),
          .FILE (FILE)
      ) rom (
          .clk(clk),
          .enable(1'b1),
          .address(address),
          .data(data)
      );
    end
  endgenerate
endmodule
