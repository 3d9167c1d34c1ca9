"""`cast_value` against the casts of the fixed-point types, with every number of registers."""

from itertools import product

import numpy as np
import pytest

from netloom.firmware.units.elements.casting import Casting
from netloom.fixed_point import FixedPoint, Overflow
from netloom.rounding import Rounding
from netloom.testing.clocked_bench import Instance, clocked, signed

RAWS = list(range(2**6))
MODES = list(product(Rounding, Overflow))


def types(to_signed, width, integer):
    return [FixedPoint(width, integer, to_signed, *modes) for modes in MODES]


def instance(source, to, stages, **ports):
    return Instance("cast_value", {"result": to.width}, {**Casting(source, to).parameters(), "STAGES": stages}, ports)


@pytest.mark.parametrize("stages", [0, 1, 2])
@pytest.mark.parametrize("source", ["fixed<6,3>", "ufixed<6,3>"])
def test_every_raw_in_every_mode(source, stages):
    source = FixedPoint.parse(source)
    targets = [to for shape in ((True, 3, 2), (False, 4, 3), (True, 9, 4), (True, 2, -1)) for to in types(*shape)]
    instances = [instance(source, to, stages) for to in targets]
    inputs = {"value": (6, RAWS + [0] * stages), "enable": (max(stages, 1), [-1] * (len(RAWS) + stages))}
    raws = np.array([signed(raw, 6, source.signed) for raw in RAWS])
    for to, result in zip(targets, clocked(instances, inputs), strict=True):
        given = [signed(word, to.width, to.signed) for word in result["result"][stages:]]
        assert given == to.cast(raws, source.fraction).tolist(), to


def test_a_register_loads_where_it_is_enabled():
    source, to = FixedPoint.parse("ufixed<6,6>"), FixedPoint.parse("ufixed<6,6>")
    rng = np.random.default_rng(0)
    value, enable = rng.integers(0, 64, 200), rng.integers(0, 4, 200)
    (result,) = clocked([instance(source, to, 2)], {"value": (6, value), "enable": (2, enable)})
    between = behind = None
    for now, (raw, loads) in enumerate(zip(value.tolist(), enable.tolist(), strict=True)):
        if behind is not None:
            assert result["result"][now] == behind
        if loads & 2:
            behind = between
        if loads & 1:
            between = raw
    assert behind is not None
