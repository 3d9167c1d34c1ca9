"""A resumable stage of a run: redone only when its inputs have changed or its outputs are not intact."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from netloom.common.files import digests, is_same, put_in_place, remove, scratch, storage_errors
from netloom.common.quiet import captured
from netloom.pipeline.state import RunState, StageRecord
from netloom.progress import Progress

LOG_FILE = "netloom.log"


@dataclass(frozen=True)
class Stage:
    """One step of a pipeline.

    Attributes:
        name: as shown and recorded.
        inputs: says, when its turn comes, what the result depends on; values that JSON can hold.
        outputs: names of the files and directories it makes in the run directory.
        work: makes every output under the directory it is given.
        users: later stages that use what it makes, directly or not; None is all later ones.
    """

    name: str
    inputs: Callable[[], Mapping[str, object]]
    outputs: tuple[str, ...]
    work: Callable[[Path], None]
    users: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a stage.

    Attributes:
        name: of the stage.
        seconds: how long it took when it was done.
        reused: whether it was not done now, its earlier result being intact and made from the same.
    """

    name: str
    seconds: float
    reused: bool


def run_stage(stage: Stage, directory: Path, state: RunState, progress: Progress) -> Outcome:
    """Bring a stage's outputs up to date, doing its work only if it must.

    Raises:
        StorageError: if the directory cannot be read or written, or the disk is full.
    """
    progress.stage_started(stage.name)
    try:
        with storage_errors(f"stage '{stage.name}' in {directory}"):
            mark = fingerprint(stage)
            reused = is_finished(stage, mark, directory, state)
            if not reused:
                _perform(stage, mark, directory, state)
    finally:
        progress.close()
    seconds = state.stages[stage.name].seconds
    progress.stage_ended(stage.name, seconds, reused)
    return Outcome(stage.name, seconds, reused)


def fingerprint(stage: Stage) -> str:
    """SHA-256 over the stage's name and inputs."""
    text = json.dumps({"stage": stage.name, "inputs": stage.inputs()}, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def is_finished(stage: Stage, mark: str, directory: Path, state: RunState) -> bool:
    """Whether the recorded result of `stage` has this fingerprint and every file of it is intact."""
    record = state.stages.get(stage.name)
    if record is None or record.fingerprint != mark:
        return False
    return _tops(record.outputs) == set(stage.outputs) and all(
        is_same(directory, name, digest) for name, digest in record.outputs.items()
    )


def _perform(stage: Stage, mark: str, directory: Path, state: RunState) -> None:
    """Do the work in a scratch directory, put the outputs in place, then record them in `run.json`.

    Until the record is written the outputs do not count, whatever interrupts; and the earlier outputs are
    replaced only once the new ones are whole.
    """
    began = time.perf_counter()
    with scratch(directory) as made:
        with captured(directory / LOG_FILE):
            print(f"== {stage.name}, {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")
            stage.work(made)
        outputs: dict[str, str] = {}
        for output in stage.outputs:
            outputs |= digests(made / output, made)
        for output in stage.outputs:
            put_in_place(made / output, directory / output)
    before = state.stages.get(stage.name)
    for output in _tops(before.outputs if before else ()) - set(stage.outputs):
        remove(directory / output)
    # What was made from this stage's earlier outputs counts no more.
    order = list(state.stages)
    for later in order[order.index(stage.name) + 1 :] if before else ():
        if stage.users is None or later in stage.users:
            del state.stages[later]
    state.record(
        stage.name,
        StageRecord(
            fingerprint=mark,
            outputs=outputs,
            seconds=round(time.perf_counter() - began, 3),
            finished=datetime.now(UTC).replace(microsecond=0),
        ),
    )
    state.write(directory)


def _tops(names: Iterable[str]) -> set[str]:
    return {name.split("/")[0] for name in names}
