// Holds the beats of one network output as they come, one a clock, then gives them byte by byte.
//
// What it does NOT do: check that the network gives no more beats than it should; it just stops taking them.
module shell_sink #(
    parameter int BYTES = 1,   // of a beat
    parameter int BEATS = 1,   // of an inference
    parameter int SAMPLES = 1, // inferences it can hold
    parameter int BANK = 2048  // beats of a memory; what does not fit is in more than one
) (
    input  logic               clk,
    input  logic               rst,         // synchronous; resets control only
    input  logic               clear,       // forget all
    input  logic               in_valid,
    output logic               in_ready,
    input  logic [8*BYTES-1:0] in_data,
    input  logic               expect_one,  // for one cycle: one inference more is to come
    input  logic               open,        // while high, the beats of all expected inferences are taken
    output logic               done,        // all of them are here
    output logic               byte_valid,
    input  logic               byte_ready,  // high for the cycle in which the byte is taken
    output logic [7:0]         byte_data,   // lowest byte of a beat first
    output logic               byte_last    // the last one of an inference
);
    localparam int WORDS = BEATS * SAMPLES;
    localparam int ADDRESS_W = WORDS > 1 ? $clog2(WORDS) : 1;
    localparam int COUNT_W = $clog2(WORDS + BEATS + 1);  // an inference too many is expected before it is refused
    localparam int BEAT_W = BEATS > 1 ? $clog2(BEATS) : 1;
    localparam int INDEX_W = BYTES > 1 ? $clog2(BYTES) : 1;
    localparam int BANKS = (WORDS + BANK - 1) / BANK;
    localparam int BANK_W = BANKS > 1 ? $clog2(BANKS) : 1;

    generate
        if (BYTES < 1 || BEATS < 1 || SAMPLES < 1 || SAMPLES > 255) begin : gen_bad_size
            $error("shell_sink: BYTES and BEATS must be at least 1, SAMPLES 1 to 255");
        end
        if (BANK < 2 || BANK != 1 << $clog2(BANK)) begin : gen_bad_bank
            $error("shell_sink: BANK must be a power of two, at least 2");
        end
    endgenerate

    logic [ADDRESS_W-1:0] written;
    logic [COUNT_W-1:0]   missing;  // beats that are still to come

    wire take = in_valid & in_ready;
    wire last_take = take && missing == COUNT_W'(1);

    // `in_ready` and `done` are registers: nothing of this sink is in the network's paths.
    always_ff @(posedge clk) begin
        if (rst || clear) begin
            written  <= '0;
            missing  <= '0;
            in_ready <= 1'b0;
            done     <= 1'b0;
        end else begin
            if (expect_one) missing <= missing + COUNT_W'(BEATS);
            else if (take) missing <= missing - 1'b1;
            if (take) written <= written + 1'b1;
            in_ready <= open && missing != '0 && !last_take;
            done     <= open ? last_take | done : done;
        end
    end

    // Bytes: a beat is fetched, shifted out, and the next one fetched. A serial line leaves time for that.
    logic [ADDRESS_W-1:0] address;
    logic [8*BYTES-1:0]   shifted;
    logic [8*BYTES-1:0]   words [0:BANKS-1];
    logic [INDEX_W-1:0]   index;
    logic [BEAT_W-1:0]    read_beat;
    logic [1:0]           fetching;  // 3: address stands, 2: word read, 1: registered, 0: in the shift register

    // Between memories is chosen behind the registers of each, which block RAM brings: before them its delay would count.
    wire [BANK_W-1:0] read_bank = BANK_W'(address >> $clog2(BANK));
    generate
        for (genvar bank = 0; bank < BANKS; bank++) begin : gen_bank
            localparam int SIZE = bank < BANKS - 1 ? BANK : WORDS - bank * BANK;
            localparam int PLACE_W = SIZE > 1 ? $clog2(SIZE) : 1;
            (* no_rw_check *)
            logic [8*BYTES-1:0] memory [0:SIZE-1];
            logic [8*BYTES-1:0] read;
            always_ff @(posedge clk) begin
                if (take && BANK_W'(written >> $clog2(BANK)) == BANK_W'(bank)) memory[PLACE_W'(written)] <= in_data;
                read <= memory[PLACE_W'(address)];
                words[bank] <= read;
            end
        end
    endgenerate

    wire last_byte = index == INDEX_W'(BYTES - 1);

    assign byte_valid = fetching == 2'd0;
    assign byte_data = shifted[7:0];
    assign byte_last = last_byte && read_beat == BEAT_W'(BEATS - 1);

    always_ff @(posedge clk) begin
        if (fetching != 2'd0) shifted <= words[read_bank];
        else if (byte_ready) shifted <= shifted >> 8;
    end

    always_ff @(posedge clk) begin
        if (rst || clear || !done) begin
            address   <= '0;
            index     <= '0;
            read_beat <= '0;
            fetching  <= 2'd3;
        end else if (fetching != 2'd0) begin
            fetching <= fetching - 1'b1;
        end else if (byte_ready) begin
            index <= last_byte ? '0 : index + 1'b1;
            if (last_byte) begin
                address   <= address + 1'b1;
                read_beat <= byte_last ? '0 : read_beat + 1'b1;
                fetching  <= 2'd3;
            end
        end
    end
endmodule
