"""What simulating a netlist costs: CPU seconds of compiling it and of 20 samples, beside those of the plain way.

    python benchmarks/netlist_simulation.py [--repeat N] [--samples N] RUN ...

RUN is the directory of a run that has synthesized: `netloom run jets --board ULX3S-25F --until synthesize`. The plain
way gives Verilator the netlist as Yosys wrote it, with a model of its cell in every instance, and compiles at the level
of RTL: `netlist` as it was at first. Both are compiled in turn, in the same minutes on the same machine, from nothing
but Verilator's own runtime, and must give the same outputs. CPU seconds are of all processes: Python on the text,
Verilator, the C++ compiler. Synthesis, which the bitstream needs anyway, is none of it.
"""

import argparse
import resource
import statistics
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from rich.console import Console
from rich.table import Table

from netloom.firmware.emit.emitted import EmittedDesign
from netloom.firmware.families import find_family
from netloom.pipeline import rundir
from netloom.sim.hardware.netlist import NetlistEngine, models
from netloom.sim.hardware.stream_engine import StreamEngine, stream_inputs, stream_outputs
from netloom.sim.hardware.verilator import build
from netloom.sim.hardware.verilator_tool import runtime, verilator

T = TypeVar("T")


def cpu_seconds(work: Callable[[], T]) -> tuple[T, float]:
    """What `work` gives, and the CPU seconds that it took, here and in other processes."""
    before = _used()
    made = work()
    return made, _used() - before


def _used() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def plain(design: EmittedDesign, netlist: Path, cache: Path) -> StreamEngine:
    """A netlist as Yosys wrote it, simulated as any other module."""
    text = netlist.read_text(encoding="utf-8")
    sources = {"netlist.v": text, **models(text, find_family(design.target))}
    streams = stream_inputs(design), stream_outputs(design)
    return StreamEngine("netlist", design, build(sources, design.top, *streams, cache=cache, lint=False))


def netloom(design: EmittedDesign, netlist: Path, cache: Path) -> StreamEngine:
    """The engine `netlist`."""
    return NetlistEngine(design, netlist, cache=cache)


def measure(run: Path, samples: int, repeat: int) -> list[list[str]]:
    """The figures of one run, as rows of the table."""
    design = EmittedDesign.read(run / rundir.DESIGN)
    netlist = run / rundir.NETLIST / f"{design.top}.v"
    rng = np.random.default_rng(0)
    inputs = {port.name: rng.standard_normal((samples, *port.shape)) for port in design.inputs}
    ways = {"plain": plain, "netloom": netloom}
    compiling: dict[str, list[float]] = {name: [] for name in ways}
    running: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeat):
        outputs = []
        for name, way in ways.items():
            with tempfile.TemporaryDirectory() as folder:
                cache = Path(folder)
                runtime(verilator(), cache)
                engine, seconds = cpu_seconds(partial(way, design, netlist, cache))
                compiling[name].append(seconds)
                given, seconds = cpu_seconds(partial(engine.exact, inputs))
                running[name].append(seconds)
                outputs.append(given)
        if not all(np.array_equal(first, second) for first, second in zip(*outputs, strict=True)):
            sys.exit(f"{run}: the two ways give different outputs; there is nothing to time")
    rows = []
    for name in ways:
        both = [[sum(pair) for pair in zip(compiling[way], running[way], strict=True)] for way in (name, "plain")]
        rows.append(
            [
                f"{design.name}, {name}",
                f"{statistics.median(compiling[name]):.1f}",
                _ratio(compiling[name], compiling["plain"]),
                f"{statistics.median(running[name]):.2f}",
                _ratio(*both),
            ]
        )
    return rows


def _ratio(own: list[float], plain_ones: list[float]) -> str:
    """Of pairs that were measured together: the median."""
    return f"{statistics.median(one / other for one, other in zip(own, plain_ones, strict=True)):.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run directories that have a netlist")
    parser.add_argument("--samples", type=int, default=20, help="inferences (default 20, as `netloom run` simulates)")
    parser.add_argument("--repeat", type=int, default=1, help="times that both ways are compiled (default 1)")
    options = parser.parse_args()
    table = Table(
        "netlist",
        "compiling, CPU s",
        "of plain",
        f"{options.samples} samples, CPU s",
        "both, of plain",
        caption=f"medians of {options.repeat}; outputs equal",
    )
    for run in options.runs:
        for row in measure(run, options.samples, options.repeat):
            table.add_row(*row)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
