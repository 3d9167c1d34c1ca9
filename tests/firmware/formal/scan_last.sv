// Every beat of a last step leaves once, unchanged, and no other one does.
//
// `PART` is `assert` where the parts inside are checked too, `assume` where induction builds on their own proofs.
localparam int F_BITS = $clog2(BEATS * STEPS + 1);
logic f_started = 1'b0;
logic [F_BITS-1:0] f_beat;  // of its sequence, the beat that is offered
logic f_owed;  // a beat of a last step is inside
logic [WIDTH-1:0] f_data;
wire f_take = in_valid && in_ready;
wire f_give = out_valid && out_ready;
wire f_last = f_beat >= BEATS * (STEPS - 1);

always_ff @(posedge clk) begin
  f_started <= 1'b1;
  f_beat    <= rst ? '0 : !f_take ? f_beat : f_beat == BEATS * STEPS - 1 ? '0 : f_beat + 1'b1;
  f_owed    <= !rst && ((f_take && f_last) || (f_owed && !f_give));
  if (f_take && f_last) f_data <= in_data;

  if (!f_started) assume (rst);
  else if (!rst) begin
    // step_position's part.
    `PART (last == f_last);

    // Nothing is lost, nothing is offered that should not be, and a stalled beat stays.
    if (f_take && f_last) assert (!f_owed || f_give);
    assert (out_valid == f_owed);
    if (f_owed) assert (out_data == f_data);
    // Held up is only what has no place.
    assert (in_ready || (f_last && f_owed && !out_ready));
    // What makes it inductive.
    assert (32'(f_beat) < BEATS * STEPS);
  end
end
