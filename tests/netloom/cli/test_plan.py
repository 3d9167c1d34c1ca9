"""`netloom plan`: a table of paces from whatever there is, and what a run says before its tools start."""

from pathlib import Path
from typing import ClassVar

import pytest
from typer.testing import CliRunner

import netloom
from netloom.cli.app import app
from netloom.firmware.map.folding.effort import bitstream_minutes
from netloom.pipeline import building
from netloom.progress import Progress
from netloom.settings import HardwareSettings

keras = pytest.importorskip("keras")


def call(*arguments: object, columns: int = 160):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": str(columns)})


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plan") / "small.keras"
    layers = [keras.layers.Dense(24, activation="relu"), keras.layers.Dense(5)]
    keras.Sequential([keras.Input((32,)), *layers]).save(path)
    return path


def rows(output: str) -> list[list[str]]:
    return [line.replace("→", " ").split() for line in output.splitlines() if "min" in line and "about" in line]


def test_a_float_model_is_planned_and_nothing_is_written(model: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    answer = call("plan", model, "--board", "ULX3S-25F")
    assert answer.exit_code == 0, answer.output
    intervals = [int(row[0].replace(",", "")) for row in rows(answer.output)]
    assert len(intervals) >= 4
    assert intervals == sorted(intervals)
    assert sum(line.startswith("→ ") and "about" in line for line in answer.output.splitlines()) == 1
    assert "the weights are made up" in answer.output
    fastest = f"netloom run {model} --data DATA.npz --board ULX3S-25F --target-ii {intervals[0]} takes the fastest"
    assert fastest in answer.output
    assert not list(tmp_path.iterdir())


def test_a_narrow_terminal_loses_neither_the_arrow_nor_digits(model: Path) -> None:
    wide, narrow = (call("plan", model, "--board", "ULX3S-25F", columns=columns) for columns in (160, 40))
    assert [line.rstrip() for line in narrow.stdout.splitlines()] == [
        line.rstrip() for line in wide.stdout.splitlines()
    ]


def test_a_row_is_what_asking_for_it_gives(model: Path, tmp_path: Path) -> None:
    twin = netloom.quantize(netloom.load_model(model), netloom.Policy.uniform(6), np_samples(), fine_tune_epochs=0)
    netloom.convert(twin, netloom.HlsSettings(), tmp_path / "firmware")
    answer = call("plan", tmp_path / "firmware", "--board", "ULX3S-25F")
    assert answer.exit_code == 0, answer.output
    assert "made up" not in answer.output
    row = rows(answer.output)[2]
    command = f"netloom build {tmp_path / 'firmware'} --board ULX3S-25F --target-ii {rows(answer.output)[0][0]}"
    assert f"{command} takes the fastest" in answer.output

    class Heard(Progress):
        lines: ClassVar[list[str]] = []

        def said(self, line: str) -> None:
            self.lines.append(line)

    settings = HardwareSettings(board="Arty-A7-35", target_ii=int(row[0].replace(",", "")))
    building.write_design(tmp_path / "firmware", settings, Heard())
    (line,) = Heard.lines
    assert f"a sample every {row[0]} cycles" in line
    assert "to the bitstream about" in line


def test_block_ram_of_a_vendors_part_is_counted_in_the_blocks_of_the_estimates(model: Path) -> None:
    answer = call("plan", model, "--board", "Arty-A7-35")
    assert answer.exit_code == 0, answer.output
    assert "90 DSP, 100 BRAM" in answer.output
    assert "block RAM is counted in blocks of 18 kbit: those of xc7a35t have 36" in answer.output
    assert "is counted in" not in call("plan", model, "--board", "ULX3S-25F").output


def test_sequences_that_are_interleaved_come_faster(model: Path, tmp_path: Path) -> None:
    import keras

    x = keras.Input((6, 2), name="x")
    keras.Model(x, keras.layers.GRU(4, name="gru")(x)).save(tmp_path / "gru.keras")
    found = []
    for more in ((), ("--interleave", 4)):
        answer = call("plan", tmp_path / "gru.keras", "--board", "ULX3S-25F", "--design-seconds", 5, *more)
        assert answer.exit_code == 0, answer.output
        found.append(int(rows(answer.output)[0][0].replace(",", "")))
    assert f"--target-ii {found[1]} --interleave 4 takes the fastest" in answer.output
    assert found[1] < 0.5 * found[0]
    answer = call("plan", model, "--board", "ULX3S-25F", "--interleave", 3)
    assert answer.exit_code != 0 and "there is no loop over steps" in answer.output


def np_samples():
    import numpy as np

    return np.random.default_rng(0).uniform(0, 1, (16, 32)).astype(np.float32)


def test_what_goes_wrong_is_one_line() -> None:
    answer = call("plan", "nowhere.keras", "--board", "TinyFPGA-BX")
    assert answer.exit_code == 2
    assert len(answer.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(("lut", "part", "seconds"), [(2_700, 24_288, 56), (8_900, 24_288, 222), (25_000, 83_640, 877)])
def test_minutes_are_those_of_the_benchmarks(lut: int, part: int, seconds: int) -> None:
    assert bitstream_minutes(lut, part) == pytest.approx(seconds / 60, rel=0.2)
