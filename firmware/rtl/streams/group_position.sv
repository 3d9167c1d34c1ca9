// Copyright netloom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Where a beat stands in its group of BEATS: whether it is the first one, the last one.
//
// Both are registers, and of the beat that is offered now. Does NOT handshake: `taken` says that the beat is gone.
module group_position #(
    parameter int BEATS = 4  // of a group
) (
    input  logic clk,
    input  logic rst,    // synchronous
    input  logic taken,  // a beat is transferred in this clock cycle
    output logic first,
    output logic last
);
  generate
    if (BEATS < 1) begin : gen_bad_size
      $error("group_position: BEATS must be at least 1");
    end

    if (BEATS == 1) begin : gen_single
      logic unused;
      assign unused = &{1'b0, clk, rst, taken};
      assign first = 1'b1;
      assign last = 1'b1;
    end else begin : gen_several
      localparam int LeftWidth = $clog2(BEATS + 1);
      logic [LeftWidth-1:0] left;  // beats of the group yet to come, this one included
      always_ff @(posedge clk) begin
        if (rst) begin
          left <= LeftWidth'(BEATS);
          first <= 1'b1;
          last <= 1'b0;
        end else if (taken) begin
          left <= last ? LeftWidth'(BEATS) : left - 1'b1;
          first <= last;
          last <= left == LeftWidth'(2);
        end
      end
    end
  endgenerate
endmodule
