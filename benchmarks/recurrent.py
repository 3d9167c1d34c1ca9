"""Recurrent networks: `fixed` against hls4ml's C-simulation and Keras, and the jet-tagging LSTM as hardware.

    python benchmarks/recurrent.py simulation [--samples N]
    python benchmarks/recurrent.py hardware [--runs DIR] [--target-ii N] [--interleave N]
    python benchmarks/recurrent.py step [--target-ii N]

`simulation` takes one LSTM of 64 units over 100 steps, quantized to 8 bits. All engines compute the same samples, and
the script fails if `fixed` differs from `csim` or the twin. Targets: `fixed` gives at least 100 times the samples a
second of `csim`, and no fewer than Keras's `predict` of the float model does (in batches of 1,024).

`hardware` takes the LSTM of the jet-tagging literature: 20 steps of 6 features, 20 units, a dense layer of 64, five
classes. It is routed for a ULX3S-85F by `netloom run`, untrained, since cycles and area do not depend on the training:
once with one sequence at a time, once with several in turn (`--interleave`). The script fails if an engine differs in a
single element, a prediction is off, timing is missed, or the multipliers of the loop are less than 85 % busy with
several.

`step` counts where the clock cycles of one of its steps go: from the last element of the state that a step reads to the
last one that the next step reads, along the units that are waited for. The first step of a sequence waits for none,
since its state is known: it takes what the multipliers do. The script fails if these do not add up to the interval.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from netloom.firmware.board.boards import find_board
from netloom.firmware.design import Design
from netloom.firmware.generate import generate_design
from netloom.firmware.map.cycles.cycle_run import CycleRun
from netloom.firmware.units.streams.scan_state import ScanState
from netloom.hls import HlsSettings, convert
from netloom.pipeline.run import run
from netloom.progress import Progress
from netloom.quantize import Policy, quantize
from netloom.report.schema import ProductRecord, Report
from netloom.settings import HardwareSettings, RunSettings
from netloom.sim import open_engine

UNITS, STEPS, INPUTS = 64, 100, 16
CSIM_SAMPLES, BATCH, REPEATS = 32, 1024, 3
TARGETS = {"csim": 100.0, "keras": 1.0}
BOARD = "ULX3S-85F"
BUSY = 0.85
"""How much the multipliers of the loop are to work, with sequences enough."""
PUBLISHED = {"static": "1.6 us", "non-static": "1.5 us", "by reuse factor": "1.7 to 12.4 us"}
"""Latency of hls4ml's, with one output instead of five, on a VU9P at 200 MHz: Khoda et al., "Ultra-low latency
recurrent neural network inference on FPGAs for physics applications with hls4ml", arXiv:2207.00559.
"""


def lstm() -> Any:
    """One LSTM and what reads its last step; untrained."""
    import keras

    keras.utils.set_random_seed(0)
    x = keras.Input((STEPS, INPUTS), name="x")
    return keras.Model(x, keras.layers.Dense(10, name="last")(keras.layers.LSTM(UNITS, name="lstm")(x)))


def jets() -> Any:
    """The network of the jet-tagging literature; untrained."""
    import keras

    keras.utils.set_random_seed(0)
    x = keras.Input((20, 6), name="particles")
    hidden = keras.layers.LSTM(20, name="lstm")(x)
    hidden = keras.layers.Dense(64, activation="relu", name="hidden")(hidden)
    return keras.Model(x, keras.layers.Dense(5, name="classes")(hidden))


def rate(compute: Callable[[], Any], samples: int, repeats: int = REPEATS) -> float:
    """Samples a second, the median of several calls."""
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        compute()
        taken.append(time.perf_counter() - start)
    return samples / median(taken)


def simulation(samples: int) -> int:
    """Print the rates; 1 if a target is missed."""
    model = lstm()
    x = np.random.default_rng(0).normal(0, 1, (samples, STEPS, INPUTS)).astype(np.float32)
    twin = quantize(model, Policy(), x[:256], fine_tune_epochs=0)
    rates: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        conversion = convert(twin, HlsSettings(), Path(folder) / "conversion")
        with open_engine("fixed", conversion=conversion) as fixed:
            found = fixed.predict(x)
            rates["fixed"] = rate(lambda: fixed.predict(x), samples)
        with open_engine("csim", conversion=conversion) as csim:
            few = x[:CSIM_SAMPLES]
            if not np.array_equal(csim.predict(few), found[:CSIM_SAMPLES]):
                sys.exit("fixed and csim differ; there is nothing to compare")
            rates["csim"] = rate(lambda: csim.predict(few), CSIM_SAMPLES)
    with open_engine("quantized", model=twin) as quantized:
        if not np.array_equal(quantized.predict(few), found[:CSIM_SAMPLES]):
            sys.exit("fixed and the QKeras model differ; there is nothing to compare")
    model.predict(x[:BATCH], batch_size=BATCH, verbose=0)
    rates["keras"] = rate(lambda: model.predict(x, batch_size=BATCH, verbose=0), samples)
    table = Table("", "samples a second", "fixed is faster", "target", box=MARKDOWN)
    for name, found_rate in rates.items():
        target = f"{TARGETS[name]:g}x" if name in TARGETS else ""
        table.add_row(name, f"{found_rate:,.0f}", f"{rates['fixed'] / found_rate:.1f}x", target)
    title = f"LSTM, {UNITS} units, {STEPS} steps of {INPUTS}"
    table.title = title
    Console(width=100).print(table)
    missed = [name for name, target in TARGETS.items() if rates["fixed"] < target * rates[name]]
    for name in missed:
        print(f"fixed is not {TARGETS[name]:g} times as fast as {name}", file=sys.stderr)
    return bool(missed)


def hardware(runs: Path, target_ii: int, interleave: int) -> int:
    """Route the network twice and print what it takes; 1 if anything is not as it must be."""
    runs.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    x = rng.normal(0, 1, (1200, 20, 6)).astype(np.float32)
    y = rng.integers(0, 5, len(x))
    np.savez(runs / "particles.npz", x_train=x[:1000], x_test=x[1000:], y_train=y[:1000], y_test=y[1000:])
    jets().save(runs / "jets_lstm.keras")
    reports = {}
    for sequences in (1, interleave):
        # One by one a step waits for the one before: with as many multipliers, a sequence takes about twice as long.
        pace = target_ii if sequences > 1 else 2 * target_ii
        hardware = HardwareSettings(board=BOARD, target_ii=pace, interleave=sequences)
        reports[sequences] = run(
            runs / "jets_lstm.keras",
            data=runs / "particles.npz",
            settings=RunSettings(fine_tune_epochs=0, hardware=hardware),
            directory=runs / f"jets_lstm_{sequences}",
            progress=Progress(),
        ).report
    rows = {sequences: _taken(report) for sequences, report in reports.items()}
    table = Table("", *(f"{sequences} in turn" for sequences in rows), box=MARKDOWN, title=f"LSTM of jets, {BOARD}")
    for name in rows[1]:
        table.add_row(name, *(row[name] for row in rows.values()))
    Console(width=160).print(table)
    published = ", ".join(f"{latency} ({mode})" for mode, latency in PUBLISHED.items())
    print(f"latency of hls4ml's, one output instead of five, on a VU9P at 200 MHz: {published}; arXiv:2207.00559")
    wrong = [f"{sequences} in turn: {what}" for sequences, report in reports.items() for what in _wrong(report)]
    if (busy := max(product.utilization for product in _loop(reports[interleave]))) < BUSY:
        wrong.append(f"{interleave} in turn: the multipliers of the loop are only {busy:.1%} busy")
    for what in wrong:
        print(what, file=sys.stderr)
    return bool(wrong)


class Watched(CycleRun):
    """A design at work, and from which clock cycle on each beat of each stream was offered."""

    def __init__(self, design: Design) -> None:
        super().__init__(design, [unit.timing() for unit in design.units])
        self.offered: dict[str, list[int]] = {name: [] for name in self.names}
        self._waiting = [False] * len(self.names)

    def _count(self, moved: list[bool]) -> None:
        for name, index in self.names.items():
            if self._valid[index] and not self._waiting[index]:
                self.offered[name].append(self.time)
            self._waiting[index] = self._valid[index] and not moved[index]
        super()._count(moved)


def waited_for(design: Design, step: int, sequences: int = 3) -> list[tuple[str, str, int]]:
    """Back from a step, what is waited for until it comes to a state again: name, module, clock cycles that each adds.

    Args:
        design: with a loop.
        step: counted over all sequences.
        sequences: to run; the step is in one of them.
    """
    run = Watched(design)
    while len(run.finished) < sequences:
        run.advance(1 << 16)
    makes = {stream.name: unit for unit in design.units for stream in unit.outputs}
    states = [unit for unit in design.units if isinstance(unit, ScanState)]
    behind = {stream.name for unit in states for stream in unit.outputs}
    for unit in design.units * len(design.units):
        if any(stream.name in behind for stream in unit.inputs):
            behind |= {stream.name for stream in unit.outputs}

    def last(stream: Any, number: int) -> int:
        """When the last beat of a step was offered."""
        return run.offered[stream.name][(number + 1) * stream.beats - 1]

    found: list[tuple[str, str, int]] = []
    begun: dict[str, int] = {}
    stream = states[0].outputs[0]
    while (unit := makes[stream.name]).name not in begun:
        before = step
        if isinstance(unit, ScanState):
            begun[unit.name], before = len(found), step - 1
        source = max((one for one in unit.inputs if one.name in behind), key=lambda one: last(one, before))
        found.append((unit.name, unit.module, last(stream, step) - last(source, before)))
        stream, step = source, before
    return found[begun[unit.name] :][::-1]


def step(target_ii: int) -> int:
    """Print where the clock cycles of a step go; 1 if they do not add up."""
    x = np.random.default_rng(0).normal(0, 1, (256, 20, 6)).astype(np.float32)
    twin = quantize(jets(), Policy(), x, fine_tune_epochs=0)
    with tempfile.TemporaryDirectory() as folder:
        dataflow = convert(twin, HlsSettings(), Path(folder) / "conversion").dataflow
    generated = generate_design(dataflow, interval=2 * target_ii, device=find_board(BOARD).device)
    found = waited_for(generated.design, step=30)
    table = Table("unit", "module", "clock cycles", box=MARKDOWN, title=f"A step of the LSTM of jets, {BOARD}")
    for name, module, cycles in found:
        table.add_row(name, module, str(cycles))
    whole = sum(cycles for *_, cycles in found)
    table.add_row("all", "", str(whole))
    Console(width=100).print(table)
    design, interval = generated.design, generated.cycles.interval
    busy = max(unit.inputs[0].beats for unit in design.units if unit.multipliers and unit.name in design.steps)
    print(f"multipliers: {busy} clock cycles a step; a sequence of 20: {interval}, that is 19 x {whole} + {busy}")
    if 19 * whole + busy != interval:
        print("they do not add up", file=sys.stderr)
        return 1
    return 0


def _taken(report: Report) -> dict[str, str]:
    """What a run's hardware is and takes, by what it is."""
    found = report.hardware
    assert found is not None and found.clock_limit_mhz is not None
    area = {resource.name: resource for resource in found.resources}
    return {
        "clock: asked, possible": f"{found.clock_mhz:.0f}, {found.clock_limit_mhz:.1f} MHz",
        "latency": f"{found.latency:,} cycles, {found.latency_microseconds:.2f} us",
        "interval": f"{found.interval:,} cycles, {found.samples_per_second:,.0f} samples a second",
        "multipliers": f"{found.multipliers:,}",
        "busiest in the loop": f"{max(product.utilization for product in _loop(report)):.1%}",
        **{name: f"{area[name].used:,} of {area[name].available:,}" for name in ("LUT", "DSP", "BRAM")},
        "elements that differ": f"{_differing(report):,}",
    }


