"""All stages there are, in order, and what follows from their declarations."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from netloom.pipeline.stage import Job, Stage

_added: list[Stage] = []


def add(stage: Stage) -> None:
    """Let every later run have a stage that netloom does not come with.

    Raises:
        ValueError: if there is one of that name.
    """
    if any(stage.name == other.name for other in stages()):
        raise ValueError(f"there is a stage {stage.name!r} already; give yours another name")
    _added.append(stage)


def stages() -> tuple[Stage, ...]:
    """All stages, each after those that make what it needs.

    Raises:
        ValueError: if two need each other.
    """
    ordered: list[Stage] = []
    left = [*_own(), *_added]
    while left:
        ready = [stage for stage in left if not any(_feeds(other, stage) for other in left if other is not stage)]
        if not ready:
            raise ValueError(f"the stages {', '.join(stage.name for stage in left)} need each other")
        ordered.append(min(ready, key=lambda stage: (stage.last, stage.board, not stage.measures, stage.name)))
        left.remove(ordered[-1])
    return tuple(ordered)


def stages_of(job: Job) -> list[Stage]:
    """Those that a run consists of."""
    return [stage for stage in stages() if stage.belongs_to(job)]


def path_to(artefact: str, job: Job) -> list[Stage]:
    """Those of a run with a board that lead from its conversion, or what is given, to an artefact, in order."""
    found: list[Stage] = []
    wanted = {artefact}
    for stage in reversed(stages_of(job)):
        if stage.board and wanted.intersection(stage.makes) - job.given.keys():
            found.insert(0, stage)
            wanted.update(stage.needs)
    return found


def users(stage: Stage) -> set[str]:
    """Names of the stages that read what one makes, directly or not."""
    found = {stage.name}
    for later in stages():
        if any(other.name in found and _feeds(other, later) for other in stages()):
            found.add(later.name)
    return found - {stage.name}


def names(board: bool | None = None) -> tuple[str, ...]:
    """Of all stages, in order; or only those that a board adds, or that every run may have."""
    return tuple(stage.name for stage in stages() if board is None or stage.board == board)


def artefacts() -> tuple[str, ...]:
    """Names in the run directory of all that stages make."""
    return tuple(dict.fromkeys(name for stage in stages() for name in stage.makes))


def logs() -> tuple[str, ...]:
    """Names in the run directory of what failing tools leave there."""
    return tuple(name for stage in stages() for name in stage.logs)


def reserved() -> tuple[str, ...]:
    """Names of all that may be put into a run directory, `run.json` and its log aside."""
    return (*artefacts(), *logs())


def _feeds(giver: Stage, taker: Stage) -> bool:
    return (taker.last and not giver.last) or not set(giver.makes).isdisjoint(taker.needs)


@cache
def _own() -> tuple[Stage, ...]:
    folder = import_module("netloom.pipeline.stages")
    return tuple(import_module(f"{folder.__name__}.{one.name}").STAGE for one in iter_modules(folder.__path__))
