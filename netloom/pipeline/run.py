"""`run`: the whole way from a network or a model to the report, in a directory that can be resumed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from netloom.common.files import open_log, put_in_place, remove, scratch, storage_errors, sweep
from netloom.common.lock import locked
from netloom.common.quiet import captured
from netloom.common.reading import read_bytes, read_json
from netloom.common.store import used_store
from netloom.errors import NetloomError, SettingsError, StorageError, ToolMissingError
from netloom.firmware.board.boards import find_board
from netloom.firmware.board.top import board_clock
from netloom.firmware.build.tools import find_tool
from netloom.models import Dataset, load_dataset
from netloom.pipeline import registry, rundir
from netloom.pipeline.origin import Start, find_start
from netloom.pipeline.running import LOG_FILE, check_intact, check_part, run_stage, told
from netloom.pipeline.stage import Job
from netloom.pipeline.state import STATE_FILE, Origin, RunState
from netloom.pipeline.unread import check_run
from netloom.pipeline.versions import compiler_version, versions
from netloom.progress import Progress
from netloom.records import StageRecord
from netloom.report.schema import Report
from netloom.settings import HardwareSettings, RunSettings
from netloom.sim.csim.csim_build import compiler
from netloom.sim.hardware.verilator_tool import verilator

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Run:
    """A finished run: its directory, whose files `netloom.pipeline.rundir` names, and what became of each stage."""

    directory: Path
    outcomes: tuple[StageRecord, ...]

    @property
    def report(self) -> Report:
        """The report, read from the directory."""
        return read_report(self.directory)


def run(
    model: "str | Path | keras.Model",
    *,
    data: str | Path | None = None,
    input_shapes: Sequence[tuple[int, ...]] | None = None,
    input_types: Sequence[str] | None = None,
    settings: RunSettings | None = None,
    directory: str | Path | None = None,
    until: str = "report",
    force: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Train, quantize, convert, simulate and report; stages whose inputs have not changed keep their results.

    Args:
        model: name of a registered network, or a model of Keras or QKeras layers: the path of a `.keras` or
            `.h5` file, or the model itself, of which the run directory gets a copy.
        data: `.npz` file with `x_train`, `x_test` and, if there are targets, `y_train` and `y_test`, or `x_train/NAME`
            and so on for several inputs and outputs, as `Dataset.from_npz` says; a registered network has its own, and
            the conversion of a quantized model needs none.
        input_shapes: shape of each input without the batch, where a model leaves sizes open.
        input_types: type of each input of a quantized ONNX model, as `fixed<16,6>`, where no quantizer reads it.
        settings: of the run; defaults for None. What is left out is, of a registered network, as that has it.
        directory: made if it is not there; `runs/NAME` for None.
        until: the last stage to do: train (of a network) or load (of a model), quantize, convert, simulate; with a
            board design, rtl, synthesize, netlist, bitstream; report; or one that was added.
        force: do every stage anew, also where the directory holds a run of something else; that one is replaced when
            the new one is whole, and stays if it fails.
        progress: told what is going on; silent for None.

    Raises:
        NetloomError: with one line, in all its kinds; what was finished before is intact.
    """
    settings, progress = settings or RunSettings(), progress or Progress()
    start = find_start(model, input_shapes, input_types)
    if start.network is not None:
        settings = settings.for_network(start.network)
    elif settings.epochs is not None:
        raise SettingsError(
            f"epochs are for networks that netloom trains; {start.words} is taken as it is trained"
            " (fine-tuning has its own: fine_tune_epochs)"
        )
    reached = _reached(until, start, settings)
    if "simulate" in reached and settings.csim and compiler_version() is None:
        raise ToolMissingError(
            "g++ is not installed, and csim compiles hls4ml's C++ with it; install it (apt-get install g++),"
            " or leave csim out with --no-csim"
        )
    if settings.hardware is not None and not reached.isdisjoint(registry.names(board=True)):
        check_hardware(settings.hardware)
    folder = rundir.default_directory(start.name) if directory is None else Path(directory)
    with storage_errors(f"cannot make the directory {folder}"):
        folder.mkdir(parents=True, exist_ok=True)
    _check_free(folder, start)
    dataset = _dataset(start, data, settings.task, needed="simulate" in reached)
    with locked(folder):
        with storage_errors(f"cannot work in {folder}"):
            sweep(folder)
        with _anew(folder) if force else nullcontext(folder) as place:
            state = _claim(place, start, settings)
            outcomes: list[StageRecord] = []
            job = Job(place, state, settings, start, dataset, outcomes, progress, used_store(), force)
            stages = registry.stages_of(job)
            if until not in [stage.name for stage in stages]:
                raise SettingsError(f"{start.words} is quantized already: there is no stage {until!r} to end after")
            for stage in stages:
                outcomes.append(run_stage(stage, job))
                if stage.name == until:
                    break
    return Run(folder, tuple(outcomes))


@contextmanager
def _anew(folder: Path) -> Iterator[Path]:
    """A directory for a run that takes the place of the earlier one once it is whole; if it fails that one stays.

    Only the logs of a failure go to `folder`.
    """
    with storage_errors(f"cannot work in {folder}"), scratch(folder) as place:
        try:
            yield place
            for name in registry.reserved():
                if (place / name).exists():
                    put_in_place(place / name, folder / name)
                else:
                    remove(folder / name)
            # Last: until then the earlier record does not fit the files, and nothing is taken for finished.
            put_in_place(place / STATE_FILE, folder / STATE_FILE)
        except NetloomError as error:
            for name in registry.logs():
                if (place / name).exists():
                    put_in_place(place / name, folder / name)
            raise type(error)(str(error).replace(str(place), str(folder))) from None
        finally:
            with open_log(folder / LOG_FILE, append=True) as log:
                log.write(read_bytes(place / LOG_FILE) if (place / LOG_FILE).exists() else b"")


