"""`Cast` and `Clamp`."""

import itertools

import numpy as np
import pytest

from netloom.fixed_point import FixedPoint, Overflow, Rounding
from netloom.hls.dataflow import Bounds, Cast, Clamp
from netloom.testing.operations import check_operation, full_bounds, random_raws, tensor, works_in_float32

SHAPES = [("fixed<9,4>", (5, 3, True)), ("ufixed<9,4>", (5, 3, True)), ("fixed<5,2>", (12, 6, False))]


@pytest.mark.parametrize(("source", "shape"), SHAPES)
@pytest.mark.parametrize("modes", itertools.product(Rounding, Overflow), ids=lambda modes: "-".join(modes))
def test_cast_in_every_mode(source, shape, modes):
    to = FixedPoint(*shape, *modes)
    inputs = [tensor((3, 40), source)]
    result = check_operation(Cast(to), inputs)
    assert result.tolist() == to.cast(random_raws(inputs)[0], inputs[0].element.fraction).tolist()
    assert Cast(to).output(inputs) == tensor((3, 40), str(to))


@pytest.mark.parametrize("modes", itertools.product(Rounding, Overflow), ids=lambda modes: "-".join(modes))
def test_cast_leaves_out_what_is_proven_idle_and_changes_no_number(modes):
    to = FixedPoint(5, 3, True, *modes)
    inputs = [tensor((1,), "fixed<9,4>")]
    for low, high in ((0, 0), (0, 100), (-120, -100), (-128, 124), (-130, 10), (0, 125)):
        bounds = [Bounds(np.array([low]), np.array([high]))]
        raws = np.arange(low, high + 1)[:, None]
        expected = to.cast(raws, inputs[0].element.fraction)
        operation = Cast(to)
        assert operation.kernel(inputs, bounds, np.int64)([raws]).tolist() == expected.tolist()
        proven = operation.bounds(inputs, bounds)
        assert proven.low[0] <= expected.min() and expected.max() <= proven.high[0]
        overflowed = to.overflows(raws, inputs[0].element.fraction)
        assert operation.may_overflow(inputs, bounds) == overflowed.any()


def test_a_cast_that_moves_no_point_and_cannot_overflow_costs_nothing():
    inputs = [tensor((4,), "fixed<5,3>")]
    raws = random_raws(inputs)[0]
    kernel = Cast(FixedPoint.parse("fixed<8,6,RND,SAT>")).kernel(inputs, full_bounds(inputs), np.int64)
    assert kernel([raws]) is raws


def test_wide_casts_need_wide_carriers():
    assert works_in_float32(Cast(FixedPoint.parse("fixed<8,4>")), [tensor((2,), "fixed<20,4>")])
    assert not works_in_float32(Cast(FixedPoint.parse("fixed<8,4>")), [tensor((2,), "fixed<26,4>")])
    assert not works_in_float32(Cast(FixedPoint.parse("fixed<32,4>")), [tensor((2,), "fixed<8,4>")])


@pytest.mark.parametrize("source", ["fixed<20,4>", "fixed<24,4>", "fixed<30,4>", "fixed<52,4>", "fixed<60,4>"])
@pytest.mark.parametrize("to", ["fixed<8,4,RND_CONV,SAT>", "fixed<6,3,RND,WRAP>", "ufixed<30,9,RND_INF,SAT>"])
def test_headroom_of_wide_casts_is_honest(source, to):
    check_operation(Cast(FixedPoint.parse(to)), [tensor((50,), source)])


@pytest.mark.parametrize("limits", [(0, None), (0, 12), (-8, 5), (3, 12), (0, 10**6), (-(10**6), None)])
@pytest.mark.parametrize("source", ["fixed<6,3>", "ufixed<5,3>", "fixed<28,3>"])
def test_clamp(limits, source):
    inputs = [tensor((40,), source)]
    low, high = limits
    result = check_operation(Clamp(low, high), inputs)
    expected = np.clip(random_raws(inputs)[0], low, high)
    assert result.tolist() == expected.tolist()


def test_relu_gives_an_unsigned_type_one_bit_narrower():
    assert Clamp(0).output([tensor((3,), "fixed<8,3,RND,SAT>")]) == tensor((3,), "ufixed<7,2>")
    assert Clamp(0, 4).output([tensor((3,), "fixed<8,3>")]).element == FixedPoint.parse("ufixed<3,-2>")
