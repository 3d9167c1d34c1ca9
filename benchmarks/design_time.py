"""Time of the design stage on the four architectures of MLPerf Tiny, at any pace, on boards small and large.

    python benchmarks/design_time.py [NAME ...]

Each is to end in a design or a refusal within 60 s on two cores.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support" / "models"))

from mlperf_tiny import MLPERF_TINY, converted

from netloom.errors import FoldingError
from netloom.firmware.board.boards import find_board
from netloom.firmware.generate import generate_design
from netloom.firmware.map.folding.folding import intervals
from netloom.hls.dataflow import Dataflow

BOARDS = ("iCEBreaker", "ULX3S-25F", "ULX3S-85F", "Genesys-2")
TARGET_SECONDS = 60


def answer(dataflow: Dataflow, board: str, interval: int | None) -> str:
    """What comes of it, in words."""
    try:
        found = generate_design(dataflow, device=find_board(board).device, interval=interval)
    except FoldingError:
        return "refused"
    return f"{found.cycles.interval:,} cycles, latency {found.cycles.latency:,}, {found.area.lut:,} LUT"


def main() -> int:
    """Print the table; 1 if any case takes too long."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MLPERF_TINY)}; all unless given")
    table = Table("network", "board", "interval asked", "seconds", "answer", box=MARKDOWN)
    worst = 0.0
    for name in parser.parse_args().names or MLPERF_TINY:
        with tempfile.TemporaryDirectory() as folder:
            dataflow = converted(name, Path(folder) / "firmware").dataflow
        paces = intervals(dataflow)
        for board in BOARDS:
            for interval in (None, paces[0], paces[len(paces) // 2], paces[-1]):
                began = time.perf_counter()
                found = answer(dataflow, board, interval)
                seconds = time.perf_counter() - began
                worst = max(worst, seconds)
                table.add_row(name, board, f"{interval:,}" if interval else "none", f"{seconds:.1f}", found)
                print(name, board, interval, f"{seconds:.1f} s: {found}", file=sys.stderr, flush=True)
    Console(width=140).print(table)
    print(f"the longest took {worst:.1f} s")
    return int(worst > TARGET_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
