"""The pipeline around fake stages: what is done, and how far."""

import errno
from pathlib import Path

import pytest
from fake_stages import HARDWARE, ON_A_BOARD, STAGES, Fakes

from netloom.common.lock import locked
from netloom.errors import (
    SettingsError,
    StorageError,
    ToolFailedError,
    ToolMissingError,
)
from netloom.pipeline import registry, rundir
from netloom.pipeline import run as pipeline
from netloom.pipeline.running import told
from netloom.pipeline.state import RunState
from netloom.settings import HardwareSettings, RunSettings

WITH_BOARD = [*STAGES[:-1], *HARDWARE, "report"]


def test_a_run_goes_through_all_stages_once(fakes: Fakes, tmp_path: Path) -> None:
    first = pipeline.run("digits", directory=tmp_path / "r")
    assert [outcome.name for outcome in first.outcomes] == fakes.done == STAGES
    second = pipeline.run("digits", directory=tmp_path / "r")
    assert all(outcome.reused for outcome in second.outcomes)
    assert fakes.done == STAGES
    assert {name for stage in registry.stages() if not stage.board for name in stage.makes} <= {
        entry.name for entry in (tmp_path / "r").iterdir()
    }


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


def test_two_runs_in_one_directory_refuse_each_other(fakes: Fakes, tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(StorageError, match="another netloom"):
        pipeline.run("digits", directory=tmp_path)
    assert fakes.done == []


def test_leftovers_of_a_killed_run_are_swept(fakes: Fakes, tmp_path: Path) -> None:
    (tmp_path / ".work-123" / "conversion").mkdir(parents=True)
    pipeline.run("digits", directory=tmp_path)
    assert not (tmp_path / ".work-123").exists()


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


def test_the_netlist_may_be_left_out(fakes: Fakes, tmp_path: Path) -> None:
    settings = RunSettings(hardware=HardwareSettings(board="ULX3S-25F", netlist_samples=0))
    run = pipeline.run("digits", directory=tmp_path / "r", settings=settings)
    assert "netlist" not in fakes.done
    state = RunState.read(tmp_path / "r")
    assert state is not None
    assert {"rtl", "bitstream"} <= told(run.directory, state).keys()
    assert not (run.directory / rundir.NETLIST_RUN).exists()
