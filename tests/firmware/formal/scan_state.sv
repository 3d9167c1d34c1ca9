// A beat taken in any step but the last one leaves in the next step, in the same place of it, unchanged; in the first
// step zeros leave, at once; in the last one everything is taken, at once.
//
// `PART` is `assert` where the parts inside are checked too, `assume` where induction builds on their own proofs.
localparam int F_ALL = BEATS * STEPS;
localparam int F_CARRIED = BEATS * (STEPS - 1);
localparam int F_BITS = $clog2(F_ALL + DEPTH + 1) + 1;
(* anyseq *) logic pick;
logic f_started = 1'b0;
logic [F_BITS-1:0] f_in, f_out;  // of their sequences, the beats that are offered
logic [F_BITS-1:0] f_level, f_before;  // beats inside; those before the tracked one
logic f_tracked;
logic [F_BITS-1:0] f_place;  // of the tracked beat in its sequence
logic [WIDTH-1:0] f_data;
logic f_stalled;
logic [WIDTH-1:0] f_offered;
wire f_take = in_valid && in_ready;
wire f_give = out_valid && out_ready;
wire f_push = f_take && f_in < F_CARRIED;
wire f_pop = f_give && f_out >= BEATS;
wire [F_BITS-1:0] f_popped = f_out < BEATS ? '0 : f_out - F_BITS'(BEATS);

always_ff @(posedge clk) begin
  f_started <= 1'b1;
  f_stalled <= !rst && out_valid && !out_ready;
  f_offered <= out_data;
  f_in      <= rst ? '0 : !f_take ? f_in : f_in == F_ALL - 1 ? '0 : f_in + 1'b1;
  f_out     <= rst ? '0 : !f_give ? f_out : f_out == F_ALL - 1 ? '0 : f_out + 1'b1;
  f_level   <= rst ? '0 : f_level + F_BITS'(f_push) - F_BITS'(f_pop);
  if (rst) f_tracked <= 1'b0;
  else if (!f_tracked && pick && f_push) begin
    f_tracked <= 1'b1;
    f_before  <= f_level - F_BITS'(f_pop);
    f_place   <= f_in;
    f_data    <= in_data;
  end else if (f_tracked && f_pop) begin
    f_tracked <= f_before != 0;
    f_before  <= f_before - 1'b1;
  end

  if (!f_started) assume (rst);
  else if (!rst) begin
    // step_position's part.
    `PART (in_last == (f_in >= F_CARRIED));
    `PART (out_first == (f_out < BEATS));
    // stream_fifo's part.
    `PART (fifo_takes == (f_level != DEPTH));
    `PART (!fifo_gives || f_level != 0);
    if (f_tracked && f_before == 0 && fifo_gives) `PART (fifo_data == f_data);
    if (f_stalled && f_out >= BEATS) `PART (fifo_gives && fifo_data == f_offered);

    // The initial state, and the end.
    if (f_out < BEATS) assert (out_valid && out_data == '0);
    if (f_in >= F_CARRIED) assert (in_ready);
    assert (in_ready || f_level == DEPTH);
    // Everything else comes back a step later.
    if (f_tracked && f_before == 0 && f_pop) assert (out_data == f_data && f_out == f_place + F_BITS'(BEATS));
    // A stalled beat stays.
    if (f_stalled) assert (out_valid && out_data == f_offered);
    // What makes it inductive.
    assert (f_level <= DEPTH);
    assert (f_in < F_ALL && f_out < F_ALL);
    assert ((f_popped + f_level) % F_CARRIED == f_in % F_CARRIED || f_in >= F_CARRIED);
    assert ((f_popped + f_level) % F_CARRIED == 0 || f_in < F_CARRIED);
    if (f_tracked) assert (f_before < f_level && f_place < F_CARRIED);
    if (f_tracked) assert ((f_popped + f_before) % F_CARRIED == f_place);
  end
end
