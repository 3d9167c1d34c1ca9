// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Output FIFO of a free-running pipeline, and the credits that keep it from overflowing.
//
// A place is reserved (`take`) when something enters the pipeline whose result will need one; `free` says whether that
// is allowed. The result arrives by `push` any number of clocks later, in order, and nothing ever has to stop it. The
// place is free again in the clock after its beat has left through `out`.
//
// A pushed beat is offered DEPTH clocks later if DEPTH is at most 3 (a chain of registers), else 2 clocks later
// (a memory of DEPTH - 1 words and an output register; with LUT RAM 17 is a good depth).
//
// It does NOT check: `take` without `free`, or `push` without an earlier `take`, loses beats.
module credit_fifo #(
    parameter int WIDTH = 8,  // bits of a beat
    parameter int DEPTH = 1,  // places, at least 1
    parameter bit LUT_RAM = 1'b1  // whether the device has LUT RAM, for the memory
) (
    input  logic             clk,
    input  logic             rst,        // synchronous; resets control only
    output logic             free,       // a place can be reserved; from a register
    input  logic             take,       // reserve a place
    input  logic             push,       // a result arrives
    input  logic [WIDTH-1:0] push_data,
    output logic             out_valid,
    input  logic             out_ready,
    output logic [WIDTH-1:0] out_data
);
  localparam int CountWidth = $clog2(DEPTH + 1);
  localparam int LongestChain = 3;

  logic give;
  assign give = out_valid & out_ready;

  generate
    if (WIDTH < 1 || DEPTH < 1) begin : gen_illegal
      $error("credit_fifo: WIDTH and DEPTH must be at least 1");
    end

    if (DEPTH == 1) begin : gen_one_credit
      always_ff @(posedge clk) begin
        if (rst || give) free <= 1'b1;
        else if (take) free <= 1'b0;
      end
    end else begin : gen_credits
      logic [CountWidth-1:0] credits;  // places not reserved

      always_ff @(posedge clk) begin
        if (rst) begin
          credits <= CountWidth'(DEPTH);
          free <= 1'b1;
        end else if (give != take) begin
          credits <= give ? credits + 1'b1 : credits - 1'b1;
          free <= give || credits != CountWidth'(1);
        end
      end
    end

    if (DEPTH <= LongestChain) begin : gen_chain
      // Place 0 is the newest. Every beat moves on as soon as the place before it is empty or emptied.
      logic [DEPTH-1:0] full;
      logic [DEPTH:0] moves;  // place i takes what place i - 1 has; the last one is the output

      for (genvar i = 0; i < DEPTH; i++) begin : gen_place
        logic [WIDTH-1:0] data;

        assign moves[i] = !full[i] || moves[i+1];
        if (i == 0) begin : gen_newest
          always_ff @(posedge clk) begin
            if (rst) full[i] <= 1'b0;
            else if (moves[i]) full[i] <= push;
          end
          always_ff @(posedge clk) if (moves[i]) data <= push_data;
        end else begin : gen_older
          always_ff @(posedge clk) begin
            if (rst) full[i] <= 1'b0;
            else if (moves[i]) full[i] <= full[i-1];
          end
          always_ff @(posedge clk) if (moves[i]) data <= gen_place[i-1].data;
        end
      end
      assign moves[DEPTH] = out_ready;
      assign out_valid = full[DEPTH-1];
      assign out_data = gen_place[DEPTH-1].data;
    end else begin : gen_memory
      localparam int Words = DEPTH - 1;
      localparam int AddressWidth = $clog2(Words);
      localparam int FillWidth = $clog2(Words + 1);
      localparam logic [AddressWidth-1:0] Last = AddressWidth'(Words - 1);

      logic [AddressWidth-1:0] write_address;
      logic [AddressWidth-1:0] read_address;
      logic [FillWidth-1:0] fill;  // beats in the memory
      logic stored;  // fill is not 0
      logic read;

      assign read = stored && (!out_valid || out_ready);

      always_ff @(posedge clk) begin
        if (rst) begin
          write_address <= '0;
          read_address <= '0;
          fill <= '0;
          stored <= 1'b0;
          out_valid <= 1'b0;
        end else begin
          if (push) write_address <= write_address == Last ? '0 : write_address + 1'b1;
          if (read) read_address <= read_address == Last ? '0 : read_address + 1'b1;
          if (push != read) begin
            fill <= push ? fill + 1'b1 : fill - 1'b1;
            stored <= push || fill != FillWidth'(1);
          end
          if (!out_valid || out_ready) out_valid <= stored;
        end
      end

      if (LUT_RAM) begin : gen_distributed
        (* ram_style = "distributed" *) logic [WIDTH-1:0] memory[Words];
        always_ff @(posedge clk) begin
          if (push) memory[write_address] <= push_data;
          if (read) out_data <= memory[read_address];
        end
      end else begin : gen_block
        logic [WIDTH-1:0] memory[Words];
        always_ff @(posedge clk) begin
          if (push) memory[write_address] <= push_data;
          if (read) out_data <= memory[read_address];
        end
      end
    end
  endgenerate
endmodule
