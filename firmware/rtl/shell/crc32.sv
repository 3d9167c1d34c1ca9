// The CRC-32 of Ethernet and zlib, one bit a clock: a byte takes 8 cycles.
//
// `value` is the register itself: the checksum of what went in is its complement, and after the checksum's own four
// bytes (lowest first) have gone in too it is 32'hdebb20e3.
//
// What it does NOT do: take a byte while `busy`.
module crc32 (
    input  logic        clk,
    input  logic        clear,  // begin anew
    input  logic        valid,  // take `data`
    input  logic [7:0]  data,
    output logic        busy,
    output logic [31:0] value
);
    localparam logic [31:0] POLYNOMIAL = 32'hedb88320;

    logic [7:0] bits;
    logic [3:0] left;

    assign busy = left != '0;

    always_ff @(posedge clk) begin
        if (clear) left <= '0;
        else if (valid) left <= 4'd8;
        else if (busy) left <= left - 1'b1;
    end

    always_ff @(posedge clk) begin
        if (valid) bits <= data;
        else bits <= bits >> 1;
        if (clear) value <= '1;
        else if (busy) value <= (value >> 1) ^ ((value[0] ^ bits[0]) ? POLYNOMIAL : 32'd0);
    end
endmodule
