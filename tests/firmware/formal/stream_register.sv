// A beat taken at any time while `n` beats are inside leaves after exactly `n` others, unchanged.
(* anyseq *) logic pick;
logic f_started = 1'b0;
logic f_tracked;
logic [1:0] f_level, f_before;
logic [WIDTH-1:0] f_data;
logic f_stalled;
logic [WIDTH-1:0] f_offered;
wire f_take = in_valid && in_ready;
wire f_give = out_valid && out_ready;

always_ff @(posedge clk) begin
  f_started <= 1'b1;
  f_stalled <= !rst && out_valid && !out_ready;
  f_offered <= out_data;
  f_level   <= rst ? 2'd0 : f_level + 2'(f_take) - 2'(f_give);
  if (rst) f_tracked <= 1'b0;
  else if (!f_tracked && pick && f_take) begin
    f_tracked <= 1'b1;
    f_before  <= f_level - 2'(f_give);
    f_data    <= in_data;
  end else if (f_tracked && f_give) begin
    f_tracked <= f_before != 0;
    f_before  <= f_before - 2'd1;
  end

  if (!f_started) assume (rst);
  else if (!rst) begin
    // Capacity, and nothing without cause.
    assert (f_level <= 2);
    assert (out_valid == (f_level != 0));
    assert (in_ready == (f_level != 2));
    // A stalled beat stays.
    if (f_stalled) assert (out_valid && out_data == f_offered);
    // Order and content.
    if (f_tracked && f_before == 0) assert (out_valid && out_data == f_data);
    // What makes it inductive.
    assert (f_level == 2'(out_valid) + 2'(spare_valid));
    assert (out_valid || !spare_valid);
    if (f_tracked) assert (f_before < f_level);
    if (f_tracked && f_before == 1) assert (spare == f_data);
  end
end
