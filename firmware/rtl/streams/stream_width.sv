// Joins narrow beats to wide ones, or takes wide ones apart; what comes first is in the least significant bits.
//
// Latency 1. A beat every clock cycle on the narrow side: a wide beat comes in while the last part of the one before it
// leaves, and a narrow one while the full wide one leaves. Does NOT convert between widths of which neither divides the
// other, and does NOT gather parts while a wide beat is held up at the output.
module stream_width #(
    parameter int IN_WIDTH  = 8,  // bits of an input beat
    parameter int OUT_WIDTH = 16  // bits of an output beat: a multiple or a divisor of IN_WIDTH, not equal
) (
    input  logic                 clk,
    input  logic                 rst,        // synchronous
    input  logic                 in_valid,
    output logic                 in_ready,
    input  logic [ IN_WIDTH-1:0] in_data,
    output logic                 out_valid,
    input  logic                 out_ready,
    output logic [OUT_WIDTH-1:0] out_data
);

  localparam int WIDE = IN_WIDTH > OUT_WIDTH ? IN_WIDTH : OUT_WIDTH;
  localparam int NARROW = IN_WIDTH > OUT_WIDTH ? OUT_WIDTH : IN_WIDTH;
  localparam int PARTS = WIDE / NARROW;
  localparam int COUNT_BITS = $clog2(PARTS) + 1;

  if (NARROW < 1) begin : gen_bad_0
    $error("stream_width: IN_WIDTH and OUT_WIDTH must be at least 1");
  end
  if (PARTS < 2) begin : gen_bad_1
    $error("stream_width: IN_WIDTH and OUT_WIDTH must differ");
  end
  if (WIDE % NARROW != 0) begin : gen_bad_2
    $error("stream_width: IN_WIDTH must be a multiple or a divisor of OUT_WIDTH");
  end

  logic [      WIDE-1:0] data;
  // Parts after this one, less one: the sign bit says that it is the last one.
  logic [COUNT_BITS-1:0] left;
  wire                   last = left[COUNT_BITS-1];
  wire                   move = !out_valid || out_ready;

  assign out_data = data[OUT_WIDTH-1:0];

  if (OUT_WIDTH > IN_WIDTH) begin : gen_join
    assign in_ready = move;

    always_ff @(posedge clk) begin
      if (move && in_valid) data <= {in_data, data[WIDE-1:NARROW]};
      if (rst) begin
        out_valid <= 1'b0;
        left      <= COUNT_BITS'(PARTS - 2);
      end else if (move) begin
        out_valid <= in_valid && last;
        if (in_valid) left <= last ? COUNT_BITS'(PARTS - 2) : left - 1'b1;
      end
    end
  end else begin : gen_part
    // With nothing at the output `last` is set too, so that a register alone chooses what enters `data`.
    assign in_ready = move && last;

    always_ff @(posedge clk) begin
      if (move) data <= last ? in_data : data >> NARROW;
      if (rst) begin
        out_valid <= 1'b0;
        left      <= '1;
      end else if (move) begin
        out_valid <= in_valid || !last;
        left      <= !last ? left - 1'b1 : in_valid ? COUNT_BITS'(PARTS - 2) : '1;
      end
    end
  end

endmodule
