"""The pipeline around fake stages: what is redone, what is refused, what survives."""

import dataclasses
import errno
from pathlib import Path

import numpy as np
import pytest

from netloom.common.lock import locked
from netloom.errors import (
    ModelFileError,
    NetloomError,
    NotSupportedError,
    SettingsError,
    StorageError,
    ToolFailedError,
    ToolMissingError,
)
from netloom.models import Dataset
from netloom.pipeline import registry, rundir
from netloom.pipeline import run as pipeline
from netloom.pipeline.evaluation.told import told
from netloom.pipeline.stage import Job, Stage
from netloom.pipeline.state import STATE_FILE, Origin, RunState
from netloom.settings import HardwareSettings, RunSettings

STAGES = ["train", "quantize", "convert", "simulate", "report"]
HARDWARE = ["design", "rtl", "synthesize", "netlist", "bitstream"]
WITH_BOARD = [*STAGES[:-1], *HARDWARE, "report"]
INNER = {
    rundir.CONVERSION: f"{rundir.CONVERSION}/dataflow.json",
    rundir.DESIGN: f"{rundir.DESIGN}/design.json",
    rundir.NETLIST: f"{rundir.NETLIST}/network.json",
    rundir.BITSTREAM: f"{rundir.BITSTREAM}/build.json",
}
"""A file in each artefact that is a folder."""
ON_A_BOARD = RunSettings(hardware=HardwareSettings(board="ULX3S-25F"))


