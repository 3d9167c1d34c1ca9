"""`Gather`: rows read at indices, out of range ones included."""

from fractions import Fraction
from math import floor

import numpy as np
import pytest

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Bounds, Gather
from netloom.testing.operations import check_operation, full_bounds, random_raws, tensor

ENTRY = FixedPoint.parse("fixed<9,1>")
TABLE = np.random.default_rng(1).integers(-200, 200, (7, 2))
INDICES = ["ufixed<3,3>", "fixed<5,5>", "ufixed<6,3>", "fixed<3,6>", "ufixed<2,70>", "ufixed<28,28>"]


def row(raw, element, rows):
    return rows[min(max(floor(Fraction(int(raw)) * Fraction(2) ** -element.fraction), 0), len(rows) - 1)]


@pytest.mark.parametrize("text", INDICES)
@pytest.mark.parametrize("shape", [(), (4,), (2, 3)], ids=str)
def test_rows_of_a_table(text, shape):
    inputs = [tensor(shape, text)]
    result = check_operation(Gather(TABLE, ENTRY), inputs)
    indices = random_raws(inputs)[0].ravel()
    for raw, found in zip(indices, result.reshape(-1, 2), strict=True):
        assert found.tolist() == row(raw, inputs[0].element, TABLE).tolist()


@pytest.mark.parametrize("text", INDICES)
@pytest.mark.parametrize("shape", [(), (4,), (2, 3)], ids=str)
@pytest.mark.parametrize("rows", [(5,), (5, 2), (3, 2, 2)], ids=str)
def test_rows_of_a_tensor(text, shape, rows):
    inputs = [tensor(rows, "fixed<6,3>"), tensor(shape, text)]
    result = check_operation(Gather(), inputs)
    read, indices = random_raws(inputs)
    for sample in range(len(result)):
        found = result[sample].reshape(-1, *rows[1:])
        for raw, each in zip(indices[sample].ravel(), found, strict=True):
            assert each.tolist() == row(raw, inputs[1].element, read[sample]).tolist()


def test_bounds_are_those_of_the_rows_that_can_be_read():
    inputs = [tensor((3,), "fixed<5,5>")]
    reach = [Bounds(np.array([-4, 2, 6]), np.array([0, 4, 9]))]
    (proven,) = Gather(TABLE, ENTRY).bounds(inputs, reach)
    spans = [TABLE[:1], TABLE[2:5], TABLE[6:]]
    assert proven.low.tolist() == [span.min(axis=0).tolist() for span in spans]
    assert proven.high.tolist() == [span.max(axis=0).tolist() for span in spans]


def test_dtype_is_that_of_the_widest():
    narrow, wide = tensor((3,), "ufixed<3,3>"), tensor((3,), "ufixed<30,30>")
    assert Gather(TABLE, ENTRY).prepare([narrow], full_bounds([narrow]))[1] is np.float32
    assert Gather(TABLE, ENTRY).prepare([wide], full_bounds([wide]))[1] is np.float64
    assert Gather(TABLE << 40, FixedPoint(60, 60)).prepare([narrow], full_bounds([narrow]))[1] is np.float64


def test_what_does_not_fit():
    indices = tensor((3,), "ufixed<3,3>")
    assert Gather(TABLE, ENTRY).holds([indices]) and not Gather(TABLE, ENTRY).holds([indices, indices])
    assert not Gather().holds([indices]) and not Gather(TABLE, FixedPoint(4, 4)).holds([indices])
    assert not Gather(TABLE).holds([indices]) and not Gather(None, ENTRY).holds([indices, indices])


def test_cost_is_the_table():
    cost = Gather(TABLE, ENTRY).cost([tensor((3,), "ufixed<3,3>")])
    assert (cost.weight_bits, cost.parameters, cost.multiply_accumulates) == (14 * 9, 14, 0)
