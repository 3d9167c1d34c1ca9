// What is read is what was written there last, for every address.
(* anyconst *) logic [$clog2(DEPTH)-1:0] f_address;
logic f_known = 1'b0;   // something was written there
logic f_read = 1'b0;    // and read_data comes from there
logic [WIDTH-1:0] f_written, f_expected;

always_ff @(posedge clk) begin
  if (write && write_address == f_address) begin
    f_known   <= 1'b1;
    f_written <= write_data;
  end
  if (read) begin
    f_read     <= f_known && read_address == f_address;
    f_expected <= f_written;
  end
  assume (f_address < DEPTH && write_address < DEPTH && read_address < DEPTH);
  if (f_read) assert (read_data == f_expected);
  if (f_known) assert (words[f_address] == f_written);
end
