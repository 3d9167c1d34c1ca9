"""nextpnr's placers on one network: how long the wires become, which clock is possible, and the time it takes.

    python benchmarks/placement.py runs/deep [--placers static heap] [--minutes N]

The run must have its netlist (`netloom run NAME --board BOARD --until synthesize`). Each placer has one seed; a tool
that is not through after `--minutes` is stopped, and the row says so.
"""

import argparse
import re
import tempfile
from pathlib import Path

from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from netloom.errors import ToolFailedError
from netloom.firmware.board.boards import find_board
from netloom.firmware.build.bitstream import BuildSettings, make_bitstream
from netloom.firmware.build.synthesis import Netlist
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.pipeline import rundir
from netloom.pipeline.stages.synthesize import load_netlist
from netloom.pipeline.state import RunState
from netloom.settings import RunSettings

_LENGTH = re.compile(r"wirelen = (\d+)")


def row(placer: str, run: Path, board: str, settings: BuildSettings) -> tuple[str, ...]:
    """One placer's figures, as text."""
    design = EmittedDesign.read(run / rundir.DESIGN)
    netlist: Netlist = load_netlist(run / rundir.NETLIST, design.top)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        try:
            built = make_bitstream(design, netlist, find_board(board), out, settings)
        except ToolFailedError as error:
            logs, ended = out.with_name("out-failed"), ("-", str(error).split(";")[0])
        else:
            logs = out / "logs"
            ended = (f"{built.report['timing']['fmax_mhz']:.0f}", f"{built.report['seconds']['place_route']:.0f}")
        lengths = [int(found) for log in logs.glob("place-*.log") for found in _LENGTH.findall(log.read_text())]
        return placer, f"{lengths[-1]:,}" if lengths else "-", *ended


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--placers", nargs="+", default=["static", "heap"])
    parser.add_argument("--minutes", type=float, default=20.0)
    options = parser.parse_args()
    state = RunState.read(options.run)
    asked = RunSettings.model_validate(state.settings).hardware if state else None
    if asked is None:
        parser.error(f"{options.run} was run without a board")
    table = Table("placer", "wire length, tiles", "possible MHz", "seconds to place and route", box=MARKDOWN)
    for placer in options.placers:
        settings = BuildSettings(clock_mhz=asked.clock, seeds=(1,), placers=(placer,), timeout=options.minutes * 60)
        table.add_row(*row(placer, options.run, asked.board, settings))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
