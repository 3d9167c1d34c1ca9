// What credit_fifo takes for granted: a place is taken only where one is free, and for every place a result is pushed,
// STAGES clocks later. What the user is told: which beats were taken when, and which of them begin a result; none is held
// up but a result's last one. And results leave in order, unchanged.
//
// `PART` is `assert` where the parts inside are checked too, `assume` where induction builds on their own proofs.
localparam int F_BITS = $clog2(STAGES + 1) + 1;
localparam int F_LEVEL = $clog2(DEPTH + 1) + 1;
localparam int F_BEAT = $clog2(BEATS + 1);
(* anyseq *) logic pick;
logic f_started = 1'b0;
logic [F_BEAT-1:0] f_beat;  // of its result, the beat that is offered
logic [F_BITS-1:0] f_flight, f_ones;  // results on their way
logic [STAGES:0] f_taken, f_first, f_last;  // bit i: what was true i clocks ago
logic [F_LEVEL-1:0] f_level, f_before;  // results in the FIFO; those before the tracked one
logic f_tracked;
logic [WIDTH-1:0] f_data;
wire f_give = out_valid && out_ready;
wire f_push = f_last[STAGES];
assign f_taken[0] = in_valid && in_ready;
assign f_first[0] = f_beat == 0;
assign f_last[0] = f_taken[0] && f_beat == BEATS - 1;

always_comb begin
  f_ones = '0;
  for (int i = 1; i <= STAGES; i = i + 1) f_ones = f_ones + F_BITS'(f_last[i]);
end

always_ff @(posedge clk) begin
  f_started         <= 1'b1;
  f_beat            <= rst ? '0 : !f_taken[0] ? f_beat : f_beat == BEATS - 1 ? '0 : f_beat + 1'b1;
  f_taken[STAGES:1] <= rst ? '0 : f_taken[STAGES-1:0];
  f_last[STAGES:1]  <= rst ? '0 : f_last[STAGES-1:0];
  f_first[STAGES:1] <= f_first[STAGES-1:0];
  f_flight          <= rst ? '0 : f_flight + F_BITS'(complete[0]) - F_BITS'(complete[STAGES]);
  f_level           <= rst ? '0 : f_level + F_LEVEL'(f_push) - F_LEVEL'(f_give);
  if (rst) f_tracked <= 1'b0;
  else if (!f_tracked && pick && f_push) begin
    f_tracked <= 1'b1;
    f_before  <= f_level - F_LEVEL'(f_give);
    f_data    <= result;
  end else if (f_tracked && f_give) begin
    f_tracked <= f_before != 0;
    f_before  <= f_before - 1'b1;
  end

  if (!f_started) assume (rst);
  else if (!rst) begin
    // group_position's part.
    `PART (first[0] == (f_beat == 0) && last == (f_beat == BEATS - 1));
    // credit_fifo's part: credits are what neither flies nor waits; results come out as they went in.
    `PART (free == (32'(f_flight) + 32'(f_level) != DEPTH));
    `PART (!out_valid || f_level != 0);
    if (f_tracked && f_before == 0 && out_valid) `PART (out_data == f_data);

    assert (!complete[0] || free);
    assert (!complete[STAGES] || f_flight != 0);
    assert (32'(f_flight) + 32'(f_level) <= DEPTH);
    assert (in_ready || (f_beat == BEATS - 1 && !free));
    assert (valid == f_taken);
    assert (complete == f_last);
    for (int i = 0; i <= STAGES; i = i + 1) if (valid[i]) assert (first[i] == f_first[i]);
    // What makes it inductive.
    assert (32'(f_beat) < BEATS);
    assert (f_flight == f_ones);
  end
end
