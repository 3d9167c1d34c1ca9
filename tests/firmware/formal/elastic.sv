// The user's data are modelled as it keeps them, a register a stage: a beat taken at any time while `n` beats are inside
// leaves after exactly `n` others, unchanged. Nothing is held up that could move.
localparam int F_WIDTH = 2;
localparam int F_BITS = $clog2(STAGES + 1) + 1;
(* anyseq *) logic pick;
(* anyseq *) logic [F_WIDTH-1:0] f_in;
logic f_started = 1'b0;
logic [F_WIDTH-1:0] f_stage[STAGES];
logic [F_BITS-1:0] f_level, f_before, f_at;  // beats inside; those before the tracked one, and its stage
logic [F_BITS-1:0] f_full, f_ahead;  // counted anew: full stages, and those beyond the tracked beat's
logic f_tracked, f_stalled;
logic [F_WIDTH-1:0] f_data, f_offered;
wire f_take = in_valid && in_ready;
wire f_give = out_valid && out_ready;

always_comb begin
  f_full  = '0;
  f_ahead = '0;
  for (int i = 0; i < STAGES; i = i + 1) begin
    f_full = f_full + F_BITS'(full[i]);
    if (F_BITS'(i) > f_at) f_ahead = f_ahead + F_BITS'(full[i]);
  end
end

always_ff @(posedge clk) begin
  f_started <= 1'b1;
  f_stalled <= !rst && out_valid && !out_ready;
  f_offered <= f_stage[STAGES-1];
  for (int i = 0; i < STAGES; i = i + 1) if (enable[i]) f_stage[i] <= i == 0 ? f_in : f_stage[i == 0 ? 0 : i-1];
  f_level <= rst ? '0 : f_level + F_BITS'(f_take) - F_BITS'(f_give);
  if (rst) f_tracked <= 1'b0;
  else if (!f_tracked && pick && f_take) begin
    f_tracked <= 1'b1;
    f_before  <= f_level - F_BITS'(f_give);
    f_data    <= f_in;
    f_at      <= '0;
  end else if (f_tracked) begin
    if (f_give) begin
      f_tracked <= f_before != 0;
      f_before  <= f_before - 1'b1;
    end
    if (enable[f_at]) f_at <= f_at + 1'b1;
  end

  if (!f_started) assume (rst);
  else if (!rst) begin
    // None is lost, none doubled; only a row that is full and stalled takes nothing.
    assert (f_level == f_full);
    assert (out_valid == full[STAGES-1]);
    assert (in_ready == (out_ready || f_level != STAGES));
    // A stalled beat stays.
    if (f_stalled) assert (out_valid && f_stage[STAGES-1] == f_offered);
    // Order and content: it leaves when those before it have left.
    if (f_tracked && f_before == 0 && out_valid) assert (f_stage[STAGES-1] == f_data);
    // What makes it inductive: where it is, and what is ahead of it.
    if (f_tracked) begin
      assert (32'(f_at) < STAGES && full[f_at] && f_stage[f_at] == f_data);
      assert (f_before == f_ahead);
    end
  end
end
