// Every consumer gives every beat exactly once, unchanged, and no beat comes in before that.
(* anyseq *) logic pick;
logic f_started = 1'b0;
logic [COUNT-1:0] f_owed;     // beats taken that the consumer has not got: one at most
logic [COUNT-1:0] f_tracked;  // the tracked beat among them
logic [WIDTH-1:0] f_data;
logic [COUNT-1:0] f_stalled;
logic [WIDTH-1:0] f_offered;
wire f_take = in_valid && in_ready;
wire [COUNT-1:0] f_give = out_valid & out_ready;

always_ff @(posedge clk) begin
  f_started <= 1'b1;
  f_stalled <= rst ? '0 : out_valid & ~out_ready;
  f_offered <= out_data;
  if (rst) begin
    f_owed    <= '0;
    f_tracked <= '0;
  end else begin
    f_owed    <= f_take ? '1 : f_owed & ~f_give;
    f_tracked <= f_take && pick ? '1 : f_tracked & ~f_give;
    if (f_take && pick) f_data <= in_data;
  end

  if (!f_started) assume (rst);
  else if (!rst) begin
    // Nothing is lost when a beat comes in, nothing is offered twice or late.
    if (f_take) assert ((f_owed & ~f_give) == '0);
    assert (out_valid == f_owed);
    assert (in_ready || (out_valid & ~out_ready) != '0);
    // A stalled beat stays.
    assert ((f_stalled & ~out_valid) == '0);
    if (f_stalled != '0) assert (out_data == f_offered);
    // Content.
    if (f_tracked != '0) assert (out_data == f_data);
    assert ((f_tracked & ~f_owed) == '0);
  end
end
