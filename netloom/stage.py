"""A resumable stage of a run: redone only when its inputs have changed or its outputs are not intact."""

import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from netloom.files import SCRATCH_PREFIX, digests, put_in_place, sha256, storage_errors
from netloom.quiet import captured
from netloom.state import RunState, StageRecord

LOG_FILE = "netloom.log"


@dataclass(frozen=True)
class Stage:
    """One step of a pipeline.

    Attributes:
        name: as shown and recorded.
        inputs: says, when its turn comes, what the result depends on; values that JSON can hold.
        outputs: names of the files and directories it makes in the run directory.
        work: makes every output under the directory it is given.
    """

    name: str
    inputs: Callable[[], Mapping[str, object]]
    outputs: tuple[str, ...]
    work: Callable[[Path], None]


def fingerprint(stage: Stage) -> str:
    """SHA-256 over the stage's name and inputs."""
    text = json.dumps({"stage": stage.name, "inputs": stage.inputs()}, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def is_finished(stage: Stage, mark: str, directory: Path, state: RunState) -> bool:
    """Whether the recorded result of `stage` has this fingerprint and every file of it is intact."""
    record = state.stages.get(stage.name)
    if record is None or record.fingerprint != mark:
        return False
    made = {name.split("/")[0] for name in record.outputs}
    return made == set(stage.outputs) and all(
        (directory / name).is_file() and sha256(directory / name) == digest for name, digest in record.outputs.items()
    )


def perform(stage: Stage, mark: str, directory: Path, state: RunState) -> StageRecord:
    """Do the stage's work in a scratch directory, put its outputs in place, then record it in `run.json`.

    Until the record is written the outputs do not count, whatever interrupts; and the earlier outputs are
    replaced only once the new ones are whole.

    Raises:
        StorageError: if the directory cannot be written, or the disk is full.
    """
    began = time.perf_counter()
    with (
        storage_errors(f"stage '{stage.name}' could not store its result in {directory}"),
        tempfile.TemporaryDirectory(dir=directory, prefix=SCRATCH_PREFIX, ignore_cleanup_errors=True) as scratch,
    ):
        with captured(directory / LOG_FILE):
            print(f"== {stage.name}, {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")
            stage.work(Path(scratch))
        outputs: dict[str, str] = {}
        for name in stage.outputs:
            outputs |= digests(Path(scratch) / name, Path(scratch))
        for name in stage.outputs:
            put_in_place(Path(scratch) / name, directory / name)
        record = StageRecord(
            fingerprint=mark,
            outputs=outputs,
            seconds=round(time.perf_counter() - began, 3),
            finished=datetime.now(UTC).replace(microsecond=0),
        )
        state.stages[stage.name] = record
        state.write(directory)
    return record
