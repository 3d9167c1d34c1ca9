"""`build_bitstream` and `write_design`: from what is converted already, without simulating anything."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netloom.common.lock import locked
from netloom.common.store import used_store
from netloom.errors import SettingsError, StorageError
from netloom.firmware.build.bitstream import Build
from netloom.firmware.emit.design_file import DESIGN_FILE
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.firmware.families import GENERIC
from netloom.hls.dataflow.storage import DATAFLOW_FILE
from netloom.pipeline import registry, rundir
from netloom.pipeline.run import check_hardware
from netloom.pipeline.running import check_intact, check_part, run_stage
from netloom.pipeline.stage import Job
from netloom.pipeline.state import Origin, RunState
from netloom.pipeline.unread import check_build
from netloom.progress import Progress
from netloom.settings import HardwareSettings, RunSettings


def build_bitstream(directory: str | Path, settings: HardwareSettings, progress: Progress | None = None) -> Build:
    """Synthesize, place, route and pack.

    Args:
        directory: of a run, whose stages are kept up to date; of a conversion, which gets `design/`, `netlist/` and
            `bitstream/`; or of an emitted design, which gets the last two.
        settings: board, clock, target; an emitted design keeps the folding it has.
        progress: told what is going on; silent for None.

    Returns:
        The bitstream; `met` says whether the clock was.

    Raises:
        SettingsError: for a setting that is not read: the simulations', and of an emitted design the folding's.
        NetloomError: with one line, in all its kinds; what was finished before is intact.
    """
    folder = _existing(directory)
    check_build(settings, folded=(folder / DESIGN_FILE).is_file())
    check_hardware(settings)
    check_part(folder)
    with locked(folder):
        bring(rundir.BITSTREAM, _job(folder, settings, progress))
        return Build.read(folder / rundir.BITSTREAM)


def write_design(directory: str | Path, settings: HardwareSettings, progress: Progress | None = None) -> Path:
    """Fold the network for a board and write its design, for a board that needs its vendor's tool.

    The directory of a run or of a conversion gets `design/`, whose path is returned.

    Raises:
        NetloomError: with one line, in all its kinds; what was finished before is intact.
    """
    folder = _existing(directory)
    folded = (folder / DESIGN_FILE).is_file()
    check_build(settings, folded=folded, vendor=True)
    if folded and (target := EmittedDesign.read(folder).target) != GENERIC.name:
        raise SettingsError(
            f"the design in {folder} is for {target}; give its run or its conversion, to write one for {settings.board}"
        )
    check_part(folder)
    with locked(folder):
        job = _job(folder, settings, progress)
        bring(rundir.DESIGN, job)
        return job.at(rundir.DESIGN)


def bring(artefact: str, job: Job) -> None:
    """Bring the way to an artefact up to date, from a run's conversion or what is given: nothing is simulated."""
    for stage in registry.path_to(artefact, job):
        run_stage(stage, job)


def untracked(
    folder: Path,
    settings: HardwareSettings,
    given: Mapping[str, Path],
    progress: Progress | None = None,
    title: str | None = None,
    shared: Mapping[str, Any] | None = None,
) -> Job:
    """What works in a folder of no run, on the artefacts given; `title` is the network's, else the folder's name."""
    state = RunState(origin=Origin(network=title or folder.resolve().name, kind="quantized"))
    run = RunSettings(hardware=settings)
    return Job(folder, state, run, progress=progress or Progress(), store=used_store(), given=given, shared=shared)


def _job(folder: Path, settings: HardwareSettings, progress: Progress | None) -> Job:
    """What is to be done in a folder, by what it is."""
    state = RunState.read(folder)
    if state is None:
        kinds = {rundir.DESIGN: DESIGN_FILE, rundir.CONVERSION: DATAFLOW_FILE}
        found = next((kind for kind, file in kinds.items() if (folder / file).is_file()), None)
        if found is None:
            raise StorageError(
                f"{folder} holds neither a run, nor a conversion, nor a design; netloom convert makes one"
            )
        return untracked(folder, settings, {found: folder}, progress)
    if "convert" not in state.stages:
        raise StorageError(f"the run in {folder} has no conversion yet; the same netloom run goes on where it was")
    check_intact(folder, rundir.CONVERSION)
    return Job(folder, state, RunSettings(hardware=settings), progress=progress or Progress(), store=used_store())


def _existing(directory: str | Path) -> Path:
    folder = Path(directory)
    if not folder.is_dir():
        raise StorageError(f"there is no directory {folder}; netloom run or netloom convert makes one")
    return folder
