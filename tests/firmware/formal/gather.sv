// Every index is taken with its place in its row, counted anew, and both come to the table's address together; every
// beat taken leaves, once. That a word is the one at its address is the part of `table_rom`.
//
// `PART` is `assert` where elastic is checked too, `assume` where induction builds on its own proof.
localparam int F_BITS = $clog2(WORDS + 1);
localparam int F_LEVEL = $clog2(Stages + 1) + 1;
logic f_started = 1'b0;
logic [F_BITS-1:0] f_beat;  // of its row, the beat that is offered
logic [F_BITS-1:0] f_step[IndexStages];  // the place of the index in each stage
logic [Stages-1:0] f_full;  // stages with a beat
logic [F_LEVEL-1:0] f_level, f_ones;  // beats inside; full stages
wire f_take = in_valid && in_ready;

always_comb begin
  f_ones = '0;
  for (int i = 0; i < Stages; i = i + 1) f_ones = f_ones + F_LEVEL'(f_full[i]);
end

always_ff @(posedge clk) begin
  f_started <= 1'b1;
  f_beat    <= rst ? '0 : !f_take ? f_beat : f_beat == WORDS - 1 ? '0 : f_beat + 1'b1;
  f_level   <= rst ? '0 : f_level + F_LEVEL'(f_take) - F_LEVEL'(out_valid && out_ready);
  for (int i = 0; i < Stages; i = i + 1)
    if (rst) f_full[i] <= 1'b0;
    else if (enable[i]) f_full[i] <= i == 0 ? f_take : f_full[i == 0 ? 0 : i-1];
  if (enable[0]) f_step[0] <= f_beat;
  if (enable[1]) f_step[1] <= f_step[0];

  if (!f_started) assume (rst);
  else if (!rst) begin
    // elastic's part.
    for (int i = 0; i < Stages; i = i + 1) `PART (enable[i] == (out_ready || ((~f_full >> i) << i) != '0));
    `PART (out_valid == f_full[Stages-1]);
    `PART (in_ready == enable[0]);

    assert (32'(f_beat) < WORDS);
    assert (f_level == f_ones);
    assert (in_ready == (out_ready || 32'(f_level) != Stages));
  end
end
if (WORDS > 1) begin : gen_f_steps
  always_ff @(posedge clk)
    if (f_started && !rst) begin
      // The counter moves on a take alone, and stays in the row.
      assert (32'(gen_steps.next) == 32'(f_beat));
      if (f_full[0]) assert (32'(gen_steps.step[0]) == 32'(f_step[0]) && 32'(f_step[0]) < WORDS);
      if (f_full[1]) begin
        assert (32'(gen_steps.step[1]) == 32'(f_step[1]) && 32'(f_step[1]) < WORDS);
        assert (address == AddressBits'({row, StepBits'(f_step[1])}));
      end
    end
end
