"""The hardware stages: what is refused, and what a failing tool leaves."""

import shutil
from pathlib import Path

import pytest
from small_run import BUILT, SETTINGS, call, run

from netloom.errors import FoldingError, ToolFailedError
from netloom.firmware.map.folding import fitting as fit
from netloom.pipeline import building
from netloom.settings import HardwareSettings

keras = pytest.importorskip("keras")
qkeras = pytest.importorskip("qkeras")


def test_a_pace_that_cannot_be_is_refused_and_nothing_lost(
    start: Path, simulated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(simulated, tmp_path / "run")
    impossible = HardwareSettings(board="TinyFPGA-BX", target_ii=1, clock_mhz=16)
    with monkeypatch.context() as small, pytest.raises(FoldingError, match="does not fit iCE40LP8K") as raised:
        small.setattr(fit, "FULL", 0.05)
        small.setattr(fit, "COMFORTABLE", 0.05)
        run(start, tmp_path / "run", SETTINGS.model_copy(update={"hardware": impossible}), until="rtl")
    assert "\n" not in str(raised.value)
    again = run(start, tmp_path / "run", until="rtl")
    assert all(outcome.reused for outcome in again.outcomes)


def test_a_failing_tool_leaves_its_log_in_the_run(
    simulated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(simulated, tmp_path / "run")
    (tmp_path / "tools").mkdir()
    broken = tmp_path / "tools" / "yosys"
    broken.write_text("#!/bin/sh\necho 'ERROR: no luck today'\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("YOSYS", str(broken))
    with pytest.raises(ToolFailedError, match=r"no luck today.*network-failed\.log") as raised:
        building.build_bitstream(tmp_path / "run", BUILT)
    log = Path(str(raised.value).split(" in ")[-1])
    assert log.parent == tmp_path / "run"
    assert "no luck today" in log.read_text()
    assert not list((tmp_path / "run").glob(".work-*"))


def test_settings_of_a_board_need_one() -> None:
    result = call("run", "digits", "--clock", "80MHz")
    assert result.exit_code == 2
    assert "give --board too" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("build nowhere --board ULX3S-25F", "no directory nowhere"),
        ("build . --board ULX4S", "did you mean ULX3S"),
        ("build . --board ULX3S-25F --clock fast", "such as 80MHz"),
        ("build . --board ULX3S-25F --clock 999MHz", "400 MHz, not 999"),
        ("build . --board Arty-A7-35", "neither a run, nor a conversion"),
        ("build . --board ULX3S-25F", "neither a run, nor a conversion, nor a design"),
        ("emulate .", "there is no design in ."),
        ("flash .", "there is no bitstream in ."),
        ("simulate . --engine rtl --inputs x.npy -o y.npy", "not a converted network"),
    ],
)
def test_what_goes_wrong_is_one_line(
    arguments: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = call(*arguments.split())
    assert result.exit_code == 2, result.output
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_boards_are_listed() -> None:
    output = call("boards").output
    assert all(name in output for name in ("ULX3S-25F", "LFE5U-25F", "iCEBreaker", "Arty-A7-35"))
