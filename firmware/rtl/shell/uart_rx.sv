// Bytes from a serial line: 8 data bits, no parity, 1 stop bit, each bit sampled in its middle.
//
// What it does NOT do: hold a byte until it is wanted; flow control; parity.
module uart_rx #(
    parameter int DIVIDER = 16  // clock cycles of a bit, at least 4
) (
    input  logic       clk,
    input  logic       rst,     // synchronous; resets control only
    input  logic       rx,      // the line, asynchronous, high when idle
    output logic       valid,   // for one cycle: `data` is a byte
    output logic [7:0] data,
    output logic       broken   // for one cycle: a stop bit was missing
);
    localparam int TIMER_W = $clog2(DIVIDER + 1);

    generate
        if (DIVIDER < 4) begin : gen_bad_divider
            $error("uart_rx: DIVIDER must be at least 4");
        end
    endgenerate

    // Two registers against metastability, one to see edges.
    logic [2:0] line;
    always_ff @(posedge clk) begin
        if (rst) line <= '1;
        else line <= {line[1:0], rx};
    end

    logic               busy;
    logic [TIMER_W-1:0] timer;  // cycles until the next sample
    logic [3:0]         index;  // 0: start bit, 1 to 8: data, 9: stop bit

    wire sample = busy & (timer == '0);

    always_ff @(posedge clk) begin
        valid  <= 1'b0;
        broken <= 1'b0;
        if (rst) begin
            busy <= 1'b0;
        end else if (!busy) begin
            // A start bit begins with an edge: a line that is held low is no stream of bytes.
            busy  <= line[2] & !line[1];
            timer <= TIMER_W'(DIVIDER / 2 - 1);
            index <= '0;
        end else if (!sample) begin
            timer <= timer - 1'b1;
        end else begin
            timer <= TIMER_W'(DIVIDER - 1);
            index <= index + 1'b1;
            if (index == 4'd0 && line[1]) busy <= 1'b0;  // a glitch, no start bit
            if (index == 4'd9) begin
                busy   <= 1'b0;
                valid  <= line[1];
                broken <= !line[1];
            end
        end
    end

    always_ff @(posedge clk) begin
        if (sample && index != 4'd9) data <= {line[1], data[7:1]};
    end
endmodule
