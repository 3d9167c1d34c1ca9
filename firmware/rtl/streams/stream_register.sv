// A register on a stream that cuts all combinational paths: valid, data and ready come from flip-flops (a skid buffer).
//
// Holds two beats. Latency 1, a beat every clock cycle. Does NOT cut less than that for less: every module of this
// library registers valid and data already, so it is only needed where ready is too slow.
module stream_register #(
    parameter int WIDTH = 8  // bits of a beat
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

  if (WIDTH < 1) begin : gen_bad_0
    $error("stream_register: WIDTH must be at least 1");
  end

  // The beat that came when the output was held up. There is none without one at the output.
  logic             spare_valid;
  logic [WIDTH-1:0] spare;
  wire              move = !out_valid || out_ready;

  assign in_ready = !spare_valid;

  always_ff @(posedge clk) begin
    if (move) out_data <= spare_valid ? spare : in_data;
    if (in_ready) spare <= in_data;
    if (rst) begin
      out_valid   <= 1'b0;
      spare_valid <= 1'b0;
    end else if (move) begin
      out_valid   <= spare_valid || in_valid;
      spare_valid <= 1'b0;
    end else begin
      spare_valid <= spare_valid || in_valid;
    end
  end

endmodule
