"""The pipeline around fake stages: what is redone, and what is kept."""

from pathlib import Path

import pytest
from fake_stages import HARDWARE, ON_A_BOARD, STAGES, Fakes, dataset

from netloom.errors import (
    StorageError,
)
from netloom.pipeline import run as pipeline
from netloom.pipeline import rundir
from netloom.pipeline.state import STATE_FILE
from netloom.settings import HardwareSettings, RunSettings


@pytest.mark.parametrize(
    ("change", "redone"),
    [
        ({"board": "ULX3S-85F"}, [*HARDWARE, "report"]),
        ({"board": "OrangeCrab-25F", "target_ii": 128}, ["bitstream", "report"]),
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


def test_files_that_no_run_made_are_never_replaced(fakes: Fakes, tmp_path: Path) -> None:
    (tmp_path / rundir.QUANTIZED_MODEL).write_text("mine")
    for force in (False, True):
        with pytest.raises(StorageError, match="not made by netloom"):
            pipeline.run("digits", directory=tmp_path, force=force)
    assert (tmp_path / rundir.QUANTIZED_MODEL).read_text() == "mine"


def test_force_starts_over_even_from_a_broken_state(fakes: Fakes, tmp_path: Path) -> None:
    pipeline.run("digits", directory=tmp_path)
    (tmp_path / STATE_FILE).write_text("{")
    with pytest.raises(StorageError, match="--force"):
        pipeline.run("digits", directory=tmp_path)
    pipeline.run("digits", directory=tmp_path, force=True)
    assert fakes.done == 2 * STAGES


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
