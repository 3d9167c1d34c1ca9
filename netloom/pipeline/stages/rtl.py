"""Run the emitted files on the test set."""

from pathlib import Path

from netloom.firmware.emit.emitted import EmittedDesign
from netloom.pipeline import rundir
from netloom.pipeline.evaluation.hardware_run import CODE, USES, hold, keep
from netloom.pipeline.stage import Job, Stage
from netloom.pipeline.versions import compiler_version, simulator_version
from netloom.sim.hardware.rtl import RtlEngine
from netloom.sim.hardware.stream_engine import Speed
from netloom.sim.hardware.verilator import Stalls

_STALLS = Stalls(seed=1, inputs=0.3, outputs=0.3)


def _inputs(job: Job) -> dict[str, object]:
    read = job.hardware.model_dump(include={"rtl_samples", "stalled_samples"})
    return read | {"trace_samples": job.settings.trace_samples, "tools": [simulator_version(), compiler_version()]}


def _work(job: Job, out: Path) -> None:
    """Run them back to back, then some with stalls; makes `rtl.json` and `rtl.npz`."""
    directory, settings, progress = job.directory, job.hardware, job.progress
    design = EmittedDesign.read(directory / rundir.DESIGN)
    progress.began("compiling the design")
    with RtlEngine(design) as engine:
        progress.began("counting cycles")
        measured = engine.count_cycles()
        engine.speed = Speed(compile_seconds=engine.speed.compile_seconds)
        held = hold(engine, directory, settings.rtl_samples, job.settings.trace_samples, progress)
    stalled = None
    if settings.stalled_samples:
        with RtlEngine(design, _STALLS) as pausing:
            stalled = hold(pausing, directory, settings.stalled_samples, 0, progress).fidelity
    keep(held, simulator_version(), out / rundir.RTL, stalled, latency=measured.latency, interval=measured.interval)


STAGE = Stage(
    "rtl",
    needs=(rundir.DESIGN, rundir.CONVERSION, rundir.DATA),
    makes=(rundir.RTL, rundir.RTL_PREDICTIONS),
    inputs=_inputs,
    work=_work,
    board=True,
    measures=True,
    code=CODE,
    uses=USES,
)