def write_report(directory: str | Path, progress: Progress | None = None) -> Report:
    """Make `report.json` and `report.html` of a run directory anew, from what its other stages have made.

    Raises:
        StorageError: if the directory holds no such run, or is not intact.
    """
    folder = Path(directory)
    if RunState.read(folder) is None:
        raise StorageError(f"{folder} holds no run; netloom run makes one")
    with locked(folder):
        state = RunState.read(folder)
        assert state is not None
        if "simulate" not in state.stages:
            raise StorageError(f"the run in {folder} is not finished; the same netloom run goes on where it was")
        stages = told(folder, state)
        check_intact(folder, *dict.fromkeys(name.split("/")[0] for one in stages.values() for name in one.outputs))
        outcomes = [StageRecord(name=name, seconds=one.seconds, reused=True) for name, one in stages.items()]
        state.stages.pop("report", None)
        settings = RunSettings.model_validate(state.settings)
        (report,) = (stage for stage in registry.stages() if rundir.REPORT_JSON in stage.makes)
        run_stage(report, Job(folder, state, settings, outcomes=outcomes, progress=progress or Progress()))
    return read_report(folder)


def _reached(until: str, start: Start, settings: RunSettings) -> set[str]:
    """The stages that a run up to `until` goes through, if none of them is kept."""
    origin = Origin(network=start.name, kind="network" if start.network else "float")
    names = [stage.name for stage in registry.stages_of(Job(Path(), RunState(origin=origin), settings, start))]
    if until not in names:
        board = until in registry.names(board=True) and settings.hardware is None
        why = "it takes a board (--board)" if board else f"this run has {', '.join(names)}"
        raise SettingsError(f"there is no stage {until!r} to end after; {why}")
    return set(names[: names.index(until) + 1])


def check_hardware(settings: HardwareSettings) -> None:
    """Find what would end the hardware stages, before anything is trained for them.

    Raises:
        SettingsError: for a clock that the board cannot have.
        NotSupportedError: for a board that needs its vendor's tool.
        ToolMissingError: if a tool is not installed.
    """
    board = find_board(settings.board)
    board_clock(board, settings.clock)
    assert board.device.family is not None  # board_clock refuses others
    for name in ("yosys", board.device.family.place, board.device.family.pack):
        find_tool(name)
    verilator()
    compiler()


def read_report(folder: Path) -> Report:
    """`report.json` of a run directory.

    Raises:
        StorageError: if it is missing, not of this schema, or not what its run recorded.
    """
    path = folder / rundir.REPORT_JSON
    if path.exists():
        check_part(path)
    return read_json(path, Report, f"netloom report {folder} makes it from a finished run")


def _check_free(folder: Path, start: Start) -> None:
    """Refuse to write over what no run made, or over the model the run starts from."""
    if start.model_file and start.model_file.resolve() in [folder.resolve() / name for name in registry.reserved()]:
        raise StorageError(f"{start.model_file} is what a run writes in {folder}; choose another directory with -o")
    if not (folder / STATE_FILE).exists():
        for name in registry.reserved():
            if (folder / name).exists():
                raise StorageError(f"{folder / name} was not made by netloom; choose another directory with -o")


def _claim(folder: Path, start: Start, settings: RunSettings) -> RunState:
    """The state to go on from, if the directory is this run's; a new one if it is empty."""
    state = RunState.read(folder)
    with storage_errors(f"cannot work in {folder}"), captured(folder / LOG_FILE):
        origin = start.origin(state)
    # A model file may have been trained further since.
    if state is not None and state.origin.model_copy(update={"model_digest": origin.model_digest}) != origin:
        raise StorageError(
            f"{folder} holds a run of {_words(state.origin)}, not of {_words(origin)};"
            " choose another directory with -o, or replace it with --force"
        )
    check_run(settings, origin.kind)
    state = RunState(
        origin=origin,
        settings=settings.model_dump(mode="json"),
        versions=versions(),
        stages=state.stages if state else {},
    )
    state.write(folder)
    return state


def _words(origin: Origin) -> str:
    if origin.kind == "network":
        return f"the network '{origin.network}'"
    return f"the {origin.kind} model {origin.model_file or repr(origin.network)}"


def _dataset(start: Start, data: str | Path | None, task: str | None, needed: bool) -> Dataset | None:
    if start.network:
        if task is not None:
            raise SettingsError(f"--task is for your own models; {start.words} is for {start.network.task}")
        task = start.network.task
    if data is not None:
        return Dataset.from_npz(data, task)
    if start.network:
        return replace(load_dataset(start.network.dataset), task=start.network.task)
    if needed:
        raise SettingsError(
            f"a run of {start.words} needs data to measure on: give --data X.npz (x_train, x_test and, if there"
            " are targets, y_train, y_test), or only convert it (netloom convert)"
        )
    if task is not None:
        raise SettingsError("task says what data is for, and there is none: give --data too, or leave --task out")
    return None
