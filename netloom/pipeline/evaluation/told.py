"""Which finished stages a report tells of."""

from pathlib import Path

from netloom.pipeline import registry, rundir
from netloom.pipeline.running import fingerprint
from netloom.pipeline.stage import Job
from netloom.pipeline.state import RunState, StageRecord
from netloom.settings import RunSettings


def told(directory: Path, state: RunState) -> dict[str, StageRecord]:
    """The finished stages that a report made now tells of, by name, in order.

    A design that is not the one the last run's settings ask for (an earlier run had another board, or `netloom build`
    came in between) is not told of, nor is what was made from it.

    Args:
        directory: of the run.
        state: of that directory.
    """
    hidden = {"report"} if _has_its_design(directory, state) else {"report", *registry.names(board=True)}
    return {name: record for name, record in state.stages.items() if name not in hidden}


def _has_its_design(directory: Path, state: RunState) -> bool:
    settings = RunSettings.model_validate(state.settings)
    if settings.hardware is None or "design" not in state.stages:
        return False
    job = Job(directory, state, settings)
    (design,) = registry.path_to(rundir.DESIGN, job)
    return state.stages[design.name].fingerprint == fingerprint(design, job)
