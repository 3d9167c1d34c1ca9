"""Which units cut a loop: what they declare, held against what their `ready` does; and the order that follows."""

import numpy as np
from dataflows import DATAFLOWS
from loops import Accumulator

from netloom.firmware.families import GENERIC
from netloom.firmware.map.folding import fold_for_interval, intervals
from netloom.firmware.map.layout import lay_out
from netloom.firmware.map.ready_order import ready_order


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
    assert len(seen) >= 14
    for kind, follows in seen.items():
        assert kind.ready_is_registered != follows, kind.__name__


def test_a_unit_comes_before_those_it_follows():
    for design in designs():
        timings = [unit.timing() for unit in design.units]
        order = ready_order(design.units, timings)
        assert sorted(order) == list(range(len(order)))
        place = {name: at for at, i in enumerate(order) for name in (s.name for s in design.units[i].inputs)}
        for at, i in enumerate(order):
            for stream in design.units[i].outputs:
                assert timings[i].ready_is_registered or place.get(stream.name, len(order)) > at
