// One stream to COUNT consumers, each of which gets every beat, in the clock cycle in which it can take it (eager).
//
// Latency 1. The next beat comes in when the last consumer takes this one, so a beat every clock cycle if all are ready.
// Does NOT let one consumer run ahead of another by more than a beat: put a FIFO behind it for that.
module stream_fork #(
    parameter int WIDTH = 8,  // bits of a beat
    parameter int COUNT = 2   // consumers, at least 2
) (
    input  logic             clk,
    input  logic             rst,        // synchronous
    input  logic             in_valid,
    output logic             in_ready,
    input  logic [WIDTH-1:0] in_data,
    output logic [COUNT-1:0] out_valid,  // one bit a consumer
    input  logic [COUNT-1:0] out_ready,  // one bit a consumer
    output logic [WIDTH-1:0] out_data    // for all of them
);

  if (WIDTH < 1) begin : gen_bad_0
    $error("stream_fork: WIDTH must be at least 1");
  end
  if (COUNT < 2) begin : gen_bad_1
    $error("stream_fork: COUNT must be at least 2");
  end

  wire [COUNT-1:0] waiting = out_valid & ~out_ready;

  assign in_ready = waiting == '0;

  always_ff @(posedge clk) begin
    if (in_ready) out_data <= in_data;
    if (rst) out_valid <= '0;
    else if (in_ready) out_valid <= {COUNT{in_valid}};
    else out_valid <= waiting;
  end

endmodule
