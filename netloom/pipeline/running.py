"""Bringing a stage of a run up to date: redone only when what it depends on has changed, or its outputs.

`check_intact` asks the latter of what is finished, for those who only read."""

import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from netloom.common.files import digests, is_same, put_in_place, remove, scratch, storage_errors
from netloom.common.quiet import captured
from netloom.common.store import Kept
from netloom.errors import StorageError, ToolFailedError
from netloom.pipeline import registry, rundir
from netloom.pipeline.code import code_digest
from netloom.pipeline.stage import Job, Stage
from netloom.pipeline.state import STATE_FILE, FinishedStage, RunState, recorded
from netloom.records import StageRecord
from netloom.settings import RunSettings

LOG_FILE = "netloom.log"


def run_stage(stage: Stage, job: Job) -> StageRecord:
    """Bring a stage's outputs up to date, doing its work only if it must.

    Raises:
        StorageError: if the directory cannot be read or written, or the disk is full.
    """
    job.progress.stage_started(stage.name)
    try:
        with storage_errors(f"stage '{stage.name}' in {job.directory}"):
            mark = "" if job.given else fingerprint(stage, job)
            reused = not job.given and is_finished(stage, mark, job)
            if not reused:
                reused = _perform(stage, mark, job)
    finally:
        job.progress.close()
    seconds = job.state.stages[stage.name].seconds
    job.progress.stage_ended(stage.name, seconds, reused)
    return StageRecord(name=stage.name, seconds=seconds, reused=reused)


def fingerprint(stage: Stage, job: Job) -> str:
    """SHA-256 over all that a stage's result depends on: what it reads, and what works it out."""
    depends = {
        "stage": stage.name,
        "inputs": stage.inputs(job),
        "artefacts": [recorded(job.state, name) for name in stage.needs],
        "outputs": stage.outputs(job),
        "code": code_digest(stage),
        "versions": {name: job.state.versions.get(name) for name in ("python", "numpy", *stage.uses)},
    }
    text = json.dumps(depends, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def is_finished(stage: Stage, mark: str, job: Job) -> bool:
    """Whether the recorded result of `stage` has this fingerprint and every file of it is intact."""
    record = job.state.stages.get(stage.name)
    if record is None or record.fingerprint != mark:
        return False
    return _tops(record.outputs) == set(stage.outputs(job)) and all(
        is_same(job.directory, name, digest) for name, digest in record.outputs.items()
    )


def check_intact(directory: Path, *names: str) -> None:
    """Refuse artefacts of a run directory that are not, byte for byte, what a finished stage recorded.

    Of a directory without `run.json` nothing is recorded, and nothing refused.

    Raises:
        StorageError: if a file is missing, changed, a link, or of no finished stage; or `run.json` is damaged.
    """
    state = RunState.read(directory)
    if state is None:
        return
    for name in names:
        files = recorded(state, name)
        if not files:
            raise StorageError(
                f"{directory / name} belongs to no finished stage of this run; the same netloom run goes on from there"
            )
        for file, digest in files.items():
            if not is_same(directory, file, digest):
                raise StorageError(
                    f"{directory / file} is not what {STATE_FILE} recorded (changed, or missing);"
                    " the same netloom run makes it anew"
                )


def check_part(path: Path) -> None:
    """`check_intact` of a file or folder that may be an artefact of a run directory."""
    path = path.absolute()
    if path.name in registry.reserved() and (path.parent / STATE_FILE).exists():
        check_intact(path.parent, path.name)


def told(directory: Path, state: RunState) -> dict[str, FinishedStage]:
    """The finished stages that a report made now tells of, by name, in order.

    A design that is not the one the last run's settings ask for (an earlier run had another board, or `netloom build`
    came in between) is not told of, nor is what was made from it.
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


def _perform(stage: Stage, mark: str, job: Job) -> bool:
    """Make the outputs in a scratch directory, put them in place, then record them in `run.json`.

    Until the record is written the outputs do not count, whatever interrupts; and the earlier outputs are
    replaced only once the new ones are whole. Where no run keeps track there is no log and no record.
    Returns whether the result is from the store.
    """
    directory, state, names = job.directory, job.state, stage.outputs(job)
    with scratch(directory) as made:
        with captured(None if job.given else directory / LOG_FILE), _logs_kept(stage, made, directory):
            kept, taken = _made(stage, mark, job, made)
        for output in names:
            put_in_place(made / output, directory / output)
    before = state.stages.get(stage.name)
    for output in _tops(before.outputs if before else ()) - set(names):
        remove(directory / output)
    # What was made from this stage's earlier outputs counts no more.
    for later in registry.users(stage) if before else ():
        state.stages.pop(later, None)
    record = FinishedStage(
        fingerprint=mark,
        outputs=kept.outputs,
        seconds=kept.seconds,
        finished=datetime.now(UTC).replace(microsecond=0),
    )
    # In its place, whenever it was done: a board may come after the first report.
    finished = state.stages | {stage.name: record}
    order = dict.fromkeys((*registry.names(), *finished))
    state.stages = {name: finished[name] for name in order if name in finished}
    if not job.given:
        state.write(directory)
    return taken


def _made(stage: Stage, mark: str, job: Job, made: Path) -> tuple[Kept, bool]:
    """What a stage makes, in the empty directory given, and whether it is from the store."""
    store = None if stage.last or job.given else job.store
    said = f"{stage.name}, {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
    if store and not job.anew and (found := store.take(mark, made)):
        print(f"== {said}, from {store.folder / mark}")
        return found, True
    print(f"== {said}")
    began = time.perf_counter()
    stage.work(job, made)
    outputs: dict[str, str] = {}
    for output in stage.outputs(job):
        outputs |= digests(made / output, made)
    kept = Kept(stage=stage.name, outputs=outputs, seconds=round(time.perf_counter() - began, 3))
    if store:
        store.keep(mark, kept, made)
    return kept, False


@contextmanager
def _logs_kept(stage: Stage, made: Path, directory: Path) -> Iterator[None]:
    """When a tool fails, its logs go to the run directory, since `made` will vanish; and the message says so."""
    for name in stage.logs:
        remove(directory / name)
    try:
        yield
    except ToolFailedError as error:
        for name in stage.logs:
            if (made / name).exists():
                put_in_place(made / name, directory / name)
        raise ToolFailedError(str(error).replace(str(made.absolute()), str(directory))) from None


def _tops(names: Iterable[str]) -> set[str]:
    return {name.split("/")[0] for name in names}
