"""The registry's networks as hardware: clock, interval, latency, area, and the time it takes to get there.

    python benchmarks/hardware.py [CASE ...] [--runs DIR]

Every case is one `netloom run`, resumed where it was begun before. A figure is what the run's report says: cycles are
those that Verilator counted (and must be those predicted), the clock and the area are the router's. The script fails if
an engine differs in a single element, a prediction is off, timing is missed, or a target below is not reached.
"""

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from netloom.pipeline.run import run
from netloom.progress import Progress
from netloom.report.schema import HardwareRecord, ProductRecord, Report
from netloom.settings import HardwareSettings, RunSettings

_TO_BITSTREAM = ("design", "synthesize", "bitstream")
_SIMULATED = ("rtl", "netlist")


@dataclass(frozen=True)
class Case:
    """A network on a board, and what it must reach.

    `clock_mhz` is asked for; `interval` in clock cycles and `latency_us` are at most, `samples_per_second` at least.
    """

    network: str
    board: str
    clock_mhz: float
    target_ii: int | None
    interval: int | None = None
    latency_us: float | None = None
    samples_per_second: float | None = None
    busy: float = 0.0


CASES = {
    "digits": Case("digits", "ULX3S-25F", 80, 128),
    "digits-up5k": Case("digits", "iCEBreaker", 36, None),
    "jets": Case("jets", "ULX3S-25F", 100, 32, interval=48, latency_us=3, busy=0.9),
    "jets-fast": Case("jets", "ULX3S-25F", 100, 16, interval=16, latency_us=3, busy=0.9),
    "lenet": Case("lenet", "ULX3S-85F", 80, 1024, samples_per_second=40_000, busy=0.9),
}


def hardware(name: str, case: Case, runs: Path) -> tuple[Report, HardwareRecord]:
    """Run a case; gives its report and the part on hardware."""
    board = HardwareSettings(board=case.board, clock_mhz=case.clock_mhz, target_ii=case.target_ii)
    settings = RunSettings(hardware=board)
    report = run(case.network, settings=settings, directory=runs / name, progress=Progress()).report
    assert report.hardware is not None
    return report, report.hardware


def widest_layer(found: HardwareRecord) -> ProductRecord:
    """The one with the most multipliers; constants are none, unless there is nothing else."""
    return max(found.products, key=lambda product: (not product.unrolled, product.multipliers))


def faults(case: Case, report: Report, found: HardwareRecord) -> list[str]:
    """What is not as it must be."""
    widest = widest_layer(found)
    checks = {
        "an engine differs": any(
            f.mismatches or f.layer_mismatches for f in report.fidelity if "float" not in f.engines
        ),
        "latency is not as predicted": found.latency != found.predicted_latency,
        "interval is not as predicted": found.interval != found.predicted_interval,
        "timing is missed": not found.timing_met,
        "interval": case.interval is not None and found.interval > case.interval,
        "latency": case.latency_us is not None and found.latency_microseconds > case.latency_us,
        "samples a second": found.samples_per_second < (case.samples_per_second or 0),
        "the widest layer's multipliers are idle": widest.utilization < case.busy,
    }
    return [what for what, wrong in checks.items() if wrong]


def figures(report: Report, found: HardwareRecord) -> dict[str, str]:
    """What the table says of a case."""
    area = {resource.name: resource for resource in found.resources}
    rtl = next(one for one in found.runs if one.engine == "rtl")
    widest = widest_layer(found)
    speed = rtl.cycles / max(rtl.seconds, 1e-9)
    lut = area["LUT"]
    network = lut.network or lut.used
    differing = sum(f.mismatches for f in report.fidelity if "float" not in f.engines)
    return {
        "board": found.board,
        "clock: asked, possible": f"{found.clock_mhz:.0f}, {found.clock_limit_mhz:.1f} MHz",
        "interval": f"{found.interval:,} cycles",
        "latency": f"{found.latency:,} cycles, {found.latency_microseconds:.2f} us",
        "samples a second": f"{found.samples_per_second:,.0f}",
        "multipliers": f"{found.multipliers:,}",
        "widest layer busy": f"{widest.utilization:.1%}",
        "LUT: estimated, network": f"{lut.estimated:,}, {network:,} ({lut.estimated / network - 1:+.1%})",
        "LUT: all": f"{lut.used:,} of {lut.available:,}",
        "DSP": f"{area['DSP'].used} of {area['DSP'].available}",
        "block RAM": f"{area['BRAM'].used} of {area['BRAM'].available}",
        "rtl": f"{rtl.samples:,} samples",
        "rtl, speed": f"{speed:,.0f} cycles, {speed / found.interval:,.0f} samples a second",
        "rtl, compiled in": f"{rtl.compile_seconds:.0f} s",
        "outputs that differ": f"{differing:,}",
        "model to bitstream": f"{sum(s.seconds for s in report.stages if s.name in _TO_BITSTREAM):.0f} s",
        "simulations beside it": f"{sum(s.seconds for s in report.stages if s.name in _SIMULATED):.0f} s",
    }


def main() -> int:
    """Run the cases and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}; all of them unless given")
    parser.add_argument("--runs", type=Path, default=Path(os.environ.get("NETLOOM_RUNS") or "runs") / "hardware")
    arguments = parser.parse_args()
    if unknown := set(arguments.cases) - set(CASES):
        parser.error(f"there is no case {', '.join(sorted(unknown))}; cases are {', '.join(CASES)}")
    columns, failed = {}, []
    for name in arguments.cases or CASES:
        case = CASES[name]
        report, found = hardware(name, case, arguments.runs)
        columns[name] = figures(report, found)
        failed += [f"{name}: {fault}" for fault in faults(case, report, found)]
    table = Table("", *columns, title="Networks as hardware", box=MARKDOWN)
    for what in next(iter(columns.values())):
        table.add_row(what, *(column[what] for column in columns.values()))
    Console(width=40 + 24 * len(columns)).print(table)
    for line in failed:
        print(line, file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
