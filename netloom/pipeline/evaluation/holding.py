"""An engine of the hardware, held against `fixed` on the test set."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from netloom.hls import Conversion
from netloom.pipeline import rundir
from netloom.pipeline.evaluation.evaluation import run_task
from netloom.pipeline.evaluation.side_by_side import compare_all
from netloom.pipeline.evaluation.testset import TestSet
from netloom.progress import Progress
from netloom.records import RunRecord
from netloom.sim import Fidelity
from netloom.sim.crosscheck import remembering
from netloom.sim.fixed import FixedEngine
from netloom.sim.hardware.stream_engine import StreamEngine


@dataclass(frozen=True, eq=False)
class Held:
    """What came of holding an engine against `fixed`.

    Attributes:
        fidelity: the comparison.
        scores: of both engines, by engine; empty unless it was the whole test set, and that has targets.
        outputs: of the engine, under its name.
    """

    fidelity: Fidelity
    scores: dict[str, dict[str, float]]
    outputs: dict[str, list[np.ndarray]]


def run_record(engine: StreamEngine, fidelity: Fidelity, stalled: Fidelity | None) -> RunRecord:
    """What was simulated, and how fast."""
    return RunRecord.model_validate(
        {
            "engine": engine.name,
            "samples": fidelity.samples,
            "stalled_samples": 0 if stalled is None else stalled.samples,
            "cycles": engine.speed.cycles,
            "seconds": round(engine.speed.seconds, 4),
            "compile_seconds": round(engine.speed.compile_seconds, 3),
        }
    )


def hold(
    engine: StreamEngine, directory: Path, samples: int | None, trace_samples: int | None, progress: Progress
) -> Held:
    """Hold an engine against `fixed` on the first samples of the test set, chunk by chunk."""
    conversion = Conversion.load(directory / rundir.CONVERSION)
    whole = TestSet.load(directory / rundir.DATA)
    tests, task = whole.part(0, samples), run_task(whole, conversion)
    fixed = FixedEngine(conversion)
    advanced = partial(progress.advanced, f"{engine.name}, every layer")
    outputs, (fidelity,) = compare_all([fixed, engine], tests, conversion, trace_samples, advanced)
    scores = {
        one.name: task.evaluate(remembering(one, tests.x, outputs[one.name]), tests)
        for one in (fixed, engine)
        if len(tests) == len(whole)
    }
    return Held(fidelity, {name: one for name, one in scores.items() if one}, {engine.name: outputs[engine.name]})
