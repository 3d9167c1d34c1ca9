"""`netloom networks`: the list, the runs one after the other, and the tables of what they came to."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner, Result

from netloom.cli.app import app
from netloom.errors import DataUnavailableError
from netloom.models import get_network, networks
from netloom.pipeline import run as pipeline
from netloom.report.networks_table import BEGIN, END
from netloom.report.schema import Report
from netloom.settings import HardwareSettings, RunSettings


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["networks", *map(str, arguments)], env={"COLUMNS": "200"})


def test_the_list_says_task_score_and_place_in_the_review() -> None:
    lines = call().output.splitlines()
    place = next(place for place, line in enumerate(lines) if line.startswith("lenet"))
    wanted = ("classification", "accuracy ≥ 98.8 %", "8 bits", f"{get_network('lenet').training_seconds} s to train")
    assert all(words in lines[place] for words in wanted)
    assert "Figure 2" in lines[place + 1]
    assert "lenet" not in call("digits").output


def test_what_goes_nowhere_is_refused() -> None:
    for arguments in (["--no-board"], ["-o", "x"]):
        assert call(*arguments).exit_code == 2
    result = call("digitz")
    assert result.exit_code == 2
    assert "did you mean digits" in result.stderr


def test_a_network_is_run_to_its_board_with_its_target() -> None:
    network = replace(get_network("jets"), csim_samples=150)
    settings = RunSettings.of(network)
    assert settings.hardware == HardwareSettings(board="ULX3S-25F", clock_mhz=100, target_ii=32)
    assert settings.csim_samples == 150
    assert RunSettings.of(network, board=False).hardware is None


def test_one_that_fails_is_told_and_the_others_are_run(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def run(name: str, *, directory: Path, settings: RunSettings, **_: object) -> object:
        asked.append((name, directory, settings.hardware is not None))
        if name == "lenet":
            raise DataUnavailableError("data set 'mnist' is\nnot available")
        poor = {"float": {"accuracy": 0.1}} if name == "jets" else report.scores
        return SimpleNamespace(report=report.model_copy(update={"scores": poor}))

    monkeypatch.setattr(pipeline, "run", run)
    result = call("--run", "digits", "lenet", "jets", "--no-board", "-o", tmp_path)
    assert asked == [(name, tmp_path / name, False) for name in ("digits", "lenet", "jets")]
    assert result.exit_code == 1
    assert "✗ lenet: data set 'mnist' is not available" in result.output
    assert "✗ jets: float has the accuracy 0.1, and 0.65 is expected" in result.output
    assert "✗ digits" not in result.output
    asked.clear()
    assert call("--run", "digits", "-o", tmp_path).exit_code == 0
    assert asked == [("digits", tmp_path / "digits", True)]


def test_a_run_ends_in_the_table_and_is_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short = RunSettings(epochs=2, fine_tune_epochs=1, csim=False)
    monkeypatch.setattr(RunSettings, "of", lambda network, board: short)
    monkeypatch.setattr(RunSettings, "for_network", lambda settings, network: settings)
    page = tmp_path / "page.md"
    page.write_text(f"{BEGIN}\n{END}\n")
    result = call("--run", "digits", "-o", tmp_path, "--markdown", page)
    assert "tables: " in result.output, result.output
    (line,) = [line for line in page.read_text().splitlines() if line.startswith("| `digits`")]
    assert "360 test images" in line and "±" in line
    again = call("digits", "-o", tmp_path, "--markdown", page)
    assert again.exit_code == 0
    assert line in page.read_text()
    unfinished = call("-o", tmp_path, "--markdown", page)
    assert f"1 of {len(networks())} networks" in unfinished.output
