"""An engine of the hardware, held against `fixed` on the test set."""

from functools import partial
from pathlib import Path
from typing import Literal

from netloom.hls import Conversion
from netloom.pipeline import rundir
from netloom.pipeline.evaluation import Recorded, affordable, compare
from netloom.pipeline.fidelity import merge
from netloom.pipeline.testset import TestSet
from netloom.progress import Progress
from netloom.report.schema import RunRecord
from netloom.sim import Fidelity
from netloom.sim.fixed import FixedEngine
from netloom.sim.hardware.stream_engine import StreamEngine


def run_record(
    engine: StreamEngine, name: Literal["rtl", "netlist"], fidelity: Fidelity, stalled: Fidelity | None
) -> RunRecord:
    """What was simulated, and how fast."""
    return RunRecord(
        engine=name,
        samples=fidelity.samples,
        stalled_samples=0 if stalled is None else stalled.samples,
        cycles=engine.speed.cycles,
        seconds=round(engine.speed.seconds, 4),
        compile_seconds=round(engine.speed.compile_seconds, 3),
    )


def hold(
    engine: StreamEngine, directory: Path, samples: int | None, trace_samples: int | None, progress: Progress
) -> Fidelity:
    """Hold an engine against `fixed` on the first samples of the test set, chunk by chunk."""
    conversion = Conversion.load(directory / rundir.CONVERSION)
    tests = TestSet.load(directory / rundir.DATA).part(0, samples)
    fixed, chunk = FixedEngine(conversion), affordable(conversion)
    comparisons = []
    for start in range(0, len(tests.x), chunk):
        part = tests.part(start, start + chunk)
        traced = len(part.x) if trace_samples is None else max(0, min(trace_samples - start, len(part.x)))
        advanced = partial(_advanced, progress, engine.name, start, len(tests.x))
        recorded = {one.name: Recorded(one, part.x, traced, advanced) for one in (fixed, engine)}
        comparisons += compare(recorded, part, conversion)
    return merge(comparisons)


def _advanced(progress: Progress, name: str, before: int, total: int, done: int) -> None:
    progress.advanced(f"{name}, every layer", min(before + done, total), total)
