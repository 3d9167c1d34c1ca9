// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Where a beat stands in a sequence of STEPS steps of BEATS beats: whether it is of the first step, of the last one.
//
// Both are registers, and of the beat that is offered now. Does NOT handshake: `taken` says that the beat is gone.
// Mirrored by firmware/units/streams/step_position.py.
module step_position #(
    parameter int BEATS = 1,  // of a step
    parameter int STEPS = 2   // of a sequence
) (
    input  logic clk,
    input  logic rst,    // synchronous
    input  logic taken,  // a beat is transferred in this clock cycle
    output logic first,  // it is of the first step
    output logic last    // it is of the last step
);
  generate
    if (BEATS < 1 || STEPS < 1) begin : gen_bad_size
      $error("step_position: BEATS and STEPS must be at least 1");
    end

    if (STEPS == 1) begin : gen_single
      logic unused;
      assign unused = &{1'b0, clk, rst, taken};
      assign first = 1'b1;
      assign last = 1'b1;
    end else begin : gen_several
      localparam int All = BEATS * STEPS;
      localparam int LeftWidth = $clog2(All + 1);
      logic [LeftWidth-1:0] left;  // beats of the sequence yet to come, this one included
      wire ends = left == LeftWidth'(1);

      always_ff @(posedge clk) begin
        if (rst || (taken && ends)) begin
          left  <= LeftWidth'(All);
          first <= 1'b1;
          last  <= 1'b0;
        end else if (taken) begin
          left <= left - 1'b1;
          if (left == LeftWidth'(All - BEATS + 1)) first <= 1'b0;
          if (left == LeftWidth'(BEATS + 1)) last <= 1'b1;
        end
      end
    end
  endgenerate
endmodule
