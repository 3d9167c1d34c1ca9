"""The pipeline around fake stages: what is refused before any work, and which models and directories are taken."""

from pathlib import Path

import pytest
from fake_stages import STAGES, Fakes

from netloom.errors import (
    ModelFileError,
    NetloomError,
    NotSupportedError,
    SettingsError,
    StorageError,
    ToolMissingError,
)
from netloom.pipeline import run as pipeline
from netloom.pipeline import rundir
from netloom.pipeline.state import RunState
from netloom.settings import HardwareSettings, RunSettings


def contents(folder: Path) -> dict[str, str]:
    return {entry.relative_to(folder).as_posix(): entry.read_text() for entry in folder.rglob("*") if entry.is_file()}


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


def test_a_model_is_not_converted_onto_itself(fakes: Fakes, tmp_path: Path) -> None:
    pipeline.run("digits", directory=tmp_path)
    with pytest.raises(StorageError, match="choose another directory"):
        pipeline.run(tmp_path / rundir.QUANTIZED_MODEL, directory=tmp_path, until="convert", force=True)


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


def test_epochs_are_not_for_a_users_model(fakes: Fakes, tmp_path: Path, model_file: Path) -> None:
    with pytest.raises(SettingsError, match="taken as it is trained"):
        pipeline.run(model_file, settings=RunSettings(epochs=3), directory=tmp_path)


def test_a_place_that_cannot_be_a_directory(fakes: Fakes, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot make the directory"):
        pipeline.run("digits", directory=tmp_path / "file" / "r")
