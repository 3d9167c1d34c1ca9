// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Control of STAGES register stages in a row: a stage moves on whenever it, or any stage after it, is empty, or the last
// one's beat is taken. The user registers the data of stage i where `enable[i]`.
//
// Latency STAGES, a beat a clock. `in_ready` follows `out_ready` combinationally, through one wide gate however many
// stages there are; a long row of such modules wants a stream_fifo in between, which cuts that path.
// Mirrored by firmware/units/elastic.py.

module elastic #(
    parameter int STAGES = 1  // register stages, at least 1
) (
    input logic clk,
    input logic rst,  // synchronous
    input logic in_valid,  // a beat is offered
    output logic in_ready,  // and taken
    output logic out_valid,  // the last stage holds a beat
    input logic out_ready,  // and it is taken
    output logic [STAGES-1:0] enable  // which stages load, each from the one before it, stage 0 from the input
);
  generate
    if (STAGES < 1) begin : gen_illegal
      $error("elastic: STAGES must be at least 1");
    end
  endgenerate

  logic [STAGES-1:0] full;

  for (genvar i = 0; i < STAGES; i++) begin : gen_stage
    assign enable[i] = out_ready || !(&full[STAGES-1:i]);
    always_ff @(posedge clk) begin
      if (rst) full[i] <= 1'b0;
      else if (enable[i]) full[i] <= i == 0 ? in_valid : full[i == 0 ? 0 : i-1];
    end
  end
  assign in_ready = enable[0];
  assign out_valid = full[STAGES-1];
endmodule
