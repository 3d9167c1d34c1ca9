"""Run what came out of the synthesis on some samples."""

from pathlib import Path

from netloom.firmware.emit.emitted import EmittedDesign
from netloom.pipeline import rundir
from netloom.pipeline.evaluation.hardware_run import CODE, USES, hold, keep
from netloom.pipeline.stage import Job, Stage
from netloom.pipeline.stages.synthesize import load_netlist
from netloom.pipeline.versions import compiler_version, simulator_version
from netloom.sim.hardware.netlist import NetlistEngine


def _work(job: Job, out: Path) -> None:
    """Makes `netlist.json` and `netlist.npz`."""
    design = EmittedDesign.read(job.directory / rundir.DESIGN)
    netlist = load_netlist(job.directory / rundir.NETLIST, design.top)
    job.progress.began("compiling the netlist")
    with NetlistEngine(design, netlist.verilog) as engine:
        held = hold(engine, job.directory, job.hardware.netlist_samples, 0, job.progress)
        keep(held, netlist.version, out / rundir.NETLIST_RUN)


STAGE = Stage(
    "netlist",
    needs=(rundir.DESIGN, rundir.NETLIST, rundir.CONVERSION, rundir.DATA),
    makes=(rundir.NETLIST_RUN, rundir.NETLIST_PREDICTIONS),
    inputs=lambda job: {"samples": job.hardware.netlist_samples, "tools": [simulator_version(), compiler_version()]},
    work=_work,
    applies=lambda job: job.hardware.netlist_samples > 0,
    board=True,
    measures=True,
    code=CODE,
    uses=USES,
)
