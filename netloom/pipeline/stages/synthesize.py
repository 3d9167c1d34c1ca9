"""Synthesize the network alone."""

import json
from pathlib import Path

from netloom.common.files import write_text
from netloom.common.reading import read_json
from netloom.errors import StorageError
from netloom.firmware.board.boards import find_board
from netloom.firmware.build.bitstream import family_of
from netloom.firmware.build.build_file import NetlistFile, SynthesisFile
from netloom.firmware.build.synthesis import Netlist, count_cells, synthesize
from netloom.firmware.build.tools import find_tool
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.pipeline import rundir
from netloom.pipeline.stage import Job, Stage

_SYNTHESIS_FILE = "synthesis.json"


def _work(job: Job, out: Path) -> None:
    """Makes `netlist/`, which is simulated and goes into the bitstream."""
    design = EmittedDesign.read(job.at(rundir.DESIGN))
    netlist = synthesize(
        design.folder,
        design.files,
        design.memories,
        design.top,
        family_of(design, find_board(job.hardware.board)),
        out / rundir.NETLIST,
        on_line=job.progress.doing,
        store=job.steps,
    )
    kept = {"seconds": netlist.seconds, "version": netlist.version}
    write_text(out / rundir.NETLIST / _SYNTHESIS_FILE, json.dumps(kept) + "\n")


def load_netlist(folder: Path, top: str) -> Netlist:
    """What the stage kept of its synthesis.

    Raises:
        StorageError: if it is missing or damaged.
    """
    advice = "the same netloom run synthesizes again"
    kept = read_json(folder / _SYNTHESIS_FILE, SynthesisFile, advice)
    modules = read_json(folder / f"{top}.json", NetlistFile, advice).modules
    if top not in modules:
        raise StorageError(f"{folder / top}.json has no module {top!r}; {advice}")
    cells = {name: {"type": cell.type} for name, cell in modules[top].cells.items()}
    return Netlist(folder, top, count_cells(cells), kept.seconds, kept.version)


STAGE = Stage(
    "synthesize",
    needs=(rundir.DESIGN,),
    makes=(rundir.NETLIST,),
    inputs=lambda job: {"device": find_board(job.hardware.board).device.name, "tool": find_tool("yosys").origin},
    work=_work,
    board=True,
    logs=("network-failed.log",),
    code=("firmware", "hls/dataflow"),
    uses=("amaranth", "amaranth-boards", "jinja2"),
)
