// A beat pushed at any time while `n` beats are inside leaves after exactly `n` others, unchanged. Places are reserved
// only when one is free, and no more is pushed than was reserved: that is up to whoever uses it.
localparam int F_BITS = $clog2(DEPTH + 1) + 1;
(* anyseq *) logic pick;
logic f_started = 1'b0;
logic f_tracked;
logic [F_BITS-1:0] f_flight, f_level, f_before;
logic [WIDTH-1:0] f_data;
logic f_stalled;
logic [WIDTH-1:0] f_offered;
logic [2:0] f_idle;
wire f_give = out_valid && out_ready;

always_ff @(posedge clk) begin
  f_started <= 1'b1;
  f_stalled <= !rst && out_valid && !out_ready;
  f_offered <= out_data;
  f_idle    <= rst || !out_ready || f_give || f_level == 0 ? 3'd0 : f_idle + 1'b1;
  f_flight  <= rst ? '0 : f_flight + F_BITS'(take) - F_BITS'(push);
  f_level   <= rst ? '0 : f_level + F_BITS'(push) - F_BITS'(f_give);
  if (rst) f_tracked <= 1'b0;
  else if (!f_tracked && pick && push) begin
    f_tracked <= 1'b1;
    f_before  <= f_level - F_BITS'(f_give);
    f_data    <= push_data;
  end else if (f_tracked && f_give) begin
    f_tracked <= f_before != 0;
    f_before  <= f_before - 1'b1;
  end

  if (!f_started) assume (rst);
  else if (!rst) begin
    assume (free || !take);
    assume (f_flight != 0 || !push);
    // Capacity, nothing without cause, nothing left inside.
    assert (f_flight + f_level <= DEPTH);
    assert (free == (f_flight + f_level != DEPTH));
    assert (!out_valid || f_level != 0);
    assert (f_idle < 3);
    // A stalled beat stays.
    if (f_stalled) assert (out_valid && out_data == f_offered);
    // Order and content.
    if (f_tracked && f_before == 0 && out_valid) assert (out_data == f_data);
    // What makes it inductive.
    if (f_tracked) assert (f_before < f_level);
  end
end

if (DEPTH > 1) begin : gen_f_credits
  always_ff @(posedge clk)
    if (f_started && !rst) assert (F_BITS'(gen_credits.credits) == DEPTH - f_flight - f_level);
end
if (DEPTH <= 3) begin : gen_f_chain
  for (genvar i = 0; i < DEPTH; i++) begin : gen_f_place
    // Beats in front of this place.
    logic [F_BITS-1:0] ahead;
    if (i == DEPTH - 1) begin : gen_f_last
      assign ahead = '0;
    end else begin : gen_f_behind
      assign ahead = gen_f_place[i+1].ahead + F_BITS'(gen_chain.full[i+1]);
    end
    always_ff @(posedge clk) begin
      if (f_started && !rst && f_tracked && gen_chain.full[i] && f_before == ahead)
        assert (gen_chain.gen_place[i].data == f_data);
    end
  end
  always_ff @(posedge clk) begin
    if (f_started && !rst) begin
      assert (f_level == gen_f_place[0].ahead + F_BITS'(gen_chain.full[0]));
      // How long a gap can travel: as long as places in front of the first beat are empty.
      assert (f_idle == 0 || out_valid || 32'(f_idle) < DEPTH);
    end
  end
end else begin : gen_f_memory
  always_ff @(posedge clk) begin
    if (f_started && !rst) begin
      assert (f_level == F_BITS'(gen_memory.fill) + F_BITS'(out_valid));
      assert (gen_memory.stored == (gen_memory.fill != 0));
      assert (out_valid || gen_memory.fill <= 1);
      assert (32'(gen_memory.write_address) < gen_memory.Words && 32'(gen_memory.read_address) < gen_memory.Words);
      assert (gen_memory.write_address == (32'(gen_memory.read_address) + gen_memory.fill) % gen_memory.Words);
      if (f_tracked && f_before >= F_BITS'(out_valid))
        assert (
            gen_memory.gen_distributed.memory[
                (32'(gen_memory.read_address) + f_before - 32'(out_valid)) % gen_memory.Words
            ] == f_data);
    end
  end
end
