"""Speed of the RTL simulation: clock cycles and samples a second, and how long the model takes to compile.

    python benchmarks/rtl_simulation.py [--samples N] [NETWORK ...]

Networks of the registry, untrained, at the widths they come with, folded for their boards. Both engines must give the
same numbers, and the clock cycles counted must be those predicted: the script fails on the first difference. Compiling
does not include Verilator's runtime, which is compiled once on a machine and has a line of its own. Beside it the
C-simulation: its compile time, and its samples a second on the same inputs.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from netloom.firmware.board.boards import find_board
from netloom.firmware.generate import generate_design
from netloom.hls import Conversion, HlsSettings, convert
from netloom.models import get_network
from netloom.quantize import Policy, quantize
from netloom.sim import open_engine
from netloom.sim.hardware.rtl import RtlEngine
from netloom.sim.hardware.verilator_tool import runtime, verilator

BOARDS = {"digits": "ULX3S-25F", "jets": "ULX3S-25F", "lenet": "ULX3S-85F"}
WARM_UP = 100


def measure(name: str, samples: int, folder: Path, cache: Path) -> list[str]:
    """The figures of one network, as a row of the table."""
    network = get_network(name)
    model = network.build()
    x = np.random.default_rng(0).random((samples, *model.input_shape[1:]), dtype=np.float32)
    twin = quantize(model, Policy.uniform(network.bits), x[:1000], fine_tune_epochs=0)
    conversion = Conversion.load(convert(twin, HlsSettings(), folder / name).directory)
    board = find_board(BOARDS[name])
    generated = generate_design(conversion.dataflow, device=board.device, title=name)
    design = folder / f"{name}-design"
    design.mkdir()
    generated.write(design)

    with RtlEngine(design, cache=cache) as rtl:
        compile_rtl = rtl.speed.compile_seconds
        measured = rtl.count_cycles()
        predicted = generated.cycles
        if (measured.latency, measured.interval) != (predicted.latency, predicted.interval):
            sys.exit(f"{name}: counted {measured}, predicted {predicted.latency} and {predicted.interval}")
        before = rtl.speed.cycles, rtl.speed.seconds
        outputs = rtl.predict(x)
        cycles, seconds = rtl.speed.cycles - before[0], rtl.speed.seconds - before[1]
    with open_engine("fixed", conversion=conversion) as fixed:
        if not np.array_equal(fixed.predict(x), outputs):
            sys.exit(f"{name}: fixed and rtl differ; there is nothing to time")
    start = time.perf_counter()
    with open_engine("csim", conversion=conversion) as csim:
        compile_csim = time.perf_counter() - start
        csim.predict(x[:WARM_UP])
        start = time.perf_counter()
        csim.predict(x)
        csim_seconds = time.perf_counter() - start
    return [
        name,
        board.name,
        f"{measured.latency:,}",
        f"{measured.interval:,}",
        f"{compile_rtl:.1f} s",
        f"{cycles / seconds:,.0f}",
        f"{samples / seconds:,.0f}",
        f"{compile_csim:.1f} s",
        f"{samples / csim_seconds:,.0f}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=f"of {', '.join(BOARDS)}; all unless given")
    parser.add_argument("--samples", type=int, default=1000, help="inferences (default 1,000)")
    options = parser.parse_args()
    if unknown := set(options.networks) - set(BOARDS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    table = Table(
        "network",
        "folded for",
        "latency",
        "interval",
        "compile rtl",
        "clock cycles/s",
        "samples/s",
        "compile csim",
        "csim, samples/s",
        caption=f"{options.samples:,} samples back to back, 0 mismatches; cycles counted are those predicted",
    )
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        start = time.perf_counter()
        runtime(verilator(), folder / "models")
        print(f"Verilator's runtime, compiled once on a machine: {time.perf_counter() - start:.1f} s")
        for name in options.networks or BOARDS:
            table.add_row(*measure(name, options.samples, folder, folder / "models"))
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
