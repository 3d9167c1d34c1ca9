// Every beat that is put into the FIFO leaves in the same place of its sequence, unchanged: those of `start` in the first
// step, those of `in` a step later than they came; in the last step everything is taken, at once.
//
// `PART` is `assert` where the parts inside are checked too, `assume` where induction builds on their own proofs.
localparam int F_ALL = BEATS * STEPS;
localparam int F_CARRIED = BEATS * (STEPS - 1);
localparam int F_BITS = $clog2(F_ALL + DEPTH + 1) + 1;
(* anyseq *) logic pick;
logic f_started = 1'b0;
logic [F_BITS-1:0] f_in, f_put, f_out;  // of their sequences, the beats that are offered
logic [F_BITS-1:0] f_level, f_before;  // beats inside; those before the tracked one
logic f_tracked;
logic [F_BITS-1:0] f_place;  // of the tracked beat in its sequence
logic [WIDTH-1:0] f_data;
logic f_stalled;
logic [WIDTH-1:0] f_offered;
wire f_take = in_valid && in_ready;
wire f_begin = start_valid && start_ready;
wire f_give = out_valid && out_ready;
wire f_carry = f_take && f_in < F_CARRIED;
wire f_push = f_begin || f_carry;

always_ff @(posedge clk) begin
  f_started <= 1'b1;
  f_stalled <= !rst && out_valid && !out_ready;
  f_offered <= out_data;
  f_in      <= rst ? '0 : !f_take ? f_in : f_in == F_ALL - 1 ? '0 : f_in + 1'b1;
  f_put     <= rst ? '0 : !f_push ? f_put : f_put == F_ALL - 1 ? '0 : f_put + 1'b1;
  f_out     <= rst ? '0 : !f_give ? f_out : f_out == F_ALL - 1 ? '0 : f_out + 1'b1;
  f_level   <= rst ? '0 : f_level + F_BITS'(f_push) - F_BITS'(f_give);
  if (rst) f_tracked <= 1'b0;
  else if (!f_tracked && pick && f_push) begin
    f_tracked <= 1'b1;
    f_before  <= f_level - F_BITS'(f_give);
    f_place   <= f_put;
    f_data    <= f_begin ? start_data : in_data;
  end else if (f_tracked && f_give) begin
    f_tracked <= f_before != 0;
    f_before  <= f_before - 1'b1;
  end

  if (!f_started) assume (rst);
  else if (!rst) begin
    // step_position's part.
    `PART (in_last == (f_in >= F_CARRIED));
    `PART (begins == (f_put < BEATS));
    // stream_fifo's part.
    `PART (fifo_takes == (f_level != DEPTH));
    `PART (!out_valid || f_level != 0);
    if (f_tracked && f_before == 0 && out_valid) `PART (out_data == f_data);
    if (f_stalled) `PART (out_valid && out_data == f_offered);

    // Each from where it belongs, one at a time.
    if (f_begin) assert (f_put < BEATS && !f_carry);
    if (f_carry) assert (f_put == f_in + F_BITS'(BEATS));
    // The end.
    if (f_in >= F_CARRIED) assert (in_ready);
    assert (start_ready == (f_put < BEATS && f_level != DEPTH));
    // Everything leaves in its place.
    if (f_tracked && f_before == 0 && f_give) assert (out_data == f_data && f_out == f_place);
    // What makes it inductive.
    assert (f_level <= DEPTH);
    assert (f_in < F_ALL && f_put < F_ALL && f_out < F_ALL);
    assert ((f_in >= F_CARRIED && f_put <= BEATS) || f_in + BEATS == f_put || (f_in == 0 && f_put < BEATS));
    assert ((f_out + f_level) % F_ALL == f_put);
    if (f_tracked) assert (f_before < f_level && f_place < F_ALL);
    if (f_tracked) assert ((f_out + f_before) % F_ALL == f_place);
  end
end
