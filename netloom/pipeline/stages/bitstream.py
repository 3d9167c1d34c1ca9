"""Place, route and pack for the board."""

from pathlib import Path

from netloom.firmware.board.boards import find_board
from netloom.firmware.build.bitstream import Build, BuildSettings, build
from netloom.firmware.build.synthesis import Netlist, Shown, silent
from netloom.firmware.build.tools import find_tool
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.pipeline import rundir
from netloom.pipeline.stage import Job, Stage
from netloom.pipeline.stages.synthesize import load_netlist
from netloom.settings import HardwareSettings


def _inputs(job: Job) -> dict[str, object]:
    family = find_board(job.hardware.board).device.family
    return {
        "board": job.hardware.board,
        "clock": job.hardware.clock,
        "seeds": job.hardware.seeds,
        "tools": [find_tool(name).origin for name in ("yosys", family.place, family.pack)] if family else [],
    }


def _work(job: Job, out: Path) -> None:
    design = EmittedDesign.read(job.directory / rundir.DESIGN)
    netlist = load_netlist(job.directory / rundir.NETLIST, design.top)
    make_bitstream(design, job.hardware, out, netlist, job.progress.doing)


def make_bitstream(
    design: EmittedDesign,
    settings: HardwareSettings,
    out: Path,
    netlist: Netlist | None = None,
    on_line: Shown = silent,
) -> Build:
    """Place, route and pack for the board; makes `bitstream/`. A missed clock is no failure: the result says so.

    Args:
        design: what to build.
        settings: board, clock, seeds.
        out: where it is made.
        netlist: the network's; synthesized if None.
        on_line: told each line of the tools.

    Raises:
        FoldingError: if the design does not fit after all.
        SettingsError: for a clock that cannot be had.
        ToolMissingError, ToolFailedError: of the tools; their logs are then in `bitstream-failed`.
    """
    return build(
        design,
        find_board(settings.board),
        out / rundir.BITSTREAM,
        BuildSettings(clock_mhz=settings.clock, seeds=settings.seeds),
        netlist=netlist,
        on_line=on_line,
    )


STAGE = Stage(
    "bitstream",
    needs=(rundir.DESIGN, rundir.NETLIST),
    makes=(rundir.BITSTREAM,),
    inputs=_inputs,
    work=_work,
    board=True,
    logs=("bitstream-failed",),
    code=("firmware",),
)
