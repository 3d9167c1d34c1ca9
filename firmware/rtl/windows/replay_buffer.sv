// Gives the beats of a stream several times and in overlapping groups, a beat every clock cycle.
//
// The stream is a sequence of rows of ROW_WORDS beats. Group g < GROUPS of a row gives, for every r < REPEATS, for every
// s < WORDS, the row's beat number g * STEP + r * REPEAT_STRIDE + s * WORD_STRIDE. The beats before the next group's
// first are free when a group ends; those that the row's last group leaves are dropped, come or still to come.
//
// A beat is read in the clock cycle after it was taken, if it is the one that is due, and offered 1 (LUT RAM) or 2
// (block RAM) clock cycles later. Valid, ready and data are registers.
//
// Does NOT go back to an earlier group: DEPTH must hold all beats from a group's first to its last.
module replay_buffer #(
    parameter int WIDTH         = 8,      // bits of a beat
    parameter int DEPTH         = 16,     // beats it holds: more than (REPEATS-1)*REPEAT_STRIDE + (WORDS-1)*WORD_STRIDE
    parameter int GROUPS        = 1,      // groups of a row
    parameter int ROW_WORDS     = 8,      // input beats of a row
    parameter int STEP          = 0,      // from a group's beginning to the next one's
    parameter int WORDS         = 8,      // beats of a repeat
    parameter int WORD_STRIDE   = 1,      // from one to the next
    parameter int REPEATS       = 1,      // of a group
    parameter int REPEAT_STRIDE = 0,      // from a repeat's beginning to the next one's
    parameter logic [87:0] STYLE = "block" // what it is built of: "block", "distributed" (LUT RAM) or "registers"
) (
    input  logic             clk,
    input  logic             rst,        // synchronous
    input  logic             in_valid,
    output logic             in_ready,
    input  logic [WIDTH-1:0] in_data,
    output logic             out_valid,
    input  logic             out_ready,
    output logic [WIDTH-1:0] out_data
);

  localparam bit BLOCK = STYLE == "block";
  // From a group's first beat to its last, and from the last group's first to the row's end.
  localparam int SPAN = (REPEATS - 1) * REPEAT_STRIDE + (WORDS - 1) * WORD_STRIDE;
  localparam int TAIL = ROW_WORDS - (GROUPS - 1) * STEP;
  // The ways from a beat to the one that is due after it.
  localparam int TO_REPEAT = REPEAT_STRIDE - (WORDS - 1) * WORD_STRIDE;
  localparam int TO_GROUP = STEP - SPAN;
  localparam int TO_ROW = TAIL - SPAN;

  localparam int MOST = TAIL > STEP ? TAIL : STEP;
  localparam int FARTHEST = MOST > WORD_STRIDE + REPEAT_STRIDE ? MOST : WORD_STRIDE + REPEAT_STRIDE;
  localparam int ADDRESS_BITS = $clog2(DEPTH);
  localparam int COUNT_BITS = $clog2(DEPTH + FARTHEST + 1) + 1;
  localparam int WORD_BITS = $clog2(WORDS) + 1;
  localparam int REPEAT_BITS = $clog2(REPEATS) + 1;
  localparam int GROUP_BITS = $clog2(GROUPS) + 1;

  if (WIDTH < 1) begin : gen_bad_width
    $error("replay_buffer: WIDTH must be at least 1");
  end
  if (GROUPS < 1 || WORDS < 1 || REPEATS < 1) begin : gen_bad_pattern
    $error("replay_buffer: GROUPS, WORDS and REPEATS must be at least 1");
  end
  if (WORD_STRIDE < 0 || REPEAT_STRIDE < 0 || STEP < 0 || (STEP == 0 && GROUPS > 1)) begin : gen_bad_strides
    $error("replay_buffer: WORD_STRIDE and REPEAT_STRIDE must not be negative, and STEP positive for several GROUPS");
  end
  if (TAIL <= SPAN) begin : gen_bad_row
    $error("replay_buffer: ROW_WORDS must be more than (GROUPS-1)*STEP plus a group's first to last beat");
  end
  if (DEPTH < 2 || DEPTH <= SPAN) begin : gen_bad_depth
    $error("replay_buffer: DEPTH must be at least 2, and more than a group's first to last beat");
  end

  // Where the beat that is due is, and how far the next one is from it, counted upwards in the circle.
  logic [ADDRESS_BITS-1:0] write_address;
  logic [ADDRESS_BITS-1:0] read_address;
  logic [ADDRESS_BITS-1:0] next_address;

  // Counters from N - 2 down to -1: the sign bit says that it is the last one.
  logic [   WORD_BITS-1:0] word_left;
  logic [ REPEAT_BITS-1:0] repeat_left;
  logic [  GROUP_BITS-1:0] group_left;
  wire                     last_word = word_left[WORD_BITS-1];
  wire                     last_repeat = last_word && repeat_left[REPEAT_BITS-1];
  wire                     last_group = last_repeat && group_left[GROUP_BITS-1];

  // Free places less one; beats written after the one that is due, that one not counted. The sign bits say that there
  // is no place, and that the beat is not there yet. Below zero by more than one: beats to come that nobody needs.
  logic [  COUNT_BITS-1:0] room;
  logic [  COUNT_BITS-1:0] ahead;
  logic [  COUNT_BITS-1:0] freed;
  logic [  COUNT_BITS-1:0] way;

  wire                     take = in_valid && in_ready;
  wire                     move = !out_valid || out_ready;
  wire                     there = !ahead[COUNT_BITS-1];
  logic                    enable;  // the memory's output register can take a beat
  wire                     fetch = enable && there;

  assign in_ready = !room[COUNT_BITS-1];

  always_comb begin
    if (last_group) begin
      way   = COUNT_BITS'(TO_ROW);
      freed = COUNT_BITS'(TAIL);
    end else if (last_repeat) begin
      way   = COUNT_BITS'(TO_GROUP);
      freed = COUNT_BITS'(STEP);
    end else begin
      way   = last_word ? COUNT_BITS'(TO_REPEAT) : COUNT_BITS'(WORD_STRIDE);
      freed = '0;
    end
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      word_left     <= WORD_BITS'(WORDS - 2);
      repeat_left   <= REPEAT_BITS'(REPEATS - 2);
      group_left    <= GROUP_BITS'(GROUPS - 2);
      write_address <= '0;
      read_address  <= '0;
      room          <= COUNT_BITS'(DEPTH - 1);
      ahead         <= '1;
    end else begin
      if (fetch) word_left <= last_word ? WORD_BITS'(WORDS - 2) : word_left - 1'b1;
      if (fetch && last_word) repeat_left <= last_repeat ? REPEAT_BITS'(REPEATS - 2) : repeat_left - 1'b1;
      if (fetch && last_repeat) group_left <= last_group ? GROUP_BITS'(GROUPS - 2) : group_left - 1'b1;
      if (take) write_address <= write_address == ADDRESS_BITS'(DEPTH - 1) ? '0 : write_address + 1'b1;
      if (fetch) read_address <= next_address;
      room  <= room + (fetch ? freed : '0) - COUNT_BITS'(take);
      ahead <= ahead - (fetch ? way : '0) + COUNT_BITS'(take);
    end
  end

  // Modulo DEPTH, without division: constants that stand for the ways, and one of two sums.
  function automatic int circle(input int way_);
    circle = ((way_ % DEPTH) + DEPTH) % DEPTH;
  endfunction

  if (2 ** ADDRESS_BITS == DEPTH) begin : gen_power_of_two
    logic [ADDRESS_BITS-1:0] forward;

    always_comb begin
      if (last_group) forward = ADDRESS_BITS'(circle(TO_ROW));
      else if (last_repeat) forward = ADDRESS_BITS'(circle(TO_GROUP));
      else if (last_word) forward = ADDRESS_BITS'(circle(TO_REPEAT));
      else forward = ADDRESS_BITS'(circle(WORD_STRIDE));
    end

    assign next_address = read_address + forward;
  end else begin : gen_wrap
    logic [ADDRESS_BITS-1:0] forward;
    logic [  ADDRESS_BITS:0] backward;
    wire  [ADDRESS_BITS-1:0] sum = read_address + forward;
    wire  [  ADDRESS_BITS:0] wrapped = {1'b0, read_address} + backward;

    always_comb begin
      if (last_group) forward = ADDRESS_BITS'(circle(TO_ROW));
      else if (last_repeat) forward = ADDRESS_BITS'(circle(TO_GROUP));
      else if (last_word) forward = ADDRESS_BITS'(circle(TO_REPEAT));
      else forward = ADDRESS_BITS'(circle(WORD_STRIDE));
      if (last_group) backward = (ADDRESS_BITS + 1)'(circle(TO_ROW) - DEPTH);
      else if (last_repeat) backward = (ADDRESS_BITS + 1)'(circle(TO_GROUP) - DEPTH);
      else if (last_word) backward = (ADDRESS_BITS + 1)'(circle(TO_REPEAT) - DEPTH);
      else backward = (ADDRESS_BITS + 1)'(circle(WORD_STRIDE) - DEPTH);
    end

    // Negative: the end of the circle was not reached.
    assign next_address = wrapped[ADDRESS_BITS] ? sum : wrapped[ADDRESS_BITS-1:0];
  end

  logic [WIDTH-1:0] read_data;

  stream_ram #(
      .WIDTH(WIDTH),
      .DEPTH(DEPTH),
      .STYLE(STYLE)
  ) ram (
      .clk          (clk),
      .write        (take),
      .write_address(write_address),
      .write_data   (in_data),
      .read         (enable),
      .read_address (read_address),
      .read_data    (read_data)
  );

  if (BLOCK) begin : gen_block
    logic fetched;

    assign enable = !fetched || move;

    always_ff @(posedge clk) begin
      if (move) out_data <= read_data;
      if (rst) begin
        fetched   <= 1'b0;
        out_valid <= 1'b0;
      end else begin
        if (enable) fetched <= there;
        if (move) out_valid <= fetched;
      end
    end
  end else begin : gen_fabric
    assign enable   = move;
    assign out_data = read_data;

    always_ff @(posedge clk) begin
      if (rst) out_valid <= 1'b0;
      else if (move) out_valid <= there;
    end
  end

endmodule
