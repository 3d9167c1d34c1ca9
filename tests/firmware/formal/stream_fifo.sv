// A beat taken at any time while `n` beats are inside leaves after exactly `n` others, unchanged; never more than DEPTH.
localparam int F_BITS = $clog2(DEPTH + 1) + 1;
(* anyseq *) logic pick;
logic f_started = 1'b0;
logic f_tracked;
logic [F_BITS-1:0] f_level, f_before;
logic [WIDTH-1:0] f_data;
logic f_stalled;
logic [WIDTH-1:0] f_offered;
logic [2:0] f_idle;
wire [F_BITS-1:0] f_stored = F_BITS'(signed'(stored)) + 1'b1;
wire [F_BITS-1:0] f_room = F_BITS'(signed'(room)) + 1'b1;

always_ff @(posedge clk) begin
  f_started <= 1'b1;
  f_stalled <= !rst && out_valid && !out_ready;
  f_offered <= out_data;
  f_idle    <= rst || !in_valid || !out_ready || take || give ? 3'd0 : f_idle + 1'b1;
  f_level   <= rst ? '0 : f_level + F_BITS'(take) - F_BITS'(give);
  if (rst) f_tracked <= 1'b0;
  else if (!f_tracked && pick && take) begin
    f_tracked <= 1'b1;
    f_before  <= f_level - F_BITS'(give);
    f_data    <= in_data;
  end else if (f_tracked && give) begin
    f_tracked <= f_before != 0;
    f_before  <= f_before - 1'b1;
  end

  if (!f_started) assume (rst);
  else if (!rst) begin
    // Capacity, nothing without cause, nothing left inside.
    assert (f_level <= DEPTH);
    assert (in_ready == (f_level != DEPTH));
    assert (!out_valid || f_level != 0);
    assert (f_idle < 4);
    // A stalled beat stays.
    if (f_stalled) assert (out_valid && out_data == f_offered);
    // Order and content.
    if (f_tracked && f_before == 0 && out_valid) assert (out_data == f_data);
    // What makes it inductive.
    assert (f_room == F_BITS'(DEPTH) - f_level);
    assert (f_stored <= WORDS);
    assert (write_address < WORDS && read_address < WORDS);
    assert (write_address == (32'(read_address) + f_stored) % WORDS);
    if (f_tracked) assert (f_before < f_level);
  end
end

if (BLOCK) begin : gen_f_block
  // What the memory must give: `PART` is `assert` where that is checked, `assume` where induction builds on it.
  logic [WIDTH-1:0] f_words[0:WORDS-1];
  logic [WIDTH-1:0] f_read;
  wire [1:0] f_registers = 2'(gen_block.fetched) + 2'(out_valid);

  always_ff @(posedge clk) begin
    if (take) f_words[write_address] <= in_data;
    if (gen_block.fetch) f_read <= f_words[read_address];
    if (f_started && !rst) begin
      assert (f_level == f_stored + F_BITS'(f_registers));
      if (gen_block.fetched) assert (gen_block.fetched_bank < gen_block.BANKS);
      if (out_valid) assert (gen_block.offered_bank < gen_block.BANKS);
      // Registers fill before the memory does.
      assert (f_stored <= 1 || f_registers == 2);
      if (gen_block.fetched) `PART (gen_block.fetched_data[gen_block.fetched_bank] == f_read);
      if (f_tracked && f_before >= F_BITS'(f_registers))
        assert (f_words[(32'(read_address) + f_before - 32'(f_registers)) % WORDS] == f_data);
      if (f_tracked && gen_block.fetched && f_before == F_BITS'(out_valid)) assert (f_read == f_data);
    end
  end
end else begin : gen_f_fabric
  always_ff @(posedge clk) begin
    if (f_started && !rst) begin
      assert (f_level == f_stored + F_BITS'(out_valid));
      assert (out_valid || f_stored == 0);
      if (f_tracked && f_before != 0)
        assert (gen_fabric.words[(32'(read_address) + f_before - 1) % WORDS] == f_data);
    end
  end
end
