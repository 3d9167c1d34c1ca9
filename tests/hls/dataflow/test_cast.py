"""`Cast`: every mode, and what is left out of it."""

import itertools

import numpy as np
import pytest

from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import Bounds, Cast
from netloom.rounding import Rounding
from netloom.testing.operations import check_operation, full_bounds, random_raws, tensor, works_in_float32

SHAPES = [("fixed<9,4>", (5, 3, True)), ("ufixed<9,4>", (5, 3, True)), ("fixed<5,2>", (12, 6, False))]


@pytest.mark.parametrize(("source", "shape"), SHAPES)
@pytest.mark.parametrize("modes", itertools.product(Rounding, Overflow), ids=lambda modes: "-".join(modes))
def test_cast_in_every_mode(source, shape, modes):
    to = FixedPoint(*shape, *modes)
    inputs = [tensor((3, 40), source)]
    result = check_operation(Cast(to), inputs)
    assert result.tolist() == to.cast(random_raws(inputs)[0], inputs[0].element.fraction).tolist()
    assert Cast(to).outputs(inputs) == (tensor((3, 40), str(to)),)


@pytest.mark.parametrize("modes", itertools.product(Rounding, Overflow), ids=lambda modes: "-".join(modes))
def test_cast_leaves_out_what_is_proven_idle_and_changes_no_number(modes):
    to = FixedPoint(5, 3, True, *modes)
    inputs = [tensor((1,), "fixed<9,4>")]
    for low, high in ((0, 0), (0, 100), (-120, -100), (-128, 124), (-130, 10), (0, 125)):
        bounds = [Bounds(np.array([low]), np.array([high]))]
        raws = np.arange(low, high + 1)[:, None]
        expected = to.cast(raws, inputs[0].element.fraction)
        operation = Cast(to)
        function, _ = operation.prepare(inputs, bounds, np.int64)
        assert function([raws])[0].tolist() == expected.tolist()
        (proven,) = operation.bounds(inputs, bounds)
        assert proven.low[0] <= expected.min() and expected.max() <= proven.high[0]
        overflowed = to.overflows(raws, inputs[0].element.fraction)
        assert operation.may_overflow(inputs, bounds) == overflowed.any()


def test_a_cast_that_moves_no_point_and_cannot_overflow_costs_nothing():
    inputs = [tensor((4,), "fixed<5,3>")]
    raws = random_raws(inputs)[0]
    function, _ = Cast(FixedPoint.parse("fixed<8,6,RND,SAT>")).prepare(inputs, full_bounds(inputs), np.int64)
    assert function([raws])[0] is raws


def test_wide_casts_need_wide_carriers():
    assert works_in_float32(Cast(FixedPoint.parse("fixed<8,4>")), [tensor((2,), "fixed<20,4>")])
    assert not works_in_float32(Cast(FixedPoint.parse("fixed<8,4>")), [tensor((2,), "fixed<26,4>")])
    assert not works_in_float32(Cast(FixedPoint.parse("fixed<32,4>")), [tensor((2,), "fixed<8,4>")])


@pytest.mark.parametrize("source", ["fixed<20,4>", "fixed<24,4>", "fixed<30,4>", "fixed<52,4>", "fixed<60,4>"])
@pytest.mark.parametrize("to", ["fixed<8,4,RND_CONV,SAT>", "fixed<6,3,RND,WRAP>", "ufixed<30,9,RND_INF,SAT>"])
def test_headroom_of_wide_casts_is_honest(source, to):
    check_operation(Cast(FixedPoint.parse(to)), [tensor((50,), source)])
