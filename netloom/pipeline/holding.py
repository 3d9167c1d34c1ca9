"""An engine of the hardware, held against `fixed` on the test set."""

from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from netloom.hls import Conversion
from netloom.models.data.examples import as_list
from netloom.pipeline import rundir
from netloom.pipeline.evaluation import Recorded, affordable, compare, joined, run_task
from netloom.pipeline.fidelity import merge
from netloom.pipeline.testset import TestSet
from netloom.progress import Progress
from netloom.report.schema import RunRecord
from netloom.sim import Fidelity
from netloom.sim.crosscheck import remembering
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
) -> tuple[Fidelity, dict[str, dict[str, float]]]:
    """Hold an engine against `fixed` on the first samples of the test set, chunk by chunk.

    The scores of both are there only if it was the whole test set, and that has targets.
    """
    conversion = Conversion.load(directory / rundir.CONVERSION)
    whole = TestSet.load(directory / rundir.DATA)
    tests, task = whole.part(0, samples), run_task(whole, conversion)
    fixed, chunk = FixedEngine(conversion), affordable(conversion)
    comparisons = []
    outputs: dict[str, list[list[np.ndarray]]] = {fixed.name: [], engine.name: []}
    for start in range(0, len(tests), chunk):
        part = tests.part(start, start + chunk)
        traced = len(part) if trace_samples is None else max(0, min(trace_samples - start, len(part)))
        advanced = partial(_advanced, progress, engine.name, start, len(tests))
        recorded = {one.name: Recorded(one, as_list(part.x), traced, advanced) for one in (fixed, engine)}
        comparisons += compare(recorded, part, conversion)
        for name, one in recorded.items():
            outputs[name].append(one.outputs)
    scores = {
        one.name: task.evaluate(remembering(one, tests.x, joined(outputs[one.name])), tests)
        for one in (fixed, engine)
        if len(tests) == len(whole)
    }
    return merge(comparisons), {name: one for name, one in scores.items() if one}


def _advanced(progress: Progress, name: str, before: int, total: int, done: int) -> None:
    progress.advanced(f"{name}, every layer", min(before + done, total), total)
