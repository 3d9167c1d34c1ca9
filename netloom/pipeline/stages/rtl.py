"""Run the emitted files on the test set."""

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
from netloom.pipeline.versions import compiler_version, simulator_version
from netloom.progress import Progress
from netloom.settings import HardwareSettings
from netloom.sim.hardware.rtl import RtlEngine
from netloom.sim.hardware.stream_engine import Speed
from netloom.sim.hardware.verilator import Stalls

_STALLS = Stalls(seed=1, inputs=0.3, outputs=0.3)


def _inputs(job: Job) -> dict[str, object]:
    return {
        "samples": job.hardware.rtl_samples,
        "stalled_samples": job.hardware.stalled_samples,
        "trace_samples": job.settings.trace_samples,
        "tools": [simulator_version(), compiler_version()],
    }


def _work(job: Job, out: Path) -> None:
    simulate_rtl(job.directory, job.hardware, job.settings.trace_samples, out, job.progress)


def simulate_rtl(
    directory: Path, settings: HardwareSettings, trace_samples: int | None, out: Path, progress: Progress
) -> None:
    """Run the emitted files on the test set, back to back and with stalls; makes `rtl.json` and `rtl.npz`.

    Raises:
        SimulationError: if the design gets stuck, or breaks a rule of its streams.
        ToolMissingError, ToolFailedError: of Verilator and the C++ compiler.
    """
    design = EmittedDesign.read(directory / rundir.DESIGN)
    progress.began("compiling the design")
    with RtlEngine(design) as engine:
        progress.began("counting cycles")
        measured = engine.count_cycles()
        engine.speed = Speed(compile_seconds=engine.speed.compile_seconds)
        held = hold(engine, directory, settings.rtl_samples, trace_samples, progress)
    stalled = None
    if settings.stalled_samples:
        with RtlEngine(design, _STALLS) as pausing:
            stalled = hold(pausing, directory, settings.stalled_samples, 0, progress).fidelity
    found = HardwareRun(
        fidelity=record_of(held.fidelity),
        stalled=None if stalled is None else record_of(stalled),
        scores=held.scores,
        run=run_record(engine, held.fidelity, stalled),
        latency=measured.latency,
        interval=measured.interval,
        tool=simulator_version(),
    )
    write_arrays(out / rundir.RTL_PREDICTIONS, predictions_of(held.outputs))
    write_text(out / rundir.RTL, found.model_dump_json(indent=2) + "\n")


STAGE = Stage(
    "rtl",
    needs=(rundir.DESIGN, rundir.CONVERSION, rundir.DATA),
    makes=(rundir.RTL, rundir.RTL_PREDICTIONS),
    inputs=_inputs,
    work=_work,
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
