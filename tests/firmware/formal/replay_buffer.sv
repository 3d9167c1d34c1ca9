// Every beat offered is the row's beat that the pattern names, whenever it came in and however both sides stall.
//
// The pattern is counted here anew, from the transfers at the ports alone, and a beat that is taken at any time is
// followed to the output. `PART` is `assert` where the memory is checked, `assume` where induction builds on it.
localparam int F_BITS = $clog2(2 * DEPTH * MOST + 4 * DEPTH + 4 * ROW_WORDS) + 2;
(* anyseq *) logic pick;
logic f_started = 1'b0;
logic f_stalled;
logic [WIDTH-1:0] f_offered;
logic [2:0] f_idle;
wire f_give = out_valid && out_ready;

// Output side: the place in the pattern of the beat that is offered or comes next; of the next one, and of the one after.
logic signed [F_BITS-1:0] f_group[0:2];
logic signed [F_BITS-1:0] f_repeat[0:2];
logic signed [F_BITS-1:0] f_word[0:2];
logic signed [F_BITS-1:0] f_index[0:2];
logic f_end[0:2];   // of a row
for (genvar i = 0; i < 3; i++) begin : gen_f_pattern
  wire last_word_ = f_word[i] == WORDS - 1;
  wire last_repeat_ = last_word_ && f_repeat[i] == REPEATS - 1;
  assign f_end[i] = last_repeat_ && f_group[i] == GROUPS - 1;
  assign f_index[i] = f_group[i] * STEP + f_repeat[i] * REPEAT_STRIDE + f_word[i] * WORD_STRIDE;
  if (i > 0) begin : gen_next
    assign f_word[i] = gen_f_pattern[i-1].last_word_ ? 0 : f_word[i-1] + 1;
    assign f_repeat[i] = !gen_f_pattern[i-1].last_word_ ? f_repeat[i-1] : gen_f_pattern[i-1].last_repeat_ ? 0 : f_repeat[i-1] + 1;
    assign f_group[i] = !gen_f_pattern[i-1].last_repeat_ ? f_group[i-1] : f_end[i-1] ? 0 : f_group[i-1] + 1;
  end
end
// Input side: the place in the row of the beat that comes next; rows come in less rows given.
logic signed [F_BITS-1:0] f_position, f_rows;
wire f_row_in = take && f_position == ROW_WORDS - 1;
wire f_row_out = f_give && f_end[0];

// A beat taken at any time: its place in the row and the rows to be given before its own.
logic f_tracked;
logic signed [F_BITS-1:0] f_place, f_before;
logic [WIDTH-1:0] f_data;
wire f_pick = !f_tracked && pick && take && f_rows - (f_row_out ? 1 : 0) >= 0;

always_ff @(posedge clk) begin
  f_started <= 1'b1;
  f_stalled <= !rst && out_valid && !out_ready;
  f_offered <= out_data;
  f_idle    <= rst || !in_valid || !out_ready || take || f_give ? 3'd0 : f_idle + 1'b1;
  if (rst) begin
    f_group[0]  <= '0;
    f_repeat[0] <= '0;
    f_word[0]   <= '0;
    f_position  <= '0;
    f_rows      <= '0;
    f_tracked   <= 1'b0;
  end else begin
    if (f_give) begin
      f_group[0]  <= f_group[1];
      f_repeat[0] <= f_repeat[1];
      f_word[0]   <= f_word[1];
    end
    if (take) f_position <= f_row_in ? 0 : f_position + 1;
    f_rows <= f_rows + (f_row_in ? 1 : 0) - (f_row_out ? 1 : 0);
    if (f_pick) begin
      f_tracked <= 1'b1;
      f_place   <= f_position;
      f_data    <= in_data;
      f_before  <= f_rows - (f_row_out ? 1 : 0);
    end else if (f_tracked && f_row_out) begin
      f_tracked <= f_before != 0;
      f_before  <= f_before - 1;
    end
  end

  if (!f_started) assume (rst);
  else if (!rst) begin
    if (f_stalled) assert (out_valid && out_data == f_offered);
    // It goes on wherever both sides let it.
    assert (f_idle < 4);
    // Nothing is offered that has not come.
    if (out_valid) assert (f_rows > 0 || (f_rows == 0 && f_index[0] < f_position));
    // What is offered is the beat the pattern names.
    if (out_valid && f_tracked && f_before == 0 && f_place == f_index[0]) assert (out_data == f_data);
  end
end

