// First in, first out, for exactly DEPTH beats, the one at the output included: it takes beats until it holds so many.
//
// Valid, ready and data are registers; a beat every clock cycle. Latency 1 in LUT RAM or flip-flops, 3 in block RAM
// (RAM, a register behind each of its memories, which block RAM brings; data is chosen between them, where they are
// several). Does NOT tell how full it is, and does NOT cross clocks.
module stream_fifo #(
    parameter int WIDTH = 8,            // bits of a beat
    parameter int DEPTH = 16,           // beats, at least 2; at least 5 in block RAM
    parameter int BANK = 2048,          // words of a memory of block RAM; what does not fit is in more than one
    parameter logic [87:0] STYLE = "distributed" // what it is built of: "block", "distributed" (LUT RAM) or "registers"
) (
    input  logic             clk,
    input  logic             rst,        // synchronous
    input  logic             in_valid,
    output logic             in_ready,
    input  logic [WIDTH-1:0] in_data,
    output logic             out_valid,
    input  logic             out_ready,
    output logic [WIDTH-1:0] out_data
);

  localparam bit BLOCK = STYLE == "block";
  // Words of memory: beats in the registers behind it are not in it.
  localparam int WORDS = BLOCK ? DEPTH - 2 : DEPTH > 2 ? DEPTH - 1 : 2;
  localparam int ADDRESS_BITS = $clog2(WORDS);
  localparam int COUNT_BITS = $clog2(DEPTH) + 1;

  if (WIDTH < 1) begin : gen_bad_0
    $error("stream_fifo: WIDTH must be at least 1");
  end
  if (DEPTH < 2) begin : gen_bad_1
    $error("stream_fifo: DEPTH must be at least 2");
  end
  if (BLOCK && DEPTH < 5) begin : gen_bad_2
    $error("stream_fifo: DEPTH must be at least 5 in block RAM");
  end
  if (BANK < 2 || BANK != 1 << $clog2(BANK)) begin : gen_bad_bank
    $error("stream_fifo: BANK must be a power of two, at least 2");
  end
  if (STYLE != "block" && STYLE != "distributed" && STYLE != "registers") begin : gen_bad_3
    $error("stream_fifo: STYLE must be block, distributed or registers");
  end

  logic [ADDRESS_BITS-1:0] write_address;
  logic [ADDRESS_BITS-1:0] read_address;
  // Free places, and beats in memory, less one: the sign bits say that there are none.
  logic [  COUNT_BITS-1:0] room;
  logic [  COUNT_BITS-1:0] stored;
  wire                     empty = stored[COUNT_BITS-1];
  wire                     take = in_valid && in_ready;
  wire                     give = out_valid && out_ready;
  wire                     move = !out_valid || out_ready;
  logic                    push;
  logic                    pop;

  assign in_ready = !room[COUNT_BITS-1];

  always_ff @(posedge clk) begin
    if (rst) begin
      write_address <= '0;
      read_address  <= '0;
      room          <= COUNT_BITS'(DEPTH - 1);
      stored        <= '1;
    end else begin
      if (push) write_address <= write_address == ADDRESS_BITS'(WORDS - 1) ? '0 : write_address + 1'b1;
      if (pop) read_address <= read_address == ADDRESS_BITS'(WORDS - 1) ? '0 : read_address + 1'b1;
      if (take && !give) room <= room - 1'b1;
      if (give && !take) room <= room + 1'b1;
      if (push && !pop) stored <= stored + 1'b1;
      if (pop && !push) stored <= stored - 1'b1;
    end
  end

  if (BLOCK) begin : gen_block
    localparam int BANKS = (WORDS + BANK - 1) / BANK;
    localparam int BANK_BITS = BANKS > 1 ? $clog2(BANKS) : 1;
    // The last one is as large as the others: of a smaller one synthesis may make several that are less deep.
    localparam int SIZE = BANKS > 1 ? BANK : WORDS;
    localparam int PLACE_BITS = $clog2(SIZE);

    logic                   fetched;
    logic [      WIDTH-1:0] fetched_data[0:BANKS-1];
    logic [      WIDTH-1:0] offered_data[0:BANKS-1];
    logic [  BANK_BITS-1:0] fetched_bank;
    logic [  BANK_BITS-1:0] offered_bank;
    wire                    fetch = !fetched || move;

    assign push = take;
    assign pop  = fetch && !empty;

    // Between memories is chosen behind the register of each: before it the delay of block RAM would count.
    assign out_data = offered_data[offered_bank];

    for (genvar bank = 0; bank < BANKS; bank++) begin : gen_bank
      stream_ram #(
          .WIDTH(WIDTH),
          .DEPTH(SIZE),
          .STYLE(STYLE)
      ) ram (
          .clk          (clk),
          .write        (take && BANK_BITS'(write_address >> $clog2(BANK)) == BANK_BITS'(bank)),
          .write_address(PLACE_BITS'(write_address)),
          .write_data   (in_data),
          .read         (fetch),
          .read_address (PLACE_BITS'(read_address)),
          .read_data    (fetched_data[bank])
      );

      always_ff @(posedge clk) if (move) offered_data[bank] <= fetched_data[bank];
    end

    always_ff @(posedge clk) begin
      if (fetch) fetched_bank <= BANK_BITS'(read_address >> $clog2(BANK));
      if (move) offered_bank <= fetched_bank;
      if (rst) begin
        fetched   <= 1'b0;
        out_valid <= 1'b0;
      end else begin
        if (fetch) fetched <= !empty;
        if (move) out_valid <= fetched;
      end
    end
  end else begin : gen_fabric
    (* ram_style = STYLE, no_rw_check *)
    logic [WIDTH-1:0] words[0:WORDS-1];

    // With nothing in memory a beat goes straight to the output.
    assign pop  = move && !empty;
    assign push = take && !(move && empty);

    always_ff @(posedge clk) begin
      // Where a place is free, the word at write_address is nobody's.
      if (in_ready) words[write_address] <= in_data;
      if (move) out_data <= empty ? in_data : words[read_address];
      if (rst) out_valid <= 1'b0;
      else if (move) out_valid <= take || !empty;
    end
  end

endmodule
