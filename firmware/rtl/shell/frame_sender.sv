// Frames to bytes. A frame: a5 5a, tag, status, length (4 bytes, lowest first), payload, CRC-32 of all from the tag on.
//
// What it does NOT do: end early: it waits for every byte of the payload that the length promises.
module frame_sender (
    input  logic        clk,
    input  logic        rst,            // synchronous; resets control only
    input  logic        start,          // for one cycle while not `busy`; tag, status and length stay until the end
    input  logic [7:0]  tag,
    input  logic [7:0]  status,
    input  logic [31:0] length,         // bytes of the payload
    output logic        busy,
    input  logic        payload_valid,
    output logic        payload_ready,  // high for the cycle in which a byte is taken
    input  logic [7:0]  payload_data,
    output logic        byte_valid,
    input  logic        byte_ready,
    output logic [7:0]  byte_data
);
    typedef enum logic [2:0] {REST, SYNC, HEAD, PAYLOAD, SETTLE, CHECK, LAST} state_t;
    state_t state;

    logic [2:0]  index;  // in a field
    logic [31:0] left;   // bytes of the payload still to go
    logic        none_left;
    logic        crc_busy;
    logic [31:0] crc, crc_shift;
    logic [47:0] head;
    logic        crc_valid;

    // The checksum is bit-serial; on a line it is always done in time, a faster consumer is held up.
    wire step = !byte_valid & !crc_busy & !crc_valid;

    assign busy = state != REST;
    assign payload_ready = state == PAYLOAD && step && !none_left;

    crc32 checksum (
        .clk(clk),
        .clear(state == SYNC),
        .valid(crc_valid),
        .data(byte_data),
        .busy(crc_busy),
        .value(crc)
    );

    always_ff @(posedge clk) begin
        crc_valid <= 1'b0;
        if (byte_ready) byte_valid <= 1'b0;
        if (rst) begin
            state      <= REST;
            byte_valid <= 1'b0;
        end else begin
            case (state)
                REST: begin
                    index <= '0;
                    if (start) state <= SYNC;
                end
                SYNC: if (step) begin
                    byte_valid <= 1'b1;
                    byte_data  <= index == 3'd0 ? 8'ha5 : 8'h5a;
                    index      <= index == 3'd0 ? 3'd1 : 3'd0;
                    if (index != 3'd0) state <= HEAD;
                end
                HEAD: if (step) begin
                    byte_valid <= 1'b1;
                    byte_data  <= head[7:0];
                    crc_valid  <= 1'b1;
                    index      <= index == 3'd5 ? 3'd0 : index + 1'b1;
                    if (index == 3'd5) state <= PAYLOAD;
                end
                PAYLOAD: begin
                    if (none_left) state <= SETTLE;
                    else if (step && payload_valid) begin
                        byte_valid <= 1'b1;
                        byte_data  <= payload_data;
                        crc_valid  <= 1'b1;
                    end
                end
                SETTLE: if (!crc_busy && !crc_valid) state <= CHECK;
                CHECK: if (step) begin
                    byte_valid <= 1'b1;
                    byte_data  <= ~crc_shift[7:0];
                    index      <= index + 1'b1;
                    if (index == 3'd3) state <= LAST;
                end
                LAST: if (!byte_valid) state <= REST;
                default: state <= REST;
            endcase
        end
    end

    always_ff @(posedge clk) begin
        if (state == SYNC) head <= {length, status, tag};
        else if (state == HEAD && step) head <= head >> 8;
        if (state == SYNC) left <= length;
        else if (payload_ready && payload_valid) left <= left - 1'b1;
        // In time for the next byte, which the checksum holds up.
        none_left <= left == '0;
        if (state == SETTLE) crc_shift <= crc;
        else if (state == CHECK && step) crc_shift <= crc_shift >> 8;
    end
endmodule
