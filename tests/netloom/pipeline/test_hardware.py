"""The hardware stages on a small network: simulated, refused, broken on purpose; the whole way to the bitstream."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import netloom
from netloom.cli.app import app
from netloom.errors import FoldingError, LinkError, SettingsError, StorageError, ToolFailedError
from netloom.firmware.board.driver import Driver
from netloom.firmware.board.protocol import VERSION, Frame, Status, encode
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.firmware.map.folding import fitting as fit
from netloom.pipeline import building, rundir
from netloom.pipeline.hardware import HardwareRun, read_design
from netloom.pipeline.stage import Outcome
from netloom.pipeline.stages.rtl import simulate_rtl
from netloom.progress import Progress
from netloom.report.build import build_report
from netloom.settings import HardwareSettings

keras = pytest.importorskip("keras")
qkeras = pytest.importorskip("qkeras")

SAMPLES, INPUTS, CLASSES = 60, 16, 3
HARDWARE = HardwareSettings(board="ULX3S-25F", target_ii=32, stalled_samples=20, netlist_samples=5)
BUILT = HardwareSettings(board="ULX3S-25F", target_ii=32)
SETTINGS = netloom.RunSettings(csim=False, hardware=HARDWARE)


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def bits(width: int, integer: int = 1) -> Any:
    return qkeras.quantized_bits(width, integer, alpha=1)


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a quantized model and data for it."""
    folder = tmp_path_factory.mktemp("start")
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            keras.Input((INPUTS,)),
            qkeras.QActivation(bits(6, 2), name="input_quantizer"),
            qkeras.QDense(8, kernel_quantizer=bits(4), bias_quantizer=bits(6), name="hidden"),
            qkeras.QActivation(qkeras.quantized_relu(5, 2), name="relu"),
            qkeras.QDense(CLASSES, kernel_quantizer=bits(4), bias_quantizer=bits(6), name="scores"),
        ]
    )
    model.save(folder / "small.keras")
    random = np.random.default_rng(0)
    x, y = random.normal(0, 2, (SAMPLES, INPUTS)).astype(np.float32), random.integers(0, CLASSES, SAMPLES)
    np.savez(folder / "small.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    return folder


def run(start: Path, directory: Path, settings: netloom.RunSettings = SETTINGS, until: str = "report") -> netloom.Run:
    return netloom.run(
        start / "small.keras", data=start / "small.npz", directory=directory, settings=settings, until=until
    )


@pytest.fixture(scope="module")
def simulated(start: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run as far as its RTL simulation."""
    directory = tmp_path_factory.mktemp("runs") / "small"
    run(start, directory, until="rtl")
    return directory


@pytest.fixture(scope="module")
def finished(start: Path, simulated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run to its end."""
    directory = tmp_path_factory.mktemp("runs") / "small"
    shutil.copytree(simulated, directory)
    run(start, directory)
    return directory


def test_the_hardware_equals_the_simulator_on_every_layer(simulated: Path) -> None:
    found = HardwareRun.load(simulated / rundir.RTL)
    assert found.stalled is not None
    assert found.fidelity.samples == SAMPLES
    assert found.fidelity.mismatches == found.fidelity.layer_mismatches == found.stalled.mismatches == 0
    assert found.stalled.samples == found.run.stalled_samples == 20
    assert found.fidelity.layer_elements == SAMPLES * (INPUTS + 8 + 8 + CLASSES)
    assert set(found.scores) == {"fixed", "rtl"}


def test_cycles_are_those_predicted_and_asked_for(simulated: Path) -> None:
    found, design = HardwareRun.load(simulated / rundir.RTL), read_design(simulated / rundir.DESIGN)
    assert (found.latency, found.interval) == (design["latency"], design["interval"])
    assert design["interval"] <= 32
    assert all(product["interval"] <= 32 for product in design["products"])


def test_a_report_tells_of_whatever_hardware_stages_are_finished(simulated: Path, tmp_path: Path) -> None:
    shutil.copytree(simulated, tmp_path / "run")
    result = call("report", tmp_path / "run")
    assert result.exit_code == 0, result.output
    assert "fixed = rtl: 0 mismatches in 180 outputs" in result.output
    assert "ULX3S-25F: 80 MHz asked for, latency" in result.output
    report = netloom.Run(tmp_path / "run", ()).report
    found, design = HardwareRun.load(simulated / rundir.RTL), read_design(simulated / rundir.DESIGN)
    assert [record.engines for record in report.fidelity] == [("quantized", "fixed"), ("fixed", "rtl")]
    assert report.scores["rtl"] == found.scores["rtl"]
    assert report.hardware is not None
    assert (report.hardware.latency, report.hardware.predicted_latency) == (found.latency, design["latency"])
    assert report.hardware.timing_met is report.hardware.bitstream is None
    assert [one.name for one in report.hardware.resources] == ["LUT", "FF", "DSP", "BRAM"]
    assert [stage.name for stage in report.stages] == ["load", "convert", "simulate", "design", "rtl"]
    page = (tmp_path / "run" / rundir.REPORT_HTML).read_text()
    assert "nothing is routed yet" in page
    assert 'class="dataflow"' in page
    assert call("compare", tmp_path / "run", "--fail-if", "mismatches>0").exit_code == 0


def test_what_the_hardware_gave_stands_beside_the_other_engines(simulated: Path, tmp_path: Path) -> None:
    shutil.copytree(simulated, tmp_path / "run")
    with np.load(simulated / rundir.RTL_PREDICTIONS) as held, np.load(simulated / rundir.PREDICTIONS) as predictions:
        outputs = held["rtl"]
        assert (outputs == predictions["fixed"]).all()
    outcomes = [Outcome(name, 1.0, False) for name in ("load", "convert", "simulate", "design", "rtl")]
    build_report(tmp_path / "run", tmp_path, outcomes)
    assert "Nowhere: on all 60 test samples" in (tmp_path / rundir.REPORT_HTML).read_text()
    outputs[11, 2] += 1
    np.savez(tmp_path / "run" / rundir.RTL_PREDICTIONS, rtl=outputs[:20])
    build_report(tmp_path / "run", tmp_path, outcomes)
    page = (tmp_path / rundir.REPORT_HTML).read_text()
    assert "On 1 of 60 test samples" in page
    assert '<td class="n">11</td>' in page and '<th class="e-rtl">rtl</th>' in page
    assert page.count('class="apart"') == 1
    np.savez(tmp_path / "run" / rundir.RTL_PREDICTIONS, fixed=outputs)
    with pytest.raises(StorageError, match=r"rtl\.npz is damaged"):
        build_report(tmp_path / "run", tmp_path, outcomes)


def test_a_report_does_not_tell_of_the_design_of_other_settings(start: Path, simulated: Path, tmp_path: Path) -> None:
    shutil.copytree(simulated, tmp_path / "run")
    faster = HARDWARE.model_copy(update={"target_ii": 16})
    netloom.run(
        start / "small.keras",
        data=start / "small.npz",
        directory=tmp_path / "run",
        settings=SETTINGS.model_copy(update={"hardware": faster}),
        until="simulate",
    )
    report = netloom.write_report(tmp_path / "run")
    assert report.hardware is None
    assert "design" not in [stage.name for stage in report.stages]


def test_a_run_that_is_to_end_early_does_and_its_findings_decide_the_exit_code(
    start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = (start / "small.keras", "--data", start / "small.npz", "-o", tmp_path / "run", "--no-csim")
    arguments += ("--board", "ULX3S-25F", "--target-ii", 32)
    result = call("run", *arguments, "--until", "convert")
    assert result.exit_code == 0, result.output
    assert not (tmp_path / "run" / rundir.REPORT_JSON).exists()
    result = call("run", *arguments, "--until", "design")
    assert result.exit_code == 0, result.output
    assert "latency predicted" in result.output
    assert f"ended after design, in {tmp_path / 'run'}; without --until" in result.output
    assert not (tmp_path / "run" / rundir.RTL).exists()
    path = next((tmp_path / "run" / rundir.DESIGN).glob("hidden*weights.mem"))
    monkeypatch.setattr(
        "netloom.pipeline.running.is_finished", lambda stage, *rest: stage.name not in ("rtl", "report")
    )
    monkeypatch.setattr("netloom.pipeline.run.check_intact", lambda *_: None)
    lines = path.read_text().splitlines()
    lines[0] = f"{int(lines[0], 16) ^ 1:0{len(lines[0])}x}"
    path.write_text("\n".join(lines) + "\n")
    result = call("run", *arguments, "--until", "rtl")
    assert result.exit_code == 1, result.output
    assert "fixed ≠ rtl" in result.output


def test_a_flipped_bit_is_caught_and_its_layer_named(simulated: Path, tmp_path: Path) -> None:
    shutil.copytree(simulated, tmp_path / "run")
    path = next((tmp_path / "run" / rundir.DESIGN).glob("hidden*weights.mem"))
    lines = path.read_text().splitlines()
    lines[0] = f"{int(lines[0], 16) ^ 1:0{len(lines[0])}x}"
    path.write_text("\n".join(lines) + "\n")
    simulate_rtl(tmp_path / "run", HARDWARE, None, tmp_path, Progress())
    found = HardwareRun.load(tmp_path / rundir.RTL)
    assert found.fidelity.layer_mismatches
    assert found.fidelity.first_mismatch is not None
    assert found.fidelity.first_mismatch.layer == "hidden"


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


def test_crosscheck_holds_the_hardware_against_the_simulator(simulated: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(1).integers(-16, 16, (12, INPUTS)) / 8)
    result = call("crosscheck", simulated, "--inputs", tmp_path / "x.npy", "--engine", "rtl")
    assert result.exit_code == 0, result.output
    assert "output: 0 mismatches in 36 elements" in result.output
    assert "fixed = rtl" in result.output


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
            assert board.cycles == read_design(finished / rundir.DESIGN)["latency"]
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
    assert read_design(design)["target"] == "generic"
    assert "synth_design -top network" in (design / "README.md").read_text()
    shutil.copytree(simulated, tmp_path / "run")
    of_ecp5 = call("build", tmp_path / "run" / rundir.DESIGN, "--board", "Arty-A7-35")
    assert of_ecp5.exit_code == 2
    assert "is for ecp5; give its run or its conversion" in of_ecp5.stderr
    assert call("build", tmp_path / "run", "--board", "DE10-Lite", "--target-ii", "16").exit_code == 0
    assert read_design(tmp_path / "run" / rundir.DESIGN)["interval"] <= 16
