"""`rtl.json` and `netlist.json`: the hardware, simulated on the test set and held against `fixed`."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self

import numpy as np
from pydantic import Field

from netloom.common.arrays import write_arrays
from netloom.common.files import write_text
from netloom.common.reading import FixedModel, Number, Whole, read_json
from netloom.pipeline.evaluation.evaluation import load_run, scores_of
from netloom.pipeline.evaluation.side_by_side import compare_all, record_of
from netloom.pipeline.evaluation.simulation import predictions_of
from netloom.progress import Progress
from netloom.records import FidelityRecord, RunRecord
from netloom.sim import Fidelity
from netloom.sim.fixed import FixedEngine
from netloom.sim.hardware.stream_engine import StreamEngine

CODE: tuple[str, ...] = ("models/data", "models/tasks", "quantize/base_settings.py", "hls", "firmware", "sim")
CODE += ("netloom/pipeline", "netloom/records.py")
USES = ("keras", "scipy", "amaranth", "amaranth-boards", "jinja2")
"""What simulating the hardware depends on, as `Stage` has it."""


class HardwareRun(FixedModel):
    """One engine on the test set, held against `fixed`.

    Attributes:
        fidelity: the comparison, over all samples.
        stalled: the same under random stalls; None if no sample was run so.
        scores: by engine, by score; only of a whole test set with targets.
        latency: clock cycles, counted; None for the netlist.
        interval: clock cycles, counted; None for the netlist.
        tool: version of what simulated it.
    """

    fidelity: FidelityRecord
    stalled: FidelityRecord | None = None
    scores: dict[str, dict[str, Number]] = Field(default={})
    run: RunRecord
    latency: Whole | None = None
    interval: Annotated[int, Field(ge=1, lt=2**53)] | None = None
    tool: str

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read it back.

        Raises:
            StorageError: if it is missing or damaged.
        """
        return read_json(path, cls, "netloom run with --board makes it")


class Held(NamedTuple):
    """What came of holding an engine against `fixed`: the comparison, the scores of both, the engine's outputs."""

    engine: StreamEngine
    fidelity: Fidelity
    scores: dict[str, dict[str, float]]
    outputs: list[np.ndarray]


def hold(
    engine: StreamEngine, directory: Path, samples: int | None, trace_samples: int | None, progress: Progress
) -> Held:
    """Hold an engine against `fixed` on the first samples of the test set, chunk by chunk.

    Scores are of the whole test set, or there are none.
    """
    conversion, tests, task = load_run(directory)
    engines = (FixedEngine(conversion), engine)
    advanced = partial(progress.advanced, f"{engine.name}, every layer")
    outputs, (fidelity,) = compare_all(engines, tests.part(0, samples), conversion, trace_samples, advanced)
    return Held(engine, fidelity, scores_of(engines, outputs, tests, task), outputs[engine.name])


def keep(held: Held, tool: str, place: Path, stalled: Fidelity | None = None, **cycles: Any) -> None:
    """Write what an engine came to, with the cycles counted: a `HardwareRun` as JSON, and its outputs beside it."""
    engine = held.engine
    found = HardwareRun(
        fidelity=record_of(held.fidelity),
        stalled=None if stalled is None else record_of(stalled),
        scores=held.scores,
        run=RunRecord.model_validate(
            {
                "engine": engine.name,
                "samples": held.fidelity.samples,
                "stalled_samples": 0 if stalled is None else stalled.samples,
                "cycles": engine.speed.cycles,
                "seconds": round(engine.speed.seconds, 4),
                "compile_seconds": round(engine.speed.compile_seconds, 3),
            }
        ),
        tool=tool,
        **cycles,
    )
    write_arrays(place.with_suffix(".npz"), predictions_of({engine.name: held.outputs}))
    write_text(place.with_suffix(".json"), found.model_dump_json(indent=2) + "\n")
