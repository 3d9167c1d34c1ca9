"""The hardware stages on a small network, as far as its RTL: simulated, broken on purpose, told of in a report."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from small_run import CLASSES, HARDWARE, INPUTS, SAMPLES, SETTINGS, call

import netloom
from netloom.errors import StorageError
from netloom.firmware.emit.design_file import DESIGN_FILE, read_whole_design
from netloom.pipeline import rundir
from netloom.pipeline.evaluation.hardware_run import HardwareRun
from netloom.pipeline.stage import Job
from netloom.pipeline.stages import netlist, rtl
from netloom.pipeline.state import RunState
from netloom.records import StageRecord
from netloom.report.build import build_report
from netloom.sim.hardware.rtl import RtlEngine

keras = pytest.importorskip("keras")
qkeras = pytest.importorskip("qkeras")


def test_the_hardware_equals_the_simulator_on_every_layer(simulated: Path) -> None:
    found = HardwareRun.load(simulated / rundir.RTL)
    assert found.stalled is not None
    assert found.fidelity.samples == SAMPLES
    assert found.fidelity.mismatches == found.fidelity.layer_mismatches == found.stalled.mismatches == 0
    assert found.stalled.samples == found.run.stalled_samples == 20
    assert found.fidelity.layer_elements == SAMPLES * (INPUTS + 8 + 8 + CLASSES)
    assert set(found.scores) == {"fixed", "rtl"}


def test_a_netlist_that_ran_on_all_samples_has_scores(
    simulated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The RTL stands for it here: what the stage keeps is the same."""
    monkeypatch.setattr(netlist, "load_netlist", lambda *_: SimpleNamespace(verilog=None, version="Yosys"))
    monkeypatch.setattr(netlist, "NetlistEngine", lambda design, _: RtlEngine(design))
    state = RunState.read(simulated)
    assert state is not None
    hardware = HARDWARE.model_copy(update={"netlist_samples": SAMPLES})
    netlist.STAGE.work(Job(simulated, state, SETTINGS.model_copy(update={"hardware": hardware})), tmp_path)
    assert HardwareRun.load(tmp_path / rundir.NETLIST_RUN).scores == HardwareRun.load(simulated / rundir.RTL).scores


def test_cycles_are_those_predicted_and_asked_for(simulated: Path) -> None:
    found, design = HardwareRun.load(simulated / rundir.RTL), read_whole_design(simulated / rundir.DESIGN / DESIGN_FILE)
    assert (found.latency, found.interval) == (design.latency, design.interval)
    assert design.interval <= 32
    assert all(product.interval <= 32 for product in design.products)


def test_a_report_tells_of_whatever_hardware_stages_are_finished(simulated: Path, tmp_path: Path) -> None:
    shutil.copytree(simulated, tmp_path / "run")
    result = call("report", tmp_path / "run")
    assert result.exit_code == 0, result.output
    assert "fixed = rtl: 0 mismatches in 180 outputs" in result.output
    assert "ULX3S-25F: 80 MHz asked for, latency" in result.output
    report = netloom.Run(tmp_path / "run", ()).report
    found, design = HardwareRun.load(simulated / rundir.RTL), read_whole_design(simulated / rundir.DESIGN / DESIGN_FILE)
    assert [record.engines for record in report.fidelity] == [("quantized", "fixed"), ("fixed", "rtl")]
    assert report.scores["rtl"] == found.scores["rtl"]
    assert report.hardware is not None
    assert (report.hardware.latency, report.hardware.predicted_latency) == (found.latency, design.latency)
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
    finished = ("load", "convert", "simulate", "design", "rtl")
    outcomes = [StageRecord(name=name, seconds=1.0, reused=False) for name in finished]
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
    state = RunState.read(simulated)
    assert state is not None
    rtl.STAGE.work(Job(tmp_path / "run", state, SETTINGS), tmp_path)
    found = HardwareRun.load(tmp_path / rundir.RTL)
    assert found.fidelity.layer_mismatches
    assert found.fidelity.first_mismatch is not None
    assert found.fidelity.first_mismatch.layer == "hidden"


def test_crosscheck_holds_the_hardware_against_the_simulator(simulated: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(1).integers(-16, 16, (12, INPUTS)) / 8)
    result = call("crosscheck", simulated, "--inputs", tmp_path / "x.npy", "--engine", "rtl")
    assert result.exit_code == 0, result.output
    assert "output: 0 mismatches in 36 elements" in result.output
    assert "fixed = rtl" in result.output
