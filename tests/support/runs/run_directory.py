"""A small run directory with all there can be in one, hardware included, made without any hardware tool."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import netloom
from netloom.common.arrays import write_arrays
from netloom.common.files import digests
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.pipeline import registry, rundir
from netloom.firmware.emit.design_file import DESIGN_FILE, WholeDesign, read_whole_design
from netloom.pipeline.evaluation.hardware_run import HardwareRun
from netloom.pipeline.run import write_report
from netloom.pipeline.state import FinishedStage, RunState
from netloom.report.schema import FidelityRecord, RunRecord
from netloom.settings import HardwareSettings

SAMPLES, INPUTS, CLASSES = 12, 4, 3
HARDWARE = HardwareSettings(board="ULX3S-25F", target_ii=16, stalled_samples=4, netlist_samples=2)


def quantized_model() -> Any:
    """Four inputs, a hidden layer, three classes."""
    import keras
    import qkeras

    def bits(width: int, integer: int) -> Any:
        return qkeras.quantized_bits(width, integer, alpha=1)

    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [
            keras.Input((INPUTS,)),
            qkeras.QActivation(bits(6, 2), name="input_quantizer"),
            qkeras.QDense(3, kernel_quantizer=bits(4, 1), bias_quantizer=bits(6, 1), name="hidden"),
            qkeras.QActivation(qkeras.quantized_relu(5, 2), name="relu"),
            qkeras.QDense(CLASSES, kernel_quantizer=bits(4, 1), bias_quantizer=bits(6, 1), name="scores"),
        ]
    )


def make_start(folder: Path) -> None:
    """`small.keras`, and `small.npz` for it."""
    quantized_model().save(folder / "small.keras")
    random = np.random.default_rng(0)
    x, y = random.normal(0, 2, (SAMPLES, INPUTS)).astype(np.float32), random.integers(0, CLASSES, SAMPLES)
    np.savez(folder / "small.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y)


def make_run(start: Path, directory: Path) -> Path:
    """A run of `small.keras` that looks as one with a bitstream does; its simulations and its bitstream are made up."""
    settings = netloom.RunSettings(csim=False, hardware=HARDWARE)
    netloom.run(start / "small.keras", data=start / "small.npz", directory=directory, settings=settings, until="design")
    design = EmittedDesign.read(directory / rundir.DESIGN)
    _runs(directory, read_whole_design(directory / rundir.DESIGN / DESIGN_FILE))
    _netlist(directory / rundir.NETLIST, design)
    _bitstream(directory / rundir.BITSTREAM, design)
    made = {
        "rtl": (rundir.RTL, rundir.RTL_PREDICTIONS),
        "synthesize": (rundir.NETLIST,),
        "netlist": (rundir.NETLIST_RUN, rundir.NETLIST_PREDICTIONS),
        "bitstream": (rundir.BITSTREAM,),
    }
    state = RunState.read(directory)
    assert state is not None
    for stage in registry.names(board=True)[1:]:
        outputs = {key: value for name in made[stage] for key, value in digests(directory / name, directory).items()}
        state.stages[stage] = FinishedStage(
            fingerprint="0" * 64, outputs=outputs, seconds=1.0, finished=datetime.now(UTC)
        )
    state.write(directory)
    write_report(directory)
    return directory


def _runs(directory: Path, design: WholeDesign) -> None:
    common: dict[str, Any] = {"mismatches": 0, "max_difference_steps": 0.0, "argmax_agreement": 1.0}
    with np.load(directory / rundir.PREDICTIONS) as predictions:
        outputs = predictions["fixed"]
    for engine, name, samples in (("rtl", rundir.RTL, SAMPLES), ("netlist", rundir.NETLIST_RUN, 2)):
        write_arrays(directory / f"{engine}.npz", {engine: outputs[:samples]})
        fidelity = FidelityRecord(engines=("fixed", engine), samples=samples, elements=samples * CLASSES, **common)
        seen = RunRecord(engine=engine, samples=samples, stalled_samples=0, cycles=99, seconds=0.1, compile_seconds=1)
        counted = {"latency": design.latency, "interval": design.interval} if engine == "rtl" else {}
        run = HardwareRun(fidelity=fidelity, run=seen, tool="a simulator", **counted)
        (directory / name).write_text(run.model_dump_json(indent=2) + "\n")


def _netlist(folder: Path, design: EmittedDesign) -> None:
    folder.mkdir()
    cells = {"hidden.a": {"type": "LUT4"}, "$abc$b": {"type": "TRELLIS_FF"}}
    (folder / f"{design.top}.json").write_text(json.dumps({"modules": {design.top: {"cells": cells, "ports": {}}}}))
    (folder / f"{design.top}.v").write_text(f"module {design.top}; endmodule\n")
    (folder / "synthesis.log").write_text("nothing was synthesized\n")
    (folder / "synthesis.json").write_text('{"seconds": 1.0, "version": "Yosys 0"}\n')


def _bitstream(folder: Path, design: EmittedDesign) -> None:
    folder.mkdir()
    uses = {kind: {"used": 10, "available": 24288} for kind in ("lut", "ff", "dsp", "bram")}
    report = {
        "schema_version": "1.1",
        "design": design.name,
        "identity": f"{design.identity:016x}",
        "board": HARDWARE.board,
        "device": "LFE5U-25F",
        "bitstream": "bitstream.bit",
        "link": {"baud": 1_000_000, "samples": 4},
        "timing": {"asked_mhz": 80.0, "clock_mhz": 80.0, "fmax_mhz": 101.5, "met": True, "slack_ns": 2.6},
        "seed": 1,
        "attempts": [{"seed": 1, "placer": "heap", "fmax_mhz": 101.5}],
        "resources": uses,
        "network": {"lut": 5, "ff": 5},
        "units": {"hidden": {"lut": 5, "ff": 5}},
        "tools": {"yosys": "Yosys 0", "nextpnr-ecp5": "nextpnr-0", "ecppack": "ecppack"},
        "seconds": {"synthesis": 1.0, "shell": 1.0, "place_route": 1.0, "pack": 1.0, "floorplan": 0.1},
    }
    (folder / "build.json").write_text(json.dumps(report, indent=1) + "\n")
    (folder / "bitstream.bit").write_bytes(b"\xff\x00not a bitstream")
    places = {"hidden": {"lut": [[1, 2, 3]], "ff": [[1, 2, 1]]}, "shell": {"bram": [[4, 5, 1]]}}
    (folder / "floorplan.json").write_text(json.dumps({"width": 72, "height": 50, "units": places}) + "\n")
    (folder / "logs").mkdir()
    (folder / "logs" / "pack.log").write_text("nothing was packed\n")
