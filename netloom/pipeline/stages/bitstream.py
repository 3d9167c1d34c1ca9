"""Place, route and pack for the board."""

from pathlib import Path

from netloom.firmware.board.boards import find_board
from netloom.firmware.build.bitstream import BuildSettings, make_bitstream
from netloom.firmware.build.tools import find_tool
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.pipeline import rundir
from netloom.pipeline.stage import Job, Stage
from netloom.pipeline.stages.synthesize import load_netlist


def _inputs(job: Job) -> dict[str, object]:
    family = find_board(job.hardware.board).device.family
    return {
        "board": job.hardware.board,
        "clock": job.hardware.clock,
        "seeds": job.hardware.seeds,
        "tools": [find_tool(name).origin for name in ("yosys", family.place, family.pack)] if family else [],
    }


def _work(job: Job, out: Path) -> None:
    """Makes `bitstream/`. A missed clock is no failure: the result says so."""
    design = EmittedDesign.read(job.at(rundir.DESIGN))
    make_bitstream(
        design,
        load_netlist(job.at(rundir.NETLIST), design.top),
        find_board(job.hardware.board),
        out / rundir.BITSTREAM,
        BuildSettings(clock_mhz=job.hardware.clock, seeds=job.hardware.seeds),
        on_line=job.progress.doing,
        store=job.steps,
    )


STAGE = Stage(
    "bitstream",
    needs=(rundir.DESIGN, rundir.NETLIST),
    makes=(rundir.BITSTREAM,),
    inputs=_inputs,
    work=_work,
    board=True,
    logs=("bitstream-failed",),
    code=("firmware", "hls/dataflow", "netloom/pipeline/stages/synthesize.py"),
    uses=("amaranth", "amaranth-boards", "jinja2"),
)
