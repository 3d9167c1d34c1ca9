// Bytes to a serial line: 8 data bits, no parity, 1 stop bit.
//
// A byte takes 10 * DIVIDER cycles; the next may follow without a pause.
//
// What it does NOT do: flow control; parity.
module uart_tx #(
    parameter int DIVIDER = 16  // clock cycles of a bit, at least 4
) (
    input  logic       clk,
    input  logic       rst,     // synchronous; resets control only
    input  logic       valid,
    output logic       ready,   // high for the cycle in which the byte is taken
    input  logic [7:0] data,
    output logic       tx       // the line, high when idle
);
    localparam int TIMER_W = $clog2(DIVIDER + 1);

    generate
        if (DIVIDER < 4) begin : gen_bad_divider
            $error("uart_tx: DIVIDER must be at least 4");
        end
    endgenerate

    logic [TIMER_W-1:0] timer;  // cycles until the next bit
    logic [3:0]         left;   // bits that follow the one on the line
    logic [8:0]         bits;   // those bits, the next one lowest

    wire step = timer == '0;
    assign ready = step & (left == '0);

    always_ff @(posedge clk) begin
        if (rst) begin
            timer <= '0;
            left  <= '0;
            tx    <= 1'b1;
        end else if (!step) begin
            timer <= timer - 1'b1;
        end else if (left != '0) begin
            timer <= TIMER_W'(DIVIDER - 1);
            left  <= left - 1'b1;
            tx    <= bits[0];
        end else if (valid) begin
            timer <= TIMER_W'(DIVIDER - 1);
            left  <= 4'd9;
            tx    <= 1'b0;
        end
    end

    always_ff @(posedge clk) begin
        if (ready) bits <= {1'b1, data};
        else if (step) bits <= {1'b1, bits[8:1]};
    end
endmodule
