"""`build_bitstream` and `write_design`: from what is converted already, without simulating anything."""

from pathlib import Path

from netloom.common.files import put_in_place, scratch, storage_errors
from netloom.common.lock import locked
from netloom.common.quiet import captured
from netloom.errors import SettingsError, StorageError
from netloom.firmware.build.bitstream import Build
from netloom.firmware.emit.emitted import DESIGN_FILE, EmittedDesign
from netloom.firmware.families import GENERIC
from netloom.hls import Conversion
from netloom.pipeline import registry, rundir
from netloom.pipeline.run import check_hardware
from netloom.pipeline.running import run_stage
from netloom.pipeline.stage import Job
from netloom.pipeline.stages.bitstream import make_bitstream
from netloom.pipeline.stages.design import emit_design
from netloom.pipeline.state import RunState, check_intact, check_part
from netloom.pipeline.store import used_store
from netloom.progress import Progress
from netloom.settings import HardwareSettings, RunSettings


def build_bitstream(directory: str | Path, settings: HardwareSettings, progress: Progress | None = None) -> Build:
    """Synthesize, place, route and pack.

    Args:
        directory: of a run, whose stages are kept up to date; of a conversion, which gets `design/` and `bitstream/`;
            or of an emitted design, which gets `bitstream/`.
        settings: board, clock, target; an emitted design keeps the folding it has.
        progress: told what is going on; silent for None.

    Returns:
        The bitstream; `met` says whether the clock was.

    Raises:
        NetloomError: with one line, in all its kinds; what was finished before is intact.
    """
    folder, progress = _existing(directory), progress or Progress()
    check_hardware(settings)
    check_part(folder)
    with locked(folder):
        state = _converted(folder)
        if state is not None:
            check_intact(folder, rundir.CONVERSION)
            _bring(rundir.BITSTREAM, folder, state, settings, progress)
            return Build.read(folder / rundir.BITSTREAM)
        return _build_alone(folder, settings, progress)


def write_design(directory: str | Path, settings: HardwareSettings, progress: Progress | None = None) -> Path:
    """Fold the network for a board and write its design, for a board that needs its vendor's tool.

    Args:
        directory: of a run, or of a conversion; gets `design/`.
        settings: board and target.
        progress: told what is going on; silent for None.

    Returns:
        The folder of the design.

    Raises:
        NetloomError: with one line, in all its kinds; what was finished before is intact.
    """
    folder, progress = _existing(directory), progress or Progress()
    if (folder / DESIGN_FILE).is_file() and (target := EmittedDesign.read(folder).target) != GENERIC.name:
        raise SettingsError(
            f"the design in {folder} is for {target}; give its run or its conversion, to write one for {settings.board}"
        )
    check_part(folder)
    with locked(folder):
        state = _converted(folder)
        if state is None:
            progress.stage_started("design")
            try:
                return _design_of(folder, settings, progress)
            finally:
                progress.close()
        check_intact(folder, rundir.CONVERSION)
        _bring(rundir.DESIGN, folder, state, settings, progress)
        return folder / rundir.DESIGN


def _bring(artefact: str, folder: Path, state: RunState, settings: HardwareSettings, progress: Progress) -> None:
    """Bring a run's way to an artefact up to date: nothing is simulated, and no data is needed."""
    job = Job(folder, state, RunSettings(hardware=settings), progress=progress, store=used_store())
    for stage in registry.path_to(artefact, job):
        run_stage(stage, job)


def _existing(directory: str | Path) -> Path:
    folder = Path(directory)
    if not folder.is_dir():
        raise StorageError(f"there is no directory {folder}; netloom run or netloom convert makes one")
    return folder


def _converted(folder: Path) -> RunState | None:
    """Of a run, its state; None if the folder is of no run."""
    state = RunState.read(folder)
    if state is not None and "convert" not in state.stages:
        raise StorageError(f"the run in {folder} has no conversion yet; the same netloom run goes on where it was")
    return state


def _build_alone(folder: Path, settings: HardwareSettings, progress: Progress) -> Build:
    """Where no run keeps track: a conversion or a design."""
    progress.stage_started("bitstream")
    try:
        with captured(None):
            design = EmittedDesign.read(_design_of(folder, settings, progress))
            return make_bitstream(design, settings, folder, on_line=progress.doing)
    finally:
        progress.close()


def _design_of(folder: Path, settings: HardwareSettings, progress: Progress) -> Path:
    """The design in a folder; made there from its conversion."""
    if (folder / DESIGN_FILE).is_file():
        return folder
    if not (folder / "dataflow.json").is_file():
        raise StorageError(f"{folder} holds neither a run, nor a conversion, nor a design; netloom convert makes one")
    with (
        storage_errors(f"cannot write in {folder}"),
        scratch(folder) as made,
    ):
        emit_design(Conversion.load(folder), folder.resolve().name, settings, made, progress)
        put_in_place(made / rundir.DESIGN, folder / rundir.DESIGN)
    return folder / rundir.DESIGN
