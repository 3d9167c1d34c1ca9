"""Run what came out of the synthesis on some samples."""

from pathlib import Path

from netloom.common.arrays import write_arrays
from netloom.common.files import write_text
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.pipeline import rundir
from netloom.pipeline.evaluation.holding import hold, run_record
from netloom.pipeline.evaluation.side_by_side import record_of
from netloom.pipeline.evaluation.simulation import predictions_of
from netloom.pipeline.hardware import HardwareRun
from netloom.pipeline.stage import Job, Stage
from netloom.pipeline.stages.synthesize import load_netlist
from netloom.pipeline.versions import compiler_version, simulator_version
from netloom.sim.hardware.netlist import NetlistEngine


def _work(job: Job, out: Path) -> None:
    """Run what came out of the synthesis on a sample; makes `netlist.json` and `netlist.npz`.

    Raises:
        SimulationError: if it gets stuck, or breaks a rule of its streams.
        ToolMissingError, ToolFailedError: of Verilator and the C++ compiler.
    """
    design = EmittedDesign.read(job.directory / rundir.DESIGN)
    netlist = load_netlist(job.directory / rundir.NETLIST, design.top)
    job.progress.began("compiling the netlist")
    with NetlistEngine(design, netlist.verilog) as engine:
        held = hold(engine, job.directory, job.hardware.netlist_samples, 0, job.progress)
        found = HardwareRun(
            fidelity=record_of(held.fidelity),
            scores=held.scores,
            run=run_record(engine, held.fidelity, None),
            tool=netlist.version,
        )
    write_arrays(out / rundir.NETLIST_PREDICTIONS, predictions_of(held.outputs))
    write_text(out / rundir.NETLIST_RUN, found.model_dump_json(indent=2) + "\n")


STAGE = Stage(
    "netlist",
    needs=(rundir.DESIGN, rundir.NETLIST, rundir.CONVERSION, rundir.DATA),
    makes=(rundir.NETLIST_RUN, rundir.NETLIST_PREDICTIONS),
    inputs=lambda job: {
        "samples": job.hardware.netlist_samples,
        "tools": [simulator_version(), compiler_version()],
    },
    work=_work,
    applies=lambda job: job.hardware.netlist_samples > 0,
    board=True,
    measures=True,
    code=(
        "models/data",
        "models/tasks",
        "quantize/base_settings.py",
        "hls",
        "firmware",
        "sim",
        "netloom/pipeline",
        "netloom/records.py",
    ),
    uses=("keras", "scipy", "amaranth", "amaranth-boards"),
)
