// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Constants one after the other, over and over: the clock after each `step` has the next word, however it is stored.
//
// From LUTs the word is looked up when it is asked for. From block RAM it is read one step ahead, and the word asked for
// goes through a register, which some devices have in the block. Of many words a ROW of several is read at once: far
// fewer blocks are then one behind the other, to choose from within a clock; what is left of a row waits in registers.
// The next row is asked for a clock after the last one was taken, by a register: it may be that of blocks all over a chip.
//
//     row -> its first word   -> data
//        `-> the other words -'         from each of them shifted out by a step
//
// It does NOT hold a word for longer than that clock.
module sequence_rom #(
    parameter int WIDTH = 8,  // bits of a word
    parameter int DEPTH = 2,  // words
    parameter bit BLOCK = 1'b1,  // block RAM, or else logic
    parameter int ROW = 1,  // words read at once; divides DEPTH; more than 1 only from block RAM
    parameter FILE = ""  // DEPTH / ROW rows, the first word in the least significant bits, for $readmemh; zeros if empty
) (
    input  logic             clk,
    input  logic             rst,   // synchronous, for a clock at least; begins with the first word
    input  logic             step,
    output logic [WIDTH-1:0] data
);
  localparam int Rows = DEPTH / ROW;
  localparam int AddressWidth = Rows > 1 ? $clog2(Rows) : 1;
  logic [AddressWidth-1:0] address;
  logic take;  // a row is taken
  logic ask;  // for the next one

  generate
    if (ROW < 1 || Rows * ROW != DEPTH || (ROW > 1 && !BLOCK)) begin : gen_bad_row
      $error("sequence_rom: ROW must divide DEPTH, and be 1 unless BLOCK");
    end
  endgenerate

  always_ff @(posedge clk) begin
    if (rst) address <= BLOCK && Rows > 1 ? AddressWidth'(1) : '0;
    else if (ask) address <= address == AddressWidth'(Rows - 1) ? '0 : address + 1'b1;
  end

  generate
    if (BLOCK) begin : gen_block
      logic [ROW*WIDTH-1:0] ahead;
      table_rom #(
          .WIDTH(ROW * WIDTH),
          .DEPTH(Rows),
          .BLOCK(1'b1),
          .FILE (FILE)
      ) rom (
          .clk(clk),
          .enable(rst || ask),
          .address(rst ? AddressWidth'(0) : address),
          .data(ahead)
      );
      if (ROW > 1) begin : gen_row
        localparam int PlaceWidth = $clog2(ROW);
        logic [PlaceWidth-1:0] place;
        logic [(ROW-1)*WIDTH-1:0] left;
        assign take = step && place == '0;
        always_ff @(posedge clk) begin
          ask <= take && !rst;
          if (rst) place <= '0;
          else if (step) place <= place == PlaceWidth'(ROW - 1) ? '0 : place + 1'b1;
          if (take) left <= ahead[ROW*WIDTH-1:WIDTH];
          else if (step) left <= left >> WIDTH;
          data <= place == '0 ? ahead[WIDTH-1:0] : left[WIDTH-1:0];
        end
      end else begin : gen_word
        assign take = step;
        assign ask = take;
        always_ff @(posedge clk) data <= ahead;
      end
    end else begin : gen_logic
      assign take = step;
      assign ask = take;
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
