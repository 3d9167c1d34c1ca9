// A memory with one write port and one read port, read synchronously: the word asked for with `read` is at `read_data`
// after the clock edge, and stays until the next `read`.
//
// Does NOT reset or initialize the words, and does NOT define what is read from an address that is written in the same
// clock cycle: its users never do that.
module stream_ram #(
    parameter int WIDTH = 8,      // bits of a word
    parameter int DEPTH = 16,     // words, at least 2
    parameter logic [87:0] STYLE = "block" // what it is built of: "block", "distributed" (LUT RAM) or "registers"
) (
    input  logic                     clk,
    input  logic                     write,          // store write_data
    input  logic [$clog2(DEPTH)-1:0] write_address,  // where
    input  logic [        WIDTH-1:0] write_data,
    input  logic                     read,           // fetch a word
    input  logic [$clog2(DEPTH)-1:0] read_address,   // from where
    output logic [        WIDTH-1:0] read_data       // the word fetched last
);

  if (WIDTH < 1) begin : gen_bad_0
    $error("stream_ram: WIDTH must be at least 1");
  end
  if (DEPTH < 2) begin : gen_bad_1
    $error("stream_ram: DEPTH must be at least 2");
  end
  if (STYLE != "block" && STYLE != "distributed" && STYLE != "registers") begin : gen_bad_2
    $error("stream_ram: STYLE must be block, distributed or registers");
  end

  (* ram_style = STYLE, no_rw_check *)
  logic [WIDTH-1:0] words[0:DEPTH-1];

  always_ff @(posedge clk) begin
    if (write) words[write_address] <= write_data;
    if (read) read_data <= words[read_address];
  end

endmodule
