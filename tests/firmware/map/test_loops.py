"""Designs with loops over steps: exact in Verilator, clock by clock as counted; loops without a register refused."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from designs import simulated
from loops import STATE, Accumulator, DesignTiming, X

from netloom.errors import DeadlockError, ToolFailedError
from netloom.firmware.emit.emit import emit
from netloom.firmware.families import ECP5
from netloom.firmware.map.cycles import cycles
from netloom.firmware.map.cycles.compiled_cycles import CompiledRun
from netloom.firmware.map.cycles.cycles import Cycles, count_cycles
from netloom.firmware.units.elements.cast import CastUnit
from netloom.firmware.units.streams.stream_fifo import StreamFifo
from netloom.testing.unit_bench import patterns, replay

SAMPLES = 7

LOOPS = {
    "a step": Accumulator(1, 3),
    "two steps of a beat": Accumulator(2),
    "last of three": Accumulator(3, 4, 2),
    "all of three": Accumulator(3, 4, 2, every=True),
    "last of twenty": Accumulator(20, 3),
    "all of twenty": Accumulator(20, 1, 3, every=True),
    "more beats than the loop has stages": Accumulator(4, 30, every=True),
    "block RAM": Accumulator(3, 100, 4, target=ECP5),
}


@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS)
def test_loop_is_exact_and_every_beat_comes_when_counted(loop):
    design = loop.design()
    counted = count_cycles(design)
    simulation = simulated(emit(design, counted, {}, "test"), design)
    x = np.random.default_rng(0).integers(X.raw_min, X.raw_max + 1, (SAMPLES, loop.steps * loop.elements))
    (entry,), (exit_,) = design.inputs, design.outputs
    words, beats = [entry.stream.pack(x)], [SAMPLES * exit_.stream.beats]
    for stalls in patterns((1, 2, 3)):
        result = simulation.run(words, beats, stalls)
        given = result.outputs[0]
        np.testing.assert_array_equal(exit_.stream.unpack(given), loop.states(x), err_msg=str(stalls))
        last = np.flatnonzero(given[:, exit_.stream.bytes])
        np.testing.assert_array_equal(last, np.arange(1, SAMPLES + 1) * exit_.stream.beats - 1, err_msg="tlast")
        taken, expected = replay(DesignTiming(design), [len(words[0])], beats, stalls)
        np.testing.assert_array_equal(result.taken[0], taken[0], err_msg=str(stalls))
        np.testing.assert_array_equal(result.given[0], expected[0], err_msg=str(stalls))
        if stalls.input_pauses(0, 1000).any():
            continue
        ends = result.given[0][exit_.stream.beats - 1 :: exit_.stream.beats]
        assert ends[0] - result.taken[0][0] == counted.latency
        assert [later - end for end, later in pairwise(ends[-3:])] == [counted.interval] * 2


@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS)
def test_compiled_code_counts_loops_as_python_does(loop, monkeypatch):
    design = loop.design()
    monkeypatch.setattr(cycles, "_COMPILED_FROM", math.inf)
    interpreted = count_cycles(design)
    monkeypatch.setattr(cycles, "_COMPILED_FROM", 0)
    assert CompiledRun.of(design) is not None
    assert count_cycles(design) == interpreted


@pytest.mark.parametrize("steps", [1, 5, 40])
def test_a_body_works_once_a_step(steps):
    """The bound of the interval counts all steps; so does what the design says of itself."""
    narrow, wide = Accumulator(steps).design(), Accumulator(steps, 50).design()
    assert (narrow.interval_bound, wide.interval_bound) == (steps, 50 * steps)
    assert (
        wide.streams["loop_cast_out"].beats == 50 * steps == wide.intervals["loop_cast"] == wide.intervals["loop_last"]
    )
    assert wide.streams["loop_last_out"].beats == 50
    # With enough beats on the way a loop's latency costs nothing; with one it is paid every step but the last one.
    assert count_cycles(wide).interval == 50 * steps
    assert count_cycles(narrow).interval == 4 * (steps - 1) + 1


def with_state(design, unit):
    """The design with another unit in place of its state, made from that one's source."""
    return replace(design, units=(*design.units[:3], unit(design.units[3].source), *design.units[4:]))


def test_a_loop_without_a_register_is_refused_by_name():
    design = with_state(Accumulator(3).design(), lambda back: CastUnit("loop_state", back, STATE))
    with pytest.raises(DeadlockError, match=r"without a register, through (loop_\w+ -> ){4}loop_") as raised:
        count_cycles(design)
    assert all(f"{unit.name} -> " in str(raised.value) for unit in design.units[:4])
    with pytest.raises(ToolFailedError, match="UNOPTFLAT"):
        simulated(emit(design, Cycles(1, 1, {}), {}, "test"), design)


def test_a_loop_that_nothing_begins_stops_and_is_refused(monkeypatch):
    design = with_state(Accumulator(3).design(), lambda back: StreamFifo("loop_state", back, 2))
    for limit in (math.inf, 0):
        monkeypatch.setattr(cycles, "_COMPILED_FROM", limit)
        with pytest.raises(DeadlockError, match=r"stops after 0 clock cycles: nobody takes from x$"):
            count_cycles(design)
