"""`check_unit`: a hardware unit in Verilator, held against expected numbers and against its own `Timing`."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

import netloom.firmware
from netloom.firmware.emit.library import modules as modules_by_name
from netloom.firmware.emit.library import needed
from netloom.firmware.families import GENERIC, Family
from netloom.firmware.stream import Stream
from netloom.firmware.units.timing import Timing
from netloom.firmware.units.unit import Unit
from netloom.sim.hardware.cell_models import cell_models
from netloom.sim.hardware.verilator import FLOWING, CompiledModule, Result, Stalls, StreamPort, build

RTL_FOLDER = Path(netloom.firmware.__file__).parent / "rtl"
STALL_SEEDS = (1, 2, 3)
_LIMIT = 1_000_000


def library(*modules: str, family: Family = GENERIC) -> dict[str, str]:
    """Modules of a family's library, with all that they need."""
    texts = {f"{name}.sv": modules_by_name(family)[name] for name in modules}
    return needed(texts.values(), family) | texts


def build_unit(unit: Unit) -> CompiledModule:
    """The unit, compiled, with models of the vendors' cells."""
    made = unit.sources()
    files = needed(made.values(), unit.target) | made if made else library(unit.module, family=unit.target)
    return build(
        files | cell_models(files) | unit.memories(),
        unit.name if made else unit.module,
        [StreamPort(f"{port}_", stream.width) for port, stream in zip(unit.input_ports, unit.inputs, strict=True)],
        [StreamPort(f"{port}_", stream.width) for port, stream in zip(unit.output_ports, unit.outputs, strict=True)],
        parameters=unit.parameters(),
    )


def patterns(seeds: Sequence[int]) -> list[Stalls]:
    """No stalls, then for every seed a pattern: both sides, slow source, slow sink, long pauses."""
    shapes = [(0.3, 0.3, 1), (0.7, 0.05, 1), (0.05, 0.7, 1), (0.4, 0.4, 9)]
    return [FLOWING, *(Stalls(seed, *shapes[index % len(shapes)]) for index, seed in enumerate(seeds))]


def check_unit(
    unit: Unit,
    inputs: Sequence[np.ndarray],
    expected: Sequence[np.ndarray],
    seeds: Sequence[int] = STALL_SEEDS,
    *,
    timing: bool = True,
) -> list[Result]:
    """Simulate a unit without and with stalls; outputs must equal, and clock cycles be those of its timing model.

    Args:
        unit: to check; compiled at the first call (and kept, see `netloom.sim.hardware.verilator`).
        inputs: raws for every input: int64 (samples, elements).
        expected: raws of every output: int64 (samples, elements).
        seeds: of the stall patterns.
        timing: compare with `unit.timing()`.

    Returns:
        What the simulation gave, for every pattern; the first is without stalls.
    """
    simulation = build_unit(unit)
    words = [stream.pack(_raws(raws, stream)) for stream, raws in zip(unit.inputs, inputs, strict=True)]
    wanted = [_raws(raws, stream) for stream, raws in zip(unit.outputs, expected, strict=True)]
    beats = [raws.size // stream.lanes for stream, raws in zip(unit.outputs, wanted, strict=True)]
    results = []
    for stalls in patterns(seeds):
        result = simulation.run(words, beats, stalls)
        for stream, raws, given in zip(unit.outputs, wanted, result.outputs, strict=True):
            np.testing.assert_array_equal(stream.unpack(given), raws, err_msg=f"{unit.name}: {stream.name}, {stalls}")
        if timing:
            compare_timing(unit, result, [len(array) for array in words], beats, stalls)
        results.append(result)
    return results


def compare_timing(unit: Unit, result: Result, offered: Sequence[int], expected: Sequence[int], stalls: Stalls) -> None:
    """Every transfer of a simulation must happen in the cycle the timing model says."""
    taken, given = replay(unit.timing(), offered, expected, stalls)
    for port, model, real in zip(unit.input_ports, taken, result.taken, strict=True):
        np.testing.assert_array_equal(model, real, err_msg=f"{unit.name}: timing model (x), port {port}, {stalls}")
    for port, model, real in zip(unit.output_ports, given, result.given, strict=True):
        np.testing.assert_array_equal(model, real, err_msg=f"{unit.name}: timing model (x), port {port}, {stalls}")


def replay(
    timing: Timing, offered: Sequence[int], expected: Sequence[int], stalls: Stalls
) -> tuple[list[list[int]], list[list[int]]]:
    """Drive a timing model as the simulation drives the module.

    Args:
        timing: fresh from reset.
        offered: beats offered to every input.
        expected: beats expected of every output.
        stalls: the pattern.

    Returns:
        The cycle of every beat's transfer, for every input and for every output.
    """
    taken: list[list[int]] = [[] for _ in offered]
    given: list[list[int]] = [[] for _ in expected]
    offers = [False] * len(offered)
    cycle, block = 0, 0
    pauses: list[np.ndarray] = []
    blocks: list[np.ndarray] = []
    while any(len(a) < n for a, n in zip([*taken, *given], [*offered, *expected], strict=True)):
        if cycle >= block:
            block = 2 * block + 1024
            assert block < _LIMIT, f"the timing model is stuck: took {[*map(len, taken)]}, gave {[*map(len, given)]}"
            pauses = [stalls.input_pauses(port, block) for port in range(len(offered))]
            blocks = [stalls.output_pauses(port, block) for port in range(len(expected))]
        for port, count in enumerate(offered):
            offers[port] = offers[port] or (len(taken[port]) < count and not pauses[port][cycle])
        wanted = [not blocks[port][cycle] for port in range(len(expected))]
        valid = timing.valid()
        ready = timing.ready(offers, wanted)
        moved_in = [a and b for a, b in zip(offers, ready, strict=True)]
        moved_out = [a and b for a, b in zip(valid, wanted, strict=True)]
        timing.clock(moved_in, moved_out)
        for port, moved in enumerate(moved_in):
            if moved:
                taken[port].append(cycle)
                offers[port] = False
        for port, moved in enumerate(moved_out):
            if moved:
                given[port].append(cycle)
        cycle += 1
    return taken, given


def _raws(raws: np.ndarray, stream: Stream) -> np.ndarray:
    """As (samples, elements of the stream): several samples may come as one row."""
    return np.asarray(raws).reshape(-1, stream.beats * stream.lanes)
