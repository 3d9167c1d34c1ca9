// Elements leave in the order in which they came, each once and unchanged, in whichever direction.
(* anyseq *) logic pick;
localparam int F_BITS = $clog2(2 * PARTS + 1);
logic f_started = 1'b0;
logic f_tracked;
logic [F_BITS-1:0] f_inside;  // narrow parts taken and not given
logic [F_BITS-1:0] f_before;  // of them, those before the tracked beat
logic [IN_WIDTH-1:0] f_data;
logic f_stalled;
logic [OUT_WIDTH-1:0] f_offered;
// Parts up to the last one, this one included.
wire signed [31:0] f_left = 32'(signed'(left)) + 2;
wire signed [31:0] f_parts = signed'({1'b0, f_inside});
wire f_take = in_valid && in_ready;
wire f_give = out_valid && out_ready;
wire [F_BITS-1:0] f_came = f_take ? F_BITS'(IN_WIDTH / NARROW) : '0;
wire [F_BITS-1:0] f_went = f_give ? F_BITS'(OUT_WIDTH / NARROW) : '0;

always_ff @(posedge clk) begin
  f_started <= 1'b1;
  f_stalled <= !rst && out_valid && !out_ready;
  f_offered <= out_data;
  f_inside  <= rst ? '0 : f_inside + f_came - f_went;
  if (!f_started) assume (rst);
  else if (!rst && f_stalled) assert (out_valid && out_data == f_offered);
end

if (OUT_WIDTH > IN_WIDTH) begin : gen_f_join
  always_ff @(posedge clk) begin
    if (rst) f_tracked <= 1'b0;
    else if (!f_tracked && pick && f_take) begin
      f_tracked <= 1'b1;
      f_before  <= f_inside - f_went;
      f_data    <= in_data;
    end else if (f_tracked && f_give) f_tracked <= 1'b0;

    if (f_started && !rst) begin
      // A full beat is offered at once, and nothing gathers behind it.
      assert (f_inside <= PARTS);
      assert (out_valid == (f_inside == PARTS));
      assert (in_ready == (f_inside < PARTS || out_ready));
      if (f_tracked && out_valid) assert (out_data[f_before*NARROW+:NARROW] == f_data);
      // What makes it inductive: how far the parts have moved down.
      assert (f_left == (f_inside == PARTS ? PARTS : PARTS - f_parts));
      if (f_tracked) begin
        assert (f_before < f_inside);
        assert (data[(PARTS - f_inside + f_before)*NARROW+:NARROW] == f_data);
      end
    end
  end
end else begin : gen_f_part
  always_ff @(posedge clk) begin
    if (rst) f_tracked <= 1'b0;
    else if (!f_tracked && pick && f_take) begin
      f_tracked <= 1'b1;
      f_before  <= '0;  // parts of the tracked beat that have left
      f_data    <= in_data;
    end else if (f_tracked && f_give) begin
      f_tracked <= f_before != PARTS - 1;
      f_before  <= f_before + 1'b1;
    end

    if (f_started && !rst) begin
      assert (f_inside <= PARTS);
      assert (out_valid == (f_inside != 0));
      // The next beat comes in while the last part leaves, not before.
      assert (in_ready == (f_inside == 0 || (f_inside == 1 && out_ready)));
      if (f_tracked) assert (out_valid && out_data == f_data[f_before*NARROW+:NARROW]);
      assert (f_left == (f_inside == 0 ? 1 : f_parts));
      if (f_tracked) begin
        assert (f_before + f_inside == PARTS);
        assert (data << (f_before * NARROW) == (f_data >> (f_before * NARROW)) << (f_before * NARROW));
      end
    end
  end
end
