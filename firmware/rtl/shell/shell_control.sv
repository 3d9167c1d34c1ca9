// Decides what is done with a request: identify, or run the network and count its cycles.
//
// Kinds of request: 1 identify (no payload; the reply's is the version and the identity), 2 predict (the payload is one
// inference or more, each with its inputs one after the other; the reply's is the cycle count, then for each inference
// its outputs one after the other), 3 reset the network, which forgets what it keeps from one inference to the next (no
// payload either way). Any other answer has no payload and a status: 1 damaged, 2 stopped in the middle
// (both from frame_receiver), 3 unknown kind, 4 wrong length, 5 the network did not finish.
//
// The count is of clock cycles from the transfer of the first input beat to that of the last output beat.
//
// What it does NOT do: take a request while another is served.
module shell_control #(
    parameter int INPUTS = 1,                 // of the network
    parameter int OUTPUTS = 1,                // of the network
    parameter int SAMPLES = 1,                // inferences that a request may hold, up to 255
    parameter int OUTPUT_BYTES = 1,           // of an inference, all outputs together
    parameter logic [63:0] IDENTITY = 64'd0,  // of the design
    parameter int WATCHDOG = 1000000          // cycles after which a network is taken for stuck
) (
    input  logic                 clk,
    input  logic                 rst,              // synchronous
    // frame_receiver
    input  logic                 started,
    input  logic                 payload_valid,
    input  logic                 done,
    output logic                 accept,
    input  logic [7:0]           frame_status,
    input  logic [7:0]           kind,
    // sources: whose byte it is, and when they play
    output logic                 clear,
    output logic [INPUTS-1:0]    source_byte,
    input  logic [INPUTS-1:0]    source_full,
    output logic                 source_next,
    output logic                 run,
    input  logic [INPUTS-1:0]    source_transfer,  // a beat goes into the network
    // sinks: when all is there, and whose byte goes out
    input  logic [OUTPUTS-1:0]   sink_done,
    input  logic [OUTPUTS-1:0]   sink_valid,
    output logic [OUTPUTS-1:0]   sink_ready,
    input  logic [8*OUTPUTS-1:0] sink_data,
    input  logic [OUTPUTS-1:0]   sink_last,
    // the network
    output logic                 network_rst,
    // frame_sender
    output logic                 start,
    output logic [7:0]           status,
    output logic [31:0]          length,
    input  logic                 busy,
    output logic                 reply_valid,
    input  logic                 reply_ready,
    output logic [7:0]           reply_data
);
    localparam logic [7:0] VERSION = 8'd1;
    localparam logic [7:0] IDENTIFY = 8'd1, PREDICT = 8'd2, RESET = 8'd3;
    localparam logic [7:0] SOUND = 8'd0, UNKNOWN_KIND = 8'd3, WRONG_LENGTH = 8'd4, STUCK = 8'd5;

    generate
        if (INPUTS < 1 || OUTPUTS < 1 || SAMPLES < 1 || SAMPLES > 255) begin : gen_bad_size
            $error("shell_control: INPUTS and OUTPUTS must be at least 1, SAMPLES 1 to 255");
        end
        if (WATCHDOG < 1) begin : gen_bad_watchdog
            $error("shell_control: WATCHDOG must be at least 1");
        end
    endgenerate

    typedef enum logic [2:0] {WAIT, DECIDE, RUN, CANCEL, REPLY, SENDING, FINISH} state_t;
    state_t state;

    assign run = state == RUN;
    assign accept = state == FINISH;
    assign start = state == REPLY;
    assign clear = started;

    // Bytes of the payload go to the first input that is not full; when all are, the next inference begins.
    logic [7:0]  samples;       // whole inferences
    logic        some, excess;  // bytes since the last whole inference; bytes beyond the last one that fits
    logic [31:0] answer;        // bytes of the outputs of all inferences
    for (genvar i = 0; i < INPUTS; i++) begin : gen_byte
        if (i == 0) begin : gen_first
            assign source_byte[i] = payload_valid & !source_full[i];
        end else begin : gen_next
            assign source_byte[i] = payload_valid & !source_full[i] & (&source_full[i-1:0]);
        end
    end

    always_ff @(posedge clk) begin
        source_next <= &source_full & !source_next;
        if (clear) begin
            samples <= '0;
            answer  <= '0;
            some    <= 1'b0;
            excess  <= 1'b0;
        end else begin
            if (source_next) begin
                samples <= samples + 1'b1;
                answer  <= answer + OUTPUT_BYTES;
            end
            if (payload_valid) some <= 1'b1;
            else if (source_next) some <= 1'b0;
            if (payload_valid && samples == 8'(SAMPLES)) excess <= 1'b1;
        end
    end

    logic [31:0] cycles;    // shows n at the n-th cycle after the one that follows the first beat
    logic        counting;
    logic        finished;
    logic        late;

    assign finished = &sink_done;

    always_ff @(posedge clk) begin
        late <= run && cycles == WATCHDOG;
        if (!run) begin
            counting <= 1'b0;
            if (state == DECIDE) cycles <= '0;
        end else begin
            if (|source_transfer) counting <= 1'b1;
            // Before the first beat it measures how long the network makes us wait for it.
            if (|source_transfer && !counting) cycles <= '0;
            else if (!finished) cycles <= cycles + 1'b1;
        end
    end

    logic [3:0] cancel;  // cycles for which the network is still reset

    always_ff @(posedge clk) begin
        network_rst <= rst || state == CANCEL;
        if (rst) begin
            state <= WAIT;
        end else begin
            case (state)
                WAIT: begin
                    cancel <= '1;
                    if (done) state <= DECIDE;
                end
                DECIDE: begin
                    state  <= REPLY;
                    length <= '0;
                    status <= SOUND;
                    if (frame_status != SOUND) status <= frame_status;
                    else if (kind == IDENTIFY && !some && samples == '0) length <= 32'd9;
                    else if (kind == RESET && !some && samples == '0) state <= CANCEL;
                    else if (kind == PREDICT && !some && !excess && samples != '0) state <= RUN;
                    else status <= kind == IDENTIFY || kind == PREDICT || kind == RESET ? WRONG_LENGTH : UNKNOWN_KIND;
                end
                RUN: begin
                    length <= answer + 32'd4;
                    if (finished) state <= REPLY;
                    else if (late) begin
                        state  <= CANCEL;
                        status <= STUCK;
                    end
                end
                CANCEL: begin
                    cancel <= cancel - 1'b1;
                    length <= '0;
                    if (cancel == '0) state <= REPLY;
                end
                REPLY: state <= SENDING;
                SENDING: if (!busy) state <= FINISH;
                FINISH: state <= WAIT;
                default: state <= WAIT;
            endcase
        end
    end

    // The reply's payload: first what is in `fixed`, then the sinks in turn. A byte waits in a register for the sender, so
    // that the sender's pace is in no path of the sinks.
    logic [71:0] fixed;
    logic [3:0]  fixed_left;
    logic [OUTPUTS-1:0] turn;
    logic [7:0]  chosen;

    wire any_fixed = fixed_left != '0;
    wire pull = !reply_valid & (any_fixed | (|(turn & sink_valid)));

    assign sink_ready = pull && !any_fixed ? turn : '0;

    always_comb begin
        chosen = '0;
        for (int i = 0; i < OUTPUTS; i++) chosen |= turn[i] ? sink_data[8*i+:8] : 8'd0;
    end

    always_ff @(posedge clk) begin
        if (state == REPLY) begin
            fixed       <= kind == IDENTIFY ? {IDENTITY, VERSION} : {40'd0, cycles};
            fixed_left  <= kind == IDENTIFY ? 4'd9 : 4'd4;
            turn        <= OUTPUTS'(1);
            reply_valid <= 1'b0;
        end else if (pull) begin
            fixed       <= fixed >> 8;
            fixed_left  <= any_fixed ? fixed_left - 1'b1 : '0;
            if (!any_fixed && |(turn & sink_last)) turn <= OUTPUTS'({turn, turn} >> (OUTPUTS - 1));
            reply_valid <= 1'b1;
            reply_data  <= any_fixed ? fixed[7:0] : chosen;
        end else if (reply_ready) begin
            reply_valid <= 1'b0;
        end
    end
endmodule
