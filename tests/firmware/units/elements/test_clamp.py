"""`clamp`: limits as the operation has them, clock by clock as its timing says."""

import numpy as np
import pytest
from element_cases import all_raws, check_element_unit, stream_of

from netloom.errors import PrecisionError
from netloom.firmware.stream import Stream
from netloom.firmware.units.elements.clamp import ClampUnit
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Clamp, TensorType
from netloom.testing.unit_bench import check_unit

NARROW = {
    "relu": (FixedPoint(6, 3), Clamp(0)),
    "relu6": (FixedPoint(6, 3), Clamp(0, 20)),
    "both sides": (FixedPoint(6, 3), Clamp(-7, 9)),
    "negative range": (FixedPoint(6, 3), Clamp(-20, -3)),
    "one value": (FixedPoint(6, 3), Clamp(5, 5)),
    "above all": (FixedPoint(6, 3), Clamp(100)),
    "below all": (FixedPoint(6, 3), Clamp(-100)),
    "wider than the type": (FixedPoint(6, 3), Clamp(-100, 100)),
    "unsigned": (FixedPoint(6, 3, False), Clamp(3, 50)),
    "unsigned at zero": (FixedPoint(6, 3, False), Clamp(0, 63)),
    "a single bit": (FixedPoint(1, 1), Clamp(0)),
}


@pytest.mark.parametrize("case", NARROW.values(), ids=NARROW)
def test_every_raw(case):
    element, operation = case
    x = all_raws(element)
    unit = ClampUnit("unit", Stream("source", element, 1, x.size), operation)
    flowing = check_unit(unit, [x], [np.clip(x, operation.low, operation.high)], seeds=(1,))[0]
    np.testing.assert_array_equal(flowing.given[0], flowing.taken[0] + 1)


WIDE = {
    "several lanes": (FixedPoint(18, 6), Clamp(0), 4),
    "beyond 32 bits": (FixedPoint(62, 20), Clamp(-(2**40) - 3, 2**39 + 5), 2),
    "beyond 32 bits, unsigned": (FixedPoint(62, 20, False), Clamp(2**40 + 1, 2**61 + 5), 1),
    "relu of the widest": (FixedPoint(256, 20), Clamp(0), 1),
    "beyond 64 bits": (FixedPoint(75, 20), Clamp(-(2**70) - 3, 2**73 + 5), 2),
    "beyond 64 bits, unsigned": (FixedPoint(128, 20, False), Clamp(2**64 + 1, 2**127 + 5), 1),
}


@pytest.mark.parametrize("case", WIDE.values(), ids=WIDE)
def test_shapes(case):
    element, operation, lanes = case
    tensor = TensorType((8,), element)
    check_element_unit(ClampUnit("unit", stream_of(tensor, lanes), operation), operation, [tensor], samples=48)


@pytest.mark.parametrize("operation", [Clamp(3, 2), Clamp(-100, -50)])
def test_refuses_an_empty_range(operation):
    with pytest.raises(PrecisionError, match="unit: the upper limit"):
        ClampUnit("unit", Stream("source", FixedPoint(6, 3), 1, 1), operation)
