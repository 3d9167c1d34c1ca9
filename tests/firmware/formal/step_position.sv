// First and last step of every sequence, counted anew.
localparam int F_BITS = $clog2(BEATS * STEPS + 1);
logic f_started = 1'b0;
logic [F_BITS-1:0] f_beat;

always_ff @(posedge clk) begin
  f_started <= 1'b1;
  f_beat    <= rst ? '0 : !taken ? f_beat : f_beat == BEATS * STEPS - 1 ? '0 : f_beat + 1'b1;
  if (!f_started) assume (rst);
  else if (!rst) begin
    assert (first == (f_beat < BEATS));
    assert (last == (f_beat >= BEATS * (STEPS - 1)));
    // What makes it inductive.
    assert (32'(f_beat) < BEATS * STEPS);
  end
end
if (STEPS > 1) begin : gen_f_left
  always_ff @(posedge clk) if (f_started && !rst) assert (32'(gen_several.left) == BEATS * STEPS - 32'(f_beat));
end
