"""The pipeline around fake stages: what is redone, what is refused, what survives."""

import errno
from pathlib import Path

import numpy as np
import pytest

from netloom import model_stages, pipeline, plan, rundir
from netloom.errors import ModelFileError, NetloomError, SettingsError, StorageError, ToolMissingError
from netloom.lock import locked
from netloom.models import Dataset
from netloom.settings import RunSettings
from netloom.state import STATE_FILE, Origin, RunState

STAGES = ["train", "quantize", "convert", "simulate", "report"]


class Fakes:
    """Stands in for what the stages do; each writes what it should, and may fail on the way."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: list[str] = []
        self.fail: dict[str, BaseException] = {}
        self.kind = "float"
        monkeypatch.setattr(model_stages, "train_network", self.fake("train", rundir.FLOAT_MODEL, rundir.DATA))
        monkeypatch.setattr(model_stages, "load_user_model", self.load)
        monkeypatch.setattr(model_stages, "quantize_model", self.fake("quantize", rundir.QUANTIZED_MODEL))
        monkeypatch.setattr(model_stages, "convert_model", self.fake("convert", f"{rundir.FIRMWARE}/dataflow.json"))
        monkeypatch.setattr(plan, "evaluate", self.fake("simulate", rundir.PREDICTIONS, rundir.SIMULATION))
        monkeypatch.setattr(plan, "build_report", self.fake("report", rundir.REPORT_JSON, rundir.REPORT_HTML))
        monkeypatch.setattr(pipeline, "load_dataset", lambda name: dataset(0))
        monkeypatch.setattr(
            "netloom.origin.Start.origin",
            lambda start, state: Origin(
                network=start.name,
                kind="network" if start.network else self.kind,
                model_file=start.model_file.name if start.model_file else None,
            ),
        )

    def fake(self, name: str, *outputs: str):
        def work(*arguments: object) -> None:
            out = [argument for argument in arguments if isinstance(argument, Path)][-1]
            for output in outputs:
                (out / output).parent.mkdir(exist_ok=True)
                (out / output).write_text(f"{name} {len(self.done)}")
                if name in self.fail:
                    raise self.fail.pop(name)
            self.done.append(name)

        return work

    def load(self, model_file: Path, name: str, data: Dataset | None, out: Path) -> None:
        self.fake("load", name, *([rundir.DATA] if data else []))(out)


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
    assert set(rundir.ARTEFACTS) <= {entry.name for entry in (tmp_path / "r").iterdir()}


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
    (tmp_path / ".work-123" / "firmware").mkdir(parents=True)
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
        ("old.h5", ModelFileError, r"not a \.keras file; save the model with"),
        ("../digits", ModelFileError, r"not a \.keras file"),
        ("", NetloomError, "no network"),
    ],
)
def test_what_is_no_model(fakes: Fakes, tmp_path: Path, model: str, error: type[NetloomError], words: str) -> None:
    with pytest.raises(error, match=words) as raised:
        pipeline.run(model, directory=tmp_path)
    assert "\n" not in str(raised.value)


def test_epochs_are_not_for_a_users_model(fakes: Fakes, tmp_path: Path, model_file: Path) -> None:
    with pytest.raises(SettingsError, match="taken as it is trained"):
        pipeline.run(model_file, settings=RunSettings(epochs=3), directory=tmp_path)


def test_a_place_that_cannot_be_a_directory(fakes: Fakes, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot make the directory"):
        pipeline.run("digits", directory=tmp_path / "file" / "r")
