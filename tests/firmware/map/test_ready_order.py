"""Which units cut a loop: what they declare, held against what their `ready` does; and the order that follows."""

import math
from dataclasses import replace

import numpy as np
import pytest
from dataflows import DATAFLOWS
from loops import Accumulator

from netloom.firmware.families import GENERIC
from netloom.firmware.map.cycles import cycles
from netloom.firmware.map.cycles.cycle_run import ready_order
from netloom.firmware.map.cycles.cycles import count_cycles
from netloom.firmware.map.folding.folding import fold_for_interval, intervals
from netloom.firmware.map.layout import lay_out


def designs():
    """Fast and slow ones, with units of all kinds, and a loop."""
    yield Accumulator(3, 2).design()
    for build in DATAFLOWS.values():
        dataflow = build()
        for interval in (intervals(dataflow)[0], intervals(dataflow)[-1]):
            yield lay_out(dataflow, fold_for_interval(dataflow, interval), GENERIC)


def follows_outputs(unit, rng):
    """Whether `ready` was seen to follow that of an output, in many states."""
    timing, seen = unit.timing(), False
    for _ in range(400):
        offered = [rng.random() < 0.8 for _ in unit.inputs]
        accepted = [rng.random() < 0.3 for _ in unit.outputs]
        valid, ready = timing.valid(), timing.ready(offered, accepted)
        seen |= timing.ready(offered, [True] * len(accepted)) != timing.ready(offered, [False] * len(accepted))
        timing.clock(
            [a and b for a, b in zip(offered, ready, strict=True)],
            [a and b for a, b in zip(valid, accepted, strict=True)],
        )
    return seen


def test_units_declare_whether_their_ready_is_registered():
    rng, seen = np.random.default_rng(0), {}
    for design in designs():
        for unit in design.units:
            timing = unit.timing()
            seen[type(timing)] = seen.get(type(timing), False) | follows_outputs(unit, rng)
    assert len(seen) >= 13
    for kind, follows in seen.items():
        assert kind.ready_is_registered != follows, kind.__name__


def test_a_unit_comes_before_those_it_follows():
    for design in designs():
        for units in (design.units, design.units[::-1]):
            timings = [unit.timing() for unit in units]
            order = ready_order(units, timings)
            assert sorted(order) == list(range(len(order)))
            place = {stream.name: at for at, index in enumerate(order) for stream in units[index].inputs}
            for at, index in enumerate(order):
                for stream in units[index].outputs:
                    assert timings[index].ready_is_registered or place.get(stream.name, len(order)) > at


@pytest.mark.parametrize("limit", [math.inf, 0], ids=["python", "compiled"])
def test_units_in_any_order_take_as_many_clock_cycles(limit, monkeypatch):
    monkeypatch.setattr(cycles, "_COMPILED_FROM", limit)
    for design in designs():
        counted = count_cycles(design)
        assert count_cycles(replace(design, units=design.units[::-1])) == counted
