// Frames from bytes. A frame: a5 5a, tag, kind, length (4 bytes, lowest first), payload, CRC-32 of all from the tag on.
//
// The payload is passed on byte by byte as it comes, before it is known to be sound; `done` tells what became of the
// frame. After damage the receiver waits until the line has been silent for IDLE cycles before it says so, so that no
// rest of the frame can pass for another one. A frame that stops in the middle ends the same way.
//
// What it does NOT do: take bytes while `done` waits for `accept`; judge kind or length.
module frame_receiver #(
    parameter int IDLE = 1000000  // cycles of silence that end a frame
) (
    input  logic        clk,
    input  logic        rst,            // synchronous; resets control only
    input  logic        byte_valid,
    input  logic [7:0]  byte_data,
    input  logic        byte_broken,    // a byte came without its stop bit
    output logic        started,        // for one cycle: a frame begins
    output logic        payload_valid,  // for one cycle: `payload_data` is the next byte of the payload
    output logic [7:0]  payload_data,
    output logic        done,           // the frame is over; stays until `accept`
    input  logic        accept,
    output logic [7:0]  status,         // with `done`: 0 sound, 1 damaged, 2 stopped in the middle
    output logic [7:0]  tag,
    output logic [7:0]  kind
);
    localparam int IDLE_W = $clog2(IDLE + 1);
    localparam logic [31:0] RESIDUE = 32'hdebb20e3;
    localparam logic [7:0] SOUND = 8'd0, DAMAGED = 8'd1, STOPPED = 8'd2;

    generate
        if (IDLE < 2) begin : gen_bad_idle
            $error("frame_receiver: IDLE must be at least 2");
        end
    endgenerate

    typedef enum logic [3:0] {HUNT, SYNC, TAG, KIND, LENGTH, PAYLOAD, CHECK, JUDGE, DRAIN, DONE} state_t;
    state_t state;

    logic [IDLE_W-1:0] silence;
    logic [31:0]       left;       // bytes of the payload still to come
    logic              none_left;
    logic [1:0]        index;      // in a field of four bytes
    logic              crc_busy, crc_was_busy;
    logic [31:0]       crc;
    logic              crc_sound;
    logic              silent;

    logic in_frame;  // from TAG to CHECK

    assign done = state == DONE;

    crc32 checksum (
        .clk(clk),
        .clear(state == SYNC),
        .valid(byte_valid & in_frame),
        .data(byte_data),
        .busy(crc_busy),
        .value(crc)
    );

    always_ff @(posedge clk) begin
        if (rst || byte_valid || byte_broken || state == HUNT) begin
            silence <= '0;
            silent  <= 1'b0;
        end else if (!silent) begin
            silence <= silence + 1'b1;
            silent  <= silence == IDLE_W'(IDLE - 2);
        end
    end

    always_ff @(posedge clk) begin
        started <= 1'b0;
        if (rst) begin
            state    <= HUNT;
            in_frame <= 1'b0;
        end else if (in_frame && byte_broken) begin
            state    <= DRAIN;
            in_frame <= 1'b0;
            status   <= DAMAGED;
        end else if (in_frame && silent) begin
            state    <= DONE;
            in_frame <= 1'b0;
            status   <= STOPPED;
        end else begin
            case (state)
                HUNT: if (byte_valid && byte_data == 8'ha5) state <= SYNC;
                SYNC: begin
                    if (byte_broken || silent) state <= HUNT;
                    else if (byte_valid && byte_data == 8'h5a) begin
                        state    <= TAG;
                        in_frame <= 1'b1;
                        started  <= 1'b1;
                    end else if (byte_valid && byte_data != 8'ha5) state <= HUNT;
                end
                TAG: if (byte_valid) state <= KIND;
                KIND: if (byte_valid) state <= LENGTH;
                LENGTH: if (byte_valid && index == 2'd3) state <= PAYLOAD;
                // No byte can come in the cycle or two that an empty payload takes.
                PAYLOAD: if (none_left) state <= CHECK;
                CHECK: if (byte_valid && index == 2'd3) begin
                    state    <= JUDGE;
                    in_frame <= 1'b0;
                end
                JUDGE: if (!crc_busy && !crc_was_busy) begin
                    state  <= crc_sound ? DONE : DRAIN;
                    status <= crc_sound ? SOUND : DAMAGED;
                end
                DRAIN: if (silent) state <= DONE;
                DONE: if (accept) state <= HUNT;
                default: state <= HUNT;
            endcase
        end
    end

    always_ff @(posedge clk) begin
        // A frame that stops before its tag is answered with tag 0.
        if (started) tag <= '0;
        else if (state == TAG && byte_valid) tag <= byte_data;
        if (state == KIND && byte_valid) kind <= byte_data;
    end

    always_ff @(posedge clk) begin
        if (state == LENGTH && byte_valid) left <= {byte_data, left[31:8]};
        else if (state == PAYLOAD && byte_valid) left <= left - 1'b1;
        crc_was_busy <= crc_busy;
        crc_sound <= crc == RESIDUE;
        none_left <= left == '0 && state == PAYLOAD;
        if (state == TAG) index <= '0;
        else if ((state == LENGTH || state == CHECK) && byte_valid) index <= index + 1'b1;
    end

    always_ff @(posedge clk) begin
        payload_valid <= byte_valid & (state == PAYLOAD);
        payload_data  <= byte_data;
    end
endmodule
