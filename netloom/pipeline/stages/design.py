"""Fold the network for the board, plan and emit its design."""

from pathlib import Path

from netloom.firmware.board.boards import find_board
from netloom.firmware.generate import Generated, generate_design
from netloom.firmware.map.folding.effort import bitstream_minutes, minutes
from netloom.firmware.map.folding.fitting import Search
from netloom.firmware.map.interleaving import interleaved
from netloom.hls import Conversion
from netloom.pipeline import rundir
from netloom.pipeline.stage import Job, Stage
from netloom.settings import HardwareSettings


def _inputs(job: Job) -> dict[str, object]:
    return {
        "name": job.state.origin.network,
        "device": find_board(job.hardware.board).device.name,
        "interval": job.hardware.interval,
        # A search that had less time may have found less.
        "seconds": float(job.hardware.design_seconds),
        "interleave": job.hardware.interleave,
    }


def _work(job: Job, out: Path) -> None:
    """Fold, plan and emit; makes `design/`."""
    settings, progress, shared = job.hardware, job.progress, job.shared
    dataflow, title = Conversion.load(job.at(rundir.CONVERSION)).dataflow, job.state.origin.network
    dataflow = interleaved(dataflow, settings.interleave)
    progress.began("folding")
    if shared is not None:
        generated = generate_design(dataflow, title=title, **shared)
    else:
        generated = generate_design(
            dataflow,
            device=find_board(settings.board).device,
            interval=settings.interval,
            title=title,
            search=Search(settings.design_seconds, progress.doing),
        )
        progress.said(_prospect(generated, settings))
    generated.write(out / rundir.DESIGN)


def _prospect(generated: Generated, settings: HardwareSettings) -> str:
    """What is to come, in a line, before the tools start."""
    area, cycles, device = generated.area, generated.cycles, find_board(settings.board).device
    faster = "" if settings.interval else "; netloom plan shows others, --target-ii asks for one"
    return (
        f"a sample every {cycles.interval:,} cycles, latency {cycles.latency:,}; about {area.lut:,} of {device.lut:,}"
        f" LUT, {area.dsp:,} of {device.dsp:,} DSP, {area.bram:,} of {device.ram_blocks:,} block RAM; to the bitstream"
        f" {minutes(bitstream_minutes(area.lut, device.lut))}{faster}"
    )


STAGE = Stage(
    "design",
    needs=(rundir.CONVERSION,),
    makes=(rundir.DESIGN,),
    inputs=_inputs,
    work=_work,
    board=True,
    code=("hls", "firmware", "quantize/base_settings.py"),
    uses=("amaranth", "jinja2"),
)
