// A beat of one stream is taken where one of the other is, and only there: both go on in step, for ever.
// Which beats make a result, and that it has a place, is the part of credit_pipeline, which is told of every pair.
logic f_started = 1'b0;
logic [3:0] f_first, f_second;  // beats taken, modulo 16
logic f_pair;
wire f_take0 = in0_valid && in0_ready;
wire f_take1 = in1_valid && in1_ready;

always_ff @(posedge clk) begin
  f_started <= 1'b1;
  f_first   <= rst ? '0 : f_first + 4'(f_take0);
  f_second  <= rst ? '0 : f_second + 4'(f_take1);
  f_pair    <= !rst && f_take0;
  if (!f_started) assume (rst);
  else if (!rst) begin
    assert (f_take0 == f_take1);
    assert (f_first == f_second);
    // None waits that could go: both are taken where there is room.
    assert (f_take0 == (in0_valid && in1_valid && room));
    // credit_pipeline is told of those, and of no others.
    assert (valid[1] == f_pair);
  end
end
