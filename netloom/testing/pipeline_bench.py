"""`through`: what a pipeline without control of its own gives for a beat in every clock, and what to put into one."""

from collections.abc import Mapping, Sequence

import numpy as np

from netloom.firmware.emit.library import needed
from netloom.firmware.families import GENERIC, Family
from netloom.firmware.stream import Stream
from netloom.firmware.units.pipeline import fifo_depth
from netloom.fixed_point import FixedPoint
from netloom.sim.hardware.cell_models import cell_models
from netloom.sim.hardware.verilator import StreamPort, build

_BENCH = """
module bench (
    input logic clk,
    input logic rst,
    input logic in_valid,
    output logic in_ready,
    input logic [{ins}-1:0] in_data,
    output logic out_valid,
    input logic out_ready,
    output logic [{outs}-1:0] out_data
);
  logic [{latency}:0] valid;
  logic [{latency}:0] first;
  logic [{outs}-1:0] result;
  logic unused;
  assign unused = &{{1'b0, valid, first}};
  {body}
  credit_pipeline #(.STAGES({latency}), .WIDTH({outs}), .DEPTH({depth})) control (
      .clk(clk), .rst(rst), .in_valid(in_valid), .in_ready(in_ready), .valid(valid), .first(first), .result(result),
      .out_valid(out_valid), .out_ready(out_ready), .out_data(out_data)
  );
endmodule
"""


def through(
    body: str,
    ins: int,
    outs: int,
    latency: int,
    words: Sequence[int] | np.ndarray,
    others: Mapping[str, str] | None = None,
    lint: bool = True,
    family: Family = GENERIC,
) -> np.ndarray:
    """Results of a pipeline from `in_data` to `result`, a beat for every input beat.

    Args:
        body: the pipeline, in SystemVerilog; of the library, what it instantiates is there.
        ins: bits of a beat.
        outs: bits of a result.
        latency: clocks from a beat to its result.
        words: beats, as integers.
        others: further files, or others than the library's.
        lint: warnings are errors.
        family: whose modules they are.

    Returns:
        Beats: uint8 (words, bytes).
    """
    bench = _BENCH.format(ins=ins, outs=outs, latency=latency, depth=fifo_depth(1, latency), body=body)
    files = needed([bench], family) | dict(others or {}) | {"bench.sv": bench}
    files |= cell_models(files)
    simulation = build(files, "bench", [StreamPort("in_", ins)], [StreamPort("out_", outs)], lint=lint)
    source = Stream("in", FixedPoint(ins, ins, False), 1, 1)
    return simulation.run([source.pack(np.asarray(words)[:, None])], [len(words)]).outputs[0]


def operands(width: int) -> np.ndarray:
    """Words of an operand: all there are, or the ends of both signs and some more."""
    if width <= 6:
        return np.arange(1 << width)
    half = 1 << (width - 1)
    ends = [0, 1, half - 1, half, half + 1, 2 * half - 1]
    return np.array([*ends, *np.random.default_rng(width).integers(0, 2 * half, 40)])


def signed_words(words: np.ndarray, width: int, is_signed: bool) -> np.ndarray:
    """Their values."""
    return words - ((words >> (width - 1)) << width) if is_signed else words