class Fakes:
    """Stands in for what the stages do; each writes what it should, and may fail on the way."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: list[str] = []
        self.fail: dict[str, BaseException] = {}
        self.kind = "float"
        faked = tuple(dataclasses.replace(stage, work=self.fake(stage)) for stage in registry.stages())
        monkeypatch.setattr(registry, "stages", lambda: faked)
        monkeypatch.setattr(pipeline, "load_dataset", lambda name: dataset(0))
        monkeypatch.setattr(
            "netloom.pipeline.origin.Start.origin",
            lambda start, state: Origin(
                network=start.name,
                kind="network" if start.network else self.kind,
                model_file=start.model_file.name if start.model_file else None,
            ),
        )

    def fake(self, stage: Stage):
        def work(job: Job, out: Path) -> None:
            for output in stage.outputs(job):
                path = out / INNER.get(output, output)
                path.parent.mkdir(exist_ok=True)
                path.write_text(f"{stage.name} {len(self.done)}")
                if stage.name in self.fail:
                    raise self.fail.pop(stage.name)
            self.done.append(stage.name)

        return work


def dataset(seed: int) -> Dataset:
    x = np.random.default_rng(seed).random((4, 64), np.float32)
    return Dataset(x, np.zeros(4, np.int64), x, np.zeros(4, np.int64), None, "made up")


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Fakes:
    return Fakes(monkeypatch)


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    path = tmp_path / "my model's.keras"
    path.write_text("weights")
    return path


@pytest.fixture
def data_file(tmp_path: Path) -> Path:
    path = tmp_path / "data.npz"
    np.savez(path, x_train=np.ones((4, 2), np.float32), x_test=np.ones((3, 2), np.float32))
    return path


def contents(folder: Path) -> dict[str, str]:
    return {entry.relative_to(folder).as_posix(): entry.read_text() for entry in folder.rglob("*") if entry.is_file()}


def test_a_run_goes_through_all_stages_once(fakes: Fakes, tmp_path: Path) -> None:
    first = pipeline.run("digits", directory=tmp_path / "r")
    assert [outcome.name for outcome in first.outcomes] == fakes.done == STAGES
    second = pipeline.run("digits", directory=tmp_path / "r")
    assert all(outcome.reused for outcome in second.outcomes)
    assert fakes.done == STAGES
    assert set(registry.artefacts(board=False)) <= {entry.name for entry in (tmp_path / "r").iterdir()}


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")])
@pytest.mark.parametrize("stage", STAGES)
def test_interrupted_at_any_stage_it_goes_on_there(
    fakes: Fakes, tmp_path: Path, stage: str, error: BaseException
) -> None:
    fakes.fail[stage] = error
    with pytest.raises((KeyboardInterrupt, StorageError)):
        pipeline.run("digits", directory=tmp_path)
    before = STAGES[: STAGES.index(stage)]
    assert fakes.done == before
    finished = pipeline.run("digits", directory=tmp_path)
    assert [outcome.name for outcome in finished.outcomes if outcome.reused] == before
    assert fakes.done == STAGES


@pytest.mark.parametrize(
    ("change", "redone"),
    [
        ({"seed": 1}, STAGES),
        ({"epochs": 1}, STAGES),
        ({"bits": 5}, STAGES[1:]),
        ({"fine_tune_epochs": 0}, STAGES[1:]),
        ({"hls": {"reuse_factor": 4}}, STAGES[2:]),
        ({"csim_samples": 3}, STAGES[3:]),
        ({"trace_samples": 3}, STAGES[3:]),
    ],
)
def test_a_setting_redoes_what_depends_on_it(
    fakes: Fakes, tmp_path: Path, change: dict[str, object], redone: list[str]
) -> None:
    pipeline.run("digits", directory=tmp_path)
    fakes.done.clear()
    pipeline.run("digits", directory=tmp_path, settings=RunSettings.model_validate(change))
    assert fakes.done == redone


def test_a_board_adds_its_stages(fakes: Fakes, tmp_path: Path) -> None:
    run = pipeline.run("digits", directory=tmp_path / "r", settings=ON_A_BOARD)
    assert [outcome.name for outcome in run.outcomes] == fakes.done == WITH_BOARD
    assert set(registry.artefacts()) <= {entry.name for entry in (tmp_path / "r").iterdir()}
    assert all(
        outcome.reused for outcome in pipeline.run("digits", directory=run.directory, settings=ON_A_BOARD).outcomes
    )


def test_a_board_may_come_later_and_go_again(fakes: Fakes, tmp_path: Path) -> None:
    pipeline.run("digits", directory=tmp_path)
    fakes.done.clear()
    pipeline.run("digits", directory=tmp_path, settings=ON_A_BOARD)
    assert fakes.done == [*HARDWARE, "report"]
    state = RunState.read(tmp_path)
    assert state is not None
    assert list(state.stages) == WITH_BOARD
    pipeline.run("digits", directory=tmp_path)
    pipeline.run("digits", directory=tmp_path, settings=ON_A_BOARD)
    assert fakes.done == [*HARDWARE, "report", "report", "report"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ToolFailedError("nextpnr-ecp5 ran out of memory")])
@pytest.mark.parametrize("stage", HARDWARE)
def test_hardware_interrupted_goes_on_there(fakes: Fakes, tmp_path: Path, stage: str, error: BaseException) -> None:
    pipeline.run("digits", directory=tmp_path)
    report = (tmp_path / rundir.REPORT_HTML).read_text()
    fakes.done.clear()
    fakes.fail[stage] = error
    with pytest.raises(type(error)):
        pipeline.run("digits", directory=tmp_path, settings=ON_A_BOARD)
    before = HARDWARE[: HARDWARE.index(stage)]
    assert fakes.done == before
    assert (tmp_path / rundir.REPORT_HTML).read_text() == report
    pipeline.run("digits", directory=tmp_path, settings=ON_A_BOARD)
    assert fakes.done == [*HARDWARE, "report"]


@pytest.mark.parametrize(
    ("change", "redone"),
    [
        ({"board": "ULX3S-85F"}, [*HARDWARE, "report"]),
        ({"board": "OrangeCrab-25F"}, ["bitstream", "report"]),
        ({"clock_mhz": 60}, ["bitstream", "report"]),
        ({"seeds": (7,)}, ["bitstream", "report"]),
        ({"target_ii": 100}, [*HARDWARE, "report"]),
        ({"target_fps": 1e6}, [*HARDWARE, "report"]),
        ({"rtl_samples": 3}, ["rtl", "report"]),
        ({"stalled_samples": 3}, ["rtl", "report"]),
        ({"netlist_samples": 3}, ["netlist", "report"]),
    ],
)
def test_a_setting_of_the_hardware_redoes_what_depends_on_it(
    fakes: Fakes, tmp_path: Path, change: dict[str, object], redone: list[str]
) -> None:
    pipeline.run("digits", directory=tmp_path, settings=ON_A_BOARD)
    fakes.done.clear()
    changed = HardwareSettings.model_validate({"board": "ULX3S-25F"} | change)
    pipeline.run("digits", directory=tmp_path, settings=RunSettings(hardware=changed))
    assert fakes.done == redone


def test_other_settings_of_the_simulation_keep_the_hardware(fakes: Fakes, tmp_path: Path) -> None:
    pipeline.run("digits", directory=tmp_path, settings=ON_A_BOARD)
    fakes.done.clear()
    pipeline.run("digits", directory=tmp_path, settings=ON_A_BOARD.model_copy(update={"csim_samples": 3}))
    assert fakes.done == ["simulate", "report"]


@pytest.mark.parametrize(
    ("hardware", "error", "words"),
    [
        ({"board": "Arty-A7-35"}, NotSupportedError, "Vivado"),
        ({"board": "ULX3S-25F", "clock_mhz": 1500}, SettingsError, "400 MHz, not 1500"),
    ],
)
def test_what_would_end_the_hardware_is_said_before_any_work(
    fakes: Fakes, tmp_path: Path, hardware: dict[str, object], error: type[NetloomError], words: str
) -> None:
    with pytest.raises(error, match=words):
        pipeline.run("digits", directory=tmp_path, settings=RunSettings(hardware=HardwareSettings(**hardware)))
    assert fakes.done == []


def test_other_data_redoes_everything(fakes: Fakes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline.run("digits", directory=tmp_path)
    monkeypatch.setattr(pipeline, "load_dataset", lambda name: dataset(1))
    pipeline.run("digits", directory=tmp_path)
    assert fakes.done == 2 * STAGES


def test_another_version_redoes_everything(fakes: Fakes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline.run("digits", directory=tmp_path)
    monkeypatch.setattr(pipeline, "versions", lambda: {"hls4ml": "9"})
    pipeline.run("digits", directory=tmp_path)
    assert fakes.done == 2 * STAGES


def test_a_retrained_model_file_redoes_everything(
    fakes: Fakes, tmp_path: Path, model_file: Path, data_file: Path
) -> None:
    pipeline.run(model_file, data=data_file, directory=tmp_path / "r")
    model_file.write_text("better weights")
    pipeline.run(model_file, data=data_file, directory=tmp_path / "r")
    assert fakes.done == 2 * ["load", *STAGES[1:]]


def test_a_quantized_model_is_taken_as_it_is(fakes: Fakes, tmp_path: Path, model_file: Path, data_file: Path) -> None:
    fakes.kind = "quantized"
    pipeline.run(model_file, data=data_file, directory=tmp_path / "r")
    assert fakes.done == ["load", *STAGES[2:]]
    assert not (tmp_path / "r" / rundir.FLOAT_MODEL).exists()


def test_converting_a_quantized_model_needs_no_data(fakes: Fakes, tmp_path: Path, model_file: Path) -> None:
    fakes.kind = "quantized"
    pipeline.run(model_file, directory=tmp_path / "r", until="convert")
    assert fakes.done == ["load", "convert"]


def test_converting_a_float_model_says_what_is_missing(fakes: Fakes, tmp_path: Path, model_file: Path) -> None:
    with pytest.raises(SettingsError, match=r"float model.*--data X\.npz.*or convert a QKeras model"):
        pipeline.run(model_file, directory=tmp_path / "r", until="convert")


def test_a_run_of_a_model_file_needs_data(fakes: Fakes, tmp_path: Path, model_file: Path) -> None:
    with pytest.raises(SettingsError, match="needs data to measure on"):
        pipeline.run(model_file, directory=tmp_path / "r")


def test_a_directory_of_another_run_is_refused_and_kept(
    fakes: Fakes, tmp_path: Path, model_file: Path, data_file: Path
) -> None:
    folder = tmp_path / "r"
    pipeline.run("digits", directory=folder)
    before = contents(folder)
    with pytest.raises(StorageError, match=r"a run of the network 'digits', not of the float model my model's.keras"):
        pipeline.run(model_file, data=data_file, directory=folder)
    after = contents(folder)
    assert {name for name in before if before[name] != after[name]} <= {".lock"}
    pipeline.run(model_file, data=data_file, directory=folder, force=True)
    state = RunState.read(folder)
    assert state is not None
    assert state.origin.network == "my model's"


def test_files_that_no_run_made_are_never_replaced(fakes: Fakes, tmp_path: Path) -> None:
    (tmp_path / rundir.QUANTIZED_MODEL).write_text("mine")
    for force in (False, True):
        with pytest.raises(StorageError, match="not made by netloom"):
            pipeline.run("digits", directory=tmp_path, force=force)
    assert (tmp_path / rundir.QUANTIZED_MODEL).read_text() == "mine"


def test_a_model_is_not_converted_onto_itself(fakes: Fakes, tmp_path: Path) -> None:
    pipeline.run("digits", directory=tmp_path)
    with pytest.raises(StorageError, match="choose another directory"):
        pipeline.run(tmp_path / rundir.QUANTIZED_MODEL, directory=tmp_path, until="convert", force=True)


def test_force_starts_over_even_from_a_broken_state(fakes: Fakes, tmp_path: Path) -> None:
    pipeline.run("digits", directory=tmp_path)
    (tmp_path / STATE_FILE).write_text("{")
    with pytest.raises(StorageError, match="--force"):
        pipeline.run("digits", directory=tmp_path)
    pipeline.run("digits", directory=tmp_path, force=True)
    assert fakes.done == 2 * STAGES


def test_two_runs_in_one_directory_refuse_each_other(fakes: Fakes, tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(StorageError, match="another netloom"):
        pipeline.run("digits", directory=tmp_path)
    assert fakes.done == []


def test_leftovers_of_a_killed_run_are_swept(fakes: Fakes, tmp_path: Path) -> None:
    (tmp_path / ".work-123" / "conversion").mkdir(parents=True)
    pipeline.run("digits", directory=tmp_path)
    assert not (tmp_path / ".work-123").exists()


def test_a_report_can_be_made_anew(fakes: Fakes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "read_report", lambda folder: None)
    with pytest.raises(StorageError, match="holds no run"):
        pipeline.write_report(tmp_path)
    fakes.fail["simulate"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        pipeline.run("digits", directory=tmp_path)
    with pytest.raises(StorageError, match="not finished"):
        pipeline.write_report(tmp_path)
    pipeline.run("digits", directory=tmp_path)
    fakes.done.clear()
    pipeline.write_report(tmp_path)
    assert fakes.done == ["report"]


def test_without_a_compiler_csim_is_refused_before_any_work(
    fakes: Fakes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissingError, match="--no-csim"):
        pipeline.run("digits", directory=tmp_path / "r")
    assert fakes.done == []
    pipeline.run("digits", directory=tmp_path / "r", settings=RunSettings(csim=False))
    assert fakes.done == STAGES


@pytest.mark.parametrize("name", ["odd name", 'quote\'s "d"', "ünï", "assign", "class", "-dash", "a;b&&c", "$HOME"])
def test_odd_directory_names_are_only_names(fakes: Fakes, tmp_path: Path, name: str) -> None:
    assert pipeline.run("digits", directory=tmp_path / name).directory.is_dir()


def test_the_default_directory(fakes: Fakes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data_file: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NETLOOM_RUNS", raising=False)
    assert pipeline.run("digits").directory == Path("runs/digits")
    monkeypatch.setenv("NETLOOM_RUNS", str(tmp_path / "elsewhere"))
    assert pipeline.run("digits").directory == tmp_path / "elsewhere" / "digits"
    for stem in ("...keras", "..keras"):
        assert rundir.default_directory(Path(stem).stem).parent == tmp_path / "elsewhere"


@pytest.mark.parametrize(
    ("model", "error", "words"),
    [
        ("digit", NetloomError, "did you mean digits"),
        ("nowhere.keras", ModelFileError, "no file"),
        ("./old.pb", ModelFileError, r"not a \.keras, \.h5 or \.onnx file; save the model with"),
        ("../digits", ModelFileError, r"not a \.keras, \.h5 or \.onnx file"),
        ("", NetloomError, "no network"),
    ],
)
def test_what_is_no_model(fakes: Fakes, tmp_path: Path, model: str, error: type[NetloomError], words: str) -> None:
    with pytest.raises(error, match=words) as raised:
        pipeline.run(model, directory=tmp_path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("until", [*STAGES, *HARDWARE])
def test_a_run_ends_after_the_stage_it_is_told_to(fakes: Fakes, tmp_path: Path, until: str) -> None:
    pipeline.run("digits", directory=tmp_path, settings=ON_A_BOARD, until=until)
    assert fakes.done == WITH_BOARD[: WITH_BOARD.index(until) + 1]


@pytest.mark.parametrize(
    ("model", "until", "words"),
    [
        ("digits", "rtll", "no stage 'rtll' to end after; this run has train, quantize, convert, simulate, report"),
        ("digits", "load", "this run has train"),
        ("digits", "", "this run has train"),
        ("digits", "rtl", r"it takes a board \(--board\)"),
        (None, "train", "this run has load, quantize"),
    ],
)
def test_a_stage_that_the_run_has_not_is_one_line(
    fakes: Fakes, tmp_path: Path, model_file: Path, data_file: Path, model: str | None, until: str, words: str
) -> None:
    with pytest.raises(SettingsError, match=words) as raised:
        pipeline.run(model or model_file, data=data_file, directory=tmp_path / "r", until=until)
    assert "\n" not in str(raised.value)
    assert fakes.done == []


def test_a_quantized_model_has_no_stage_to_quantize_it(
    fakes: Fakes, tmp_path: Path, model_file: Path, data_file: Path
) -> None:
    fakes.kind = "quantized"
    with pytest.raises(SettingsError, match="is quantized already"):
        pipeline.run(model_file, data=data_file, directory=tmp_path / "r", until="quantize")
    assert fakes.done == []


@pytest.mark.parametrize("until", ["simulate", "rtl", "report"])
def test_what_a_stage_on_the_way_needs_is_looked_for_first(
    fakes: Fakes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, until: str
) -> None:
    monkeypatch.setattr(pipeline, "check_hardware", lambda settings: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissingError, match="g\\+\\+ is not installed"):
        pipeline.run("digits", directory=tmp_path / "r", settings=ON_A_BOARD, until=until)
    assert fakes.done == []


def test_epochs_are_not_for_a_users_model(fakes: Fakes, tmp_path: Path, model_file: Path) -> None:
    with pytest.raises(SettingsError, match="taken as it is trained"):
        pipeline.run(model_file, settings=RunSettings(epochs=3), directory=tmp_path)


def test_a_place_that_cannot_be_a_directory(fakes: Fakes, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot make the directory"):
        pipeline.run("digits", directory=tmp_path / "file" / "r")


def test_the_netlist_may_be_left_out(fakes: Fakes, tmp_path: Path) -> None:
    settings = RunSettings(hardware=HardwareSettings(board="ULX3S-25F", netlist_samples=0))
    run = pipeline.run("digits", directory=tmp_path / "r", settings=settings)
    assert "netlist" not in fakes.done
    state = RunState.read(tmp_path / "r")
    assert state is not None
    assert {"rtl", "bitstream"} <= told(run.directory, state).keys()
    assert not (run.directory / rundir.NETLIST_RUN).exists()
