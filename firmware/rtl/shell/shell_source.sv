// Holds the beats of one network input that come byte by byte, then plays them at one a clock.
//
// What it does NOT do: notice too many bytes (shell_control does); play a second time without `clear`.
module shell_source #(
    parameter int BYTES = 1,   // of a beat
    parameter int BEATS = 1,   // of an inference
    parameter int SAMPLES = 1  // inferences it can hold
) (
    input  logic               clk,
    input  logic               rst,          // synchronous; resets control only
    input  logic               clear,        // forget all
    input  logic               byte_valid,   // take `byte_data`
    input  logic [7:0]         byte_data,    // lowest byte of a beat first
    output logic               full,         // an inference is complete; stays until `next`
    input  logic               next,         // begin with the next inference
    input  logic               play,         // while high, the beats go out
    output logic               out_valid,
    input  logic               out_ready,
    output logic [8*BYTES-1:0] out_data
);
    localparam int WORDS = BEATS * SAMPLES;
    localparam int ADDRESS_W = $clog2(WORDS + 1);
    localparam int MEMORY_W = WORDS > 1 ? $clog2(WORDS) : 1;
    localparam int BEAT_W = $clog2(BEATS + 1);
    localparam int INDEX_W = BYTES > 1 ? $clog2(BYTES) : 1;

    generate
        if (BYTES < 1 || BEATS < 1 || SAMPLES < 1) begin : gen_bad_size
            $error("shell_source: BYTES, BEATS and SAMPLES must be at least 1");
        end
    endgenerate

    (* no_rw_check *)
    logic [8*BYTES-1:0]   memory [0:WORDS-1];
    logic [8*BYTES-1:0]   gathered;
    logic [INDEX_W-1:0]   index;    // of the next byte in its beat
    logic [BEAT_W-1:0]    beat;     // of the next beat in its inference
    logic [ADDRESS_W-1:0] written;  // beats in the memory
    logic                 write;

    always_ff @(posedge clk) begin
        write <= 1'b0;
        if (rst || clear) begin
            index   <= '0;
            beat    <= '0;
            written <= '0;
        end else begin
            if (byte_valid) begin
                index <= index == INDEX_W'(BYTES - 1) ? '0 : index + 1'b1;
                write <= index == INDEX_W'(BYTES - 1) && written != ADDRESS_W'(WORDS);
            end
            if (next) beat <= '0;
            else if (write) beat <= beat + 1'b1;
            if (write) written <= written + 1'b1;
        end
    end

    assign full = beat == BEAT_W'(BEATS);

    generate
        if (BYTES == 1) begin : gen_byte
            always_ff @(posedge clk) if (byte_valid) gathered <= byte_data;
        end else begin : gen_bytes
            always_ff @(posedge clk) if (byte_valid) gathered <= {byte_data, gathered[8*BYTES-1:8]};
        end
    endgenerate

    // Memory, then a register: the beat leaves from there, not from the slow output of the memory. `more` is known
    // ahead, as whether the network takes a beat is known late.
    logic [MEMORY_W-1:0]  address;
    logic [ADDRESS_W-1:0] left;   // beats still to be read
    logic                 more;   // there are such
    logic [8*BYTES-1:0]   read;
    logic                 read_valid;

    wire move = !out_valid | out_ready;
    wire fetch = !read_valid | move;

    always_ff @(posedge clk) begin
        if (write) memory[MEMORY_W'(written)] <= gathered;
        if (fetch) read <= memory[address];
        if (move) out_data <= read;
    end

    always_ff @(posedge clk) begin
        if (rst || !play) begin
            address    <= '0;
            left       <= written;
            more       <= 1'b0;
            read_valid <= 1'b0;
            out_valid  <= 1'b0;
        end else begin
            if (fetch && more) begin
                address <= address + 1'b1;
                left    <= left - 1'b1;
            end
            more <= fetch && more ? left != ADDRESS_W'(1) : left != '0;
            if (fetch) read_valid <= more;
            if (move) out_valid <= read_valid;
        end
    end
endmodule
