"""`Lookup`: a table's entry for every raw."""

from fractions import Fraction
from math import floor, trunc

import numpy as np
import pytest

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Lookup
from netloom.testing.operations import check_operation, random_raws, tensor

ENTRY = FixedPoint.parse("ufixed<9,1>")
TABLE = np.random.default_rng(1).permutation(64)


@pytest.mark.parametrize("source", ["fixed<6,3>", "ufixed<6,3>", "fixed<12,5>", "fixed<3,9>"])
@pytest.mark.parametrize("scale", [1, 3, 64])
@pytest.mark.parametrize("shift", [0, 2, 7])
@pytest.mark.parametrize("offset", [0, 32])
@pytest.mark.parametrize("toward_zero", [False, True])
def test_index(source, scale, shift, offset, toward_zero):
    operation = Lookup(TABLE, ENTRY, scale, shift, offset, toward_zero)
    inputs = [tensor((30,), source)]
    result = check_operation(operation, inputs)
    for raw, entry in zip(random_raws(inputs)[0].ravel(), result.ravel(), strict=True):
        scaled = Fraction(int(raw) * scale, 2**shift)
        index = (trunc if toward_zero else floor)(scaled) + offset
        assert entry == TABLE[min(max(index, 0), 63)]


def test_type_bounds_and_dtype():
    operation = Lookup(TABLE, ENTRY)
    inputs = [tensor((2, 3), "fixed<6,3>")]
    assert operation.outputs(inputs) == (tensor((2, 3), str(ENTRY)),)
    from netloom.testing.operations import full_bounds

    (bounds,) = operation.bounds(inputs, full_bounds(inputs))
    assert (bounds.low == 0).all() and (bounds.high == 63).all()
    assert operation.prepare(inputs, full_bounds(inputs))[1] is np.int64