def _loop(report: Report) -> list[ProductRecord]:
    assert report.hardware is not None
    return [product for product in report.hardware.products if product.layer.startswith("lstm")]


def _differing(report: Report) -> int:
    held = [found for found in report.fidelity if "float" not in found.engines]
    return sum(found.mismatches + (found.layer_mismatches or 0) for found in held)


def _wrong(report: Report) -> list[str]:
    found = report.hardware
    assert found is not None
    wrong = {
        "engines differ": _differing(report) > 0,
        "cycles are not as predicted": (found.latency, found.interval)
        != (found.predicted_latency, found.predicted_interval),
        "the clock is missed": not found.timing_met,
    }
    return [name for name, so in wrong.items() if so]


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("simulation", "hardware", "step"))
    parser.add_argument("--samples", type=int, default=4096)
    parser.add_argument("--runs", type=Path, default=Path(os.environ.get("NETLOOM_RUNS") or "runs") / "recurrent")
    parser.add_argument("--target-ii", type=int, default=800, help="clock cycles a sequence, with several in turn")
    parser.add_argument("--interleave", type=int, default=4, help="sequences in turn")
    options = parser.parse_args()
    if options.what == "simulation":
        return simulation(options.samples)
    if options.what == "step":
        return step(options.target_ii)
    if options.interleave < 2:
        parser.error("--interleave takes 2 sequences or more; one by one is routed beside them")
    return hardware(options.runs, options.target_ii, options.interleave)


if __name__ == "__main__":
    sys.exit(main())
