"""How long a design takes from the last beat of a sample to its answer, when samples come as slowly as sound does.

    python benchmarks/frame_latency.py runs/words

Verilator is fed test samples by a source that pauses at random, so that the design has done all it can do before the
next beat comes. What is left to do after the last one is the latency of one frame.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from netloom.hls.dataflow import TensorType
from netloom.models.data.examples import only
from netloom.pipeline import rundir
from netloom.pipeline.evaluation.testset import TestSet
from netloom.pipeline.run import read_report
from netloom.sim.hardware.rtl import RtlEngine
from netloom.sim.hardware.verilator import Stalls
from netloom.sim.values import to_raws

SAMPLES = 8


@dataclass(frozen=True)
class FrameLatency:
    """In clock cycles, the most over all samples.

    Attributes:
        frame: of the source, from the first beat of a frame to that of the next, on the average.
        answer: from the last beat of a sample to the last one of its answer.
        whole: from the first beat of a sample to the last one of its answer.
    """

    frame: float
    answer: int
    whole: int


def frame_latency(engine: RtlEngine, x: np.ndarray, pausing: float = 0.998) -> FrameLatency:
    """Count it.

    Args:
        engine: of a design with one input and one output.
        x: samples, (samples, frames, ...).
        pausing: share of the clock cycles in which the source pauses.
    """
    (source,), (sink,) = engine.design.inputs, engine.design.outputs
    raws = to_raws(x.astype(float), TensorType(source.shape, source.stream.element))
    words = source.stream.pack(raws.astype(np.int64).reshape(len(x), -1))
    result = engine.simulation.run([words], [len(x) * sink.stream.beats], Stalls(0, pausing, 0.0), probe=False)
    taken, given = (result.taken[0].reshape(len(x), -1), result.given[0].reshape(len(x), -1))
    return FrameLatency(
        frame=float(np.diff(taken[:, [0, -1]]).mean() / x.shape[1]),
        answer=int((given[:, -1] - taken[:, -1]).max()),
        whole=int((given[:, -1] - taken[:, 0]).max()),
    )


def main() -> None:
    """Print what a run's design takes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path)
    run = parser.parse_args().run
    hardware = read_report(run).hardware
    if hardware is None:
        parser.error(f"{run} was run without a board")
    found = frame_latency(RtlEngine(run / rundir.DESIGN), only(TestSet.load(run / rundir.DATA).x)[:SAMPLES])
    microseconds = found.answer / hardware.clock_mhz
    print(f"frames come every {found.frame:,.0f} clock cycles; the answer {found.answer:,} after the last,")
    print(f"{microseconds:.3g} µs at {hardware.clock_mhz:g} MHz; of {found.whole:,} since the first")


if __name__ == "__main__":
    main()