// The rest makes it inductive. Inside: beat number p of the stream lies at p modulo DEPTH, the beat that is due is
// `f_offset` after the first one that is kept, `f_kept` are kept or (negative) still to be dropped when they come.
wire signed [F_BITS-1:0] f_inner_word = WORDS - 2 - F_BITS'(signed'(word_left));
wire signed [F_BITS-1:0] f_inner_repeat = REPEATS - 2 - F_BITS'(signed'(repeat_left));
wire signed [F_BITS-1:0] f_inner_group = GROUPS - 2 - F_BITS'(signed'(group_left));
wire signed [F_BITS-1:0] f_offset = f_inner_repeat * REPEAT_STRIDE + f_inner_word * WORD_STRIDE;
wire signed [F_BITS-1:0] f_write = signed'({1'b0, write_address});
wire signed [F_BITS-1:0] f_next = signed'({1'b0, read_address});
wire signed [F_BITS-1:0] f_kept = DEPTH - 1 - F_BITS'(signed'(room));
wire signed [F_BITS-1:0] f_freed = fetch ? F_BITS'(signed'(freed)) : 0;
// Beats on their way from the memory to the output, and whether one of them, of the first `i`, ends a row.
logic [1:0] f_flight;
wire signed [F_BITS-1:0] f_wraps = (f_flight > 0 && f_end[0] ? 1 : 0) + (f_flight > 1 && f_end[1] ? 1 : 0);

// The tracked beat: how far it is from the first one that is kept, where it lies, and whether it is on its way out.
logic signed [F_BITS-1:0] f_distance;
logic [ADDRESS_BITS-1:0] f_address;
logic [WIDTH-1:0] f_words[0:DEPTH-1];
logic [WIDTH-1:0] f_read;
logic f_hit, f_hit_out;
wire signed [F_BITS-1:0] f_expected_distance = (f_before - f_wraps) * ROW_WORDS + f_place - f_inner_group * STEP;

always_ff @(posedge clk) begin
  if (take) f_words[write_address] <= in_data;
  if (enable) f_read <= f_words[read_address];
  if (enable) f_hit <= fetch && f_tracked && f_distance == f_offset;
  if (move) f_hit_out <= f_hit;
  if (rst) f_hit <= 1'b0;
  if (rst) f_hit_out <= 1'b0;
  if (f_pick) begin
    f_distance <= f_kept - f_freed;
    f_address  <= write_address;
  end else if (f_distance >= 0) f_distance <= f_distance - f_freed;

  if (f_started && !rst) begin
    // Counters agree with the pattern at the ports.
    assert (f_inner_word == f_word[f_flight]);
    assert (f_inner_repeat == f_repeat[f_flight]);
    assert (f_inner_group == f_group[f_flight]);
    assert (f_word[0] >= 0 && f_word[0] < WORDS);
    assert (f_repeat[0] >= 0 && f_repeat[0] < REPEATS);
    assert (f_group[0] >= 0 && f_group[0] < GROUPS);
    // Counts and addresses agree with what came and went.
    assert (f_position >= 0 && f_position < ROW_WORDS);
    assert (f_rows >= -1 && f_rows <= DEPTH + 3);
    assert (f_kept == (f_rows - f_wraps) * ROW_WORDS + f_position - f_inner_group * STEP);
    assert (f_kept <= DEPTH && f_kept > SPAN - MOST);
    assert (F_BITS'(signed'(ahead)) == f_kept - f_offset - 1);
    assert (read_address < DEPTH && write_address < DEPTH);
    assert ((f_write + f_offset + 2 * DEPTH * MOST - f_kept - f_next) % DEPTH == 0);
    // The tracked beat is kept as long as anything may ask for it.
    if (f_tracked) begin
      assert (f_place >= 0 && f_place < ROW_WORDS);
      assert (f_before >= 0 && f_before <= DEPTH + 3);
      assert (f_distance < 0 ? f_expected_distance < 0 : f_expected_distance == f_distance);
      if (f_distance >= 0) begin
        assert (f_distance < f_kept);
        assert (f_address < DEPTH);
        assert ((f_next + f_distance + 2 * DEPTH - f_offset - signed'({1'b0, f_address})) % DEPTH == 0);
        assert (f_words[f_address] == f_data);
      end
    end
  end
end

if (BLOCK) begin : gen_f_block
  assign f_flight = 2'(gen_block.fetched) + 2'(out_valid);
  wire signed [F_BITS-1:0] f_rows_then = f_rows - (out_valid && f_end[0] ? 1 : 0);

  always_ff @(posedge clk) begin
    if (f_started && !rst) begin
      if (gen_block.fetched) begin
        `PART (read_data == f_read);
        assert (f_rows_then > 0 || (f_rows_then == 0 && f_index[out_valid] < f_position));
      end
      if (out_valid) assert (f_hit_out == (f_tracked && f_before == 0 && f_place == f_index[0]));
      if (gen_block.fetched)
        assert (f_hit == (f_tracked && f_before == (out_valid && f_end[0] ? 1 : 0) && f_place == f_index[out_valid]));
      if (gen_block.fetched && f_hit) assert (f_read == f_data);
      if (out_valid && f_hit_out) assert (out_data == f_data);
    end
  end
end else begin : gen_f_fabric
  assign f_flight = 2'(out_valid);

  always_ff @(posedge clk) begin
    if (f_started && !rst) begin
      if (out_valid) begin
        `PART (read_data == f_read);
        assert (f_hit == (f_tracked && f_before == 0 && f_place == f_index[0]));
        if (f_hit) assert (out_data == f_data);
      end
    end
  end
end
