"""The whole way to a bitstream, and the board that has it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from small_run import BUILT, INPUTS, call, run

import netloom
from netloom.errors import LinkError, SettingsError, StorageError
from netloom.firmware.board.driver import Driver
from netloom.firmware.board.protocol import VERSION, Frame, Status, encode
from netloom.firmware.emit.design_file import DESIGN_FILE, read_whole_design
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.pipeline import rundir
from netloom.settings import HardwareSettings

keras = pytest.importorskip("keras")
qkeras = pytest.importorskip("qkeras")


@pytest.fixture(scope="module")
def finished(start: Path, simulated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run to its end."""
    directory = tmp_path_factory.mktemp("runs") / "small"
    shutil.copytree(simulated, directory)
    run(start, directory)
    return directory


@pytest.mark.slow
def test_the_whole_way(finished: Path) -> None:
    report = json.loads((finished / rundir.REPORT_JSON).read_text())
    hardware = report["hardware"]
    assert hardware["timing_met"]
    assert hardware["clock_limit_mhz"] > hardware["clock_mhz"] == 80
    assert (hardware["latency"], hardware["interval"]) == (
        hardware["predicted_latency"],
        hardware["predicted_interval"],
    )
    assert [run["engine"] for run in hardware["runs"]] == ["rtl", "netlist"]
    assert all(record["mismatches"] == 0 for record in report["fidelity"] if record["engines"][0] == "fixed")
    assert (finished / hardware["bitstream"]).stat().st_size > 1000
    assert {"verilator", "yosys", "nextpnr-ecp5"} <= set(report["versions"])
    page = (finished / rundir.REPORT_HTML).read_text()
    assert "80 MHz met" in page
    assert "fixed = rtl: 0 mismatches" in page
    assert "= netlist over 5" in page
    assert 'class="dataflow"' in page
    assert "host link" in page


@pytest.mark.slow
def test_a_second_run_changes_nothing(start: Path, finished: Path) -> None:
    bitstream = (finished / rundir.BITSTREAM / "bitstream.bit").read_bytes()
    assert all(outcome.reused for outcome in run(start, finished).outcomes)
    result = call("build", finished, "--board", "ULX3S-25F", "--target-ii", 32)
    assert result.exit_code == 0, result.output
    assert "timing met" in result.output
    assert (finished / rundir.BITSTREAM / "bitstream.bit").read_bytes() == bitstream


@pytest.mark.slow
def test_a_gate_on_the_hardware(finished: Path) -> None:
    assert call("compare", finished, "--fail-if", "clock_limit<80", "--fail-if", "mismatches>0").exit_code == 0
    assert call("compare", finished, "--fail-if", "lut>10").exit_code == 1


@pytest.mark.slow
def test_the_emulated_board_computes_what_the_simulator_does(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from netloom.sim.hardware.emulate import emulate

    x = np.random.default_rng(1).normal(0, 2, (30, INPUTS))
    expected = netloom.simulate(finished, x)
    np.save(tmp_path / "x.npy", x)
    result = call("emulate", finished, "--inputs", tmp_path / "x.npy", "-o", tmp_path / "y.npy")
    assert result.exit_code == 0, result.output
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), expected)
    monkeypatch.setenv("NETLOOM_RUNS", str(finished.parent))
    with emulate(finished / rundir.DESIGN) as emulator:
        with netloom.Board(emulator.port, samples=emulator.samples) as board:
            assert board.design.folder == finished / rundir.DESIGN
            np.testing.assert_array_equal(board.predict(x), expected)
            np.testing.assert_array_equal(board.answer(x), expected.argmax(axis=1))
            board.predict(x[:1])
            assert board.cycles == read_whole_design(finished / rundir.DESIGN / DESIGN_FILE).latency
        monkeypatch.setenv("NETLOOM_RUNS", str(tmp_path))
        with pytest.raises(StorageError, match="no designs"):
            netloom.Board(emulator.port)
    with pytest.raises(LinkError, match="cannot open"):
        netloom.Board(str(tmp_path / "port"), finished)


class Identified:
    """A link to a board that says which design it holds, and no more."""

    def __init__(self, design: Path) -> None:
        self._identity = EmittedDesign.read(design).identity
        self._waiting = b""

    def write(self, data: bytes) -> None:
        payload = bytes([VERSION]) + self._identity.to_bytes(8, "little")
        self._waiting += encode(Frame(data[2], Status.SOUND, payload))

    def read(self, size: int) -> bytes:
        data, self._waiting = self._waiting[:size], self._waiting[size:]
        return data

    def reset_input_buffer(self) -> None:
        pass

    def close(self) -> None:
        pass


def test_a_board_answers_as_the_task_of_its_run_decodes(
    simulated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = np.random.default_rng(1).normal(0, 2, (30, INPUTS))
    outputs = netloom.simulate(simulated, x)
    monkeypatch.setattr(Driver, "predict", lambda self, x: netloom.simulate(simulated, x))
    with netloom.Board(Identified(simulated / rundir.DESIGN), simulated) as board:
        answer = board.answer(x)
    assert answer.dtype == np.int64
    np.testing.assert_array_equal(answer, outputs.argmax(axis=1))
    alone = shutil.copytree(simulated / rundir.DESIGN, tmp_path / "design")
    with netloom.Board(Identified(alone), alone) as board, pytest.raises(StorageError, match="is in no run"):
        board.answer(x)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["rtl", "netlist"])
def test_hardware_engines_simulate_a_users_samples(finished: Path, tmp_path: Path, engine: str) -> None:
    x = np.random.default_rng(1).normal(0, 2, (10, INPUTS))
    np.testing.assert_array_equal(netloom.simulate(finished, x, engine), netloom.simulate(finished, x))


@pytest.mark.slow
def test_a_conversion_and_a_design_are_built_where_they_are(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished / rundir.CONVERSION, tmp_path / "firmware")
    made = netloom.build_bitstream(tmp_path / "firmware", BUILT)
    assert made.bitstream.parent == tmp_path / "firmware" / rundir.BITSTREAM
    shutil.copytree(finished / rundir.DESIGN, tmp_path / "design")
    again = netloom.build_bitstream(tmp_path / "design", HardwareSettings(board="ULX3S-25F"))
    assert again.bitstream.read_bytes() == (finished / rundir.BITSTREAM / "bitstream.bit").read_bytes()
    with pytest.raises(SettingsError, match="generate it for this board"):
        netloom.build_bitstream(tmp_path / "design", HardwareSettings(board="iCEBreaker"))


def test_a_board_of_another_tool_gets_its_design(simulated: Path, tmp_path: Path) -> None:
    shutil.copytree(simulated / rundir.CONVERSION, tmp_path / "firmware")
    answer = call("build", tmp_path / "firmware", "--board", "Arty-A7-35")
    assert answer.exit_code == 0, answer.output
    assert "design for Vivado and xc7a35t" in answer.output
    design = tmp_path / "firmware" / rundir.DESIGN
    assert read_whole_design(design / DESIGN_FILE).target == "generic"
    assert "synth_design -top network" in (design / "README.md").read_text()
    shutil.copytree(simulated, tmp_path / "run")
    of_ecp5 = call("build", tmp_path / "run" / rundir.DESIGN, "--board", "Arty-A7-35")
    assert of_ecp5.exit_code == 2
    assert "is for ecp5; give its run or its conversion" in of_ecp5.stderr
    assert call("build", tmp_path / "run", "--board", "DE10-Lite", "--target-ii", "16").exit_code == 0
    assert read_whole_design(tmp_path / "run" / rundir.DESIGN / DESIGN_FILE).interval <= 16
