"""`reduce`: maxima and sums in the order that the operation says, clock by clock as the timing says."""

import numpy as np
import pytest
from element_cases import check_element_unit, stream_of
from stream_cases import may_saturate

from netloom.errors import FoldingError
from netloom.firmware.map.mapping import order_matters
from netloom.firmware.units.elements.reduce import ReduceUnit, required_lanes
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Bounds, Reduce, Summation, TensorType
from netloom.testing.operations import run_in_integers

SEQUENTIAL, TREE = Summation.SEQUENTIAL, Summation.TREE


def reduce_to(accum: str | None, summation: Summation = TREE) -> Reduce:
    return Reduce(None if accum is None else FixedPoint.parse(accum), summation)


def unit_of(operation: Reduce, tensor: TensorType, lanes: int | None = None) -> ReduceUnit:
    """Along the last axis of a tensor; in as many lanes as it takes, unless given."""
    size = tensor.shape[-1]
    saturates = may_saturate(operation, (size,), tensor.element)
    lanes = lanes or required_lanes(operation, size, saturates)
    return ReduceUnit("unit", stream_of(tensor, lanes), operation, size, saturates)


ANY_ORDER = {
    "maximum": ("fixed<8,4>", None),
    "maximum, unsigned": ("ufixed<8,4>", None),
    "maximum, symmetric": ("fixed<8,4,RND,SAT_SYM>", None),
    "wide sum": ("fixed<8,4>", "fixed<14,8>"),
    "sum that wraps": ("fixed<8,4>", "fixed<9,5>"),
    "unsigned sum that wraps": ("ufixed<8,4>", "ufixed<8,4>"),
    "rounded terms": ("fixed<12,4>", "fixed<14,10,RND_CONV,WRAP>"),
    "softmax": ("ufixed<18,1,RND,SAT>", "ufixed<22,5,RND,SAT>"),
    "saturating, but wide enough": ("fixed<8,4>", "fixed<14,8,RND,SAT>"),
}


@pytest.mark.parametrize("lanes", [1, 2, 3, 6])
@pytest.mark.parametrize("case", ANY_ORDER.values(), ids=ANY_ORDER)
def test_any_order(case, lanes):
    source, accum = case
    tensor = TensorType((3, 6), FixedPoint.parse(source))
    operation = reduce_to(accum)
    unit = unit_of(operation, tensor, lanes)
    assert not unit.saturates
    check_element_unit(unit, operation, [tensor], samples=40)


SATURATING = {
    "saturating": ("fixed<8,4>", "fixed<9,5,TRN,SAT>"),
    "rounded and saturated terms": ("fixed<12,6>", "fixed<8,4,RND,SAT>"),
    "zero beyond the range": ("fixed<8,4>", "fixed<9,5,TRN,SAT_ZERO>"),
    "symmetric": ("fixed<8,4>", "fixed<8,4,TRN,SAT_SYM>"),
    "unsigned": ("ufixed<8,4>", "ufixed<9,5,TRN,SAT>"),
    "unsigned of signed": ("fixed<8,4>", "ufixed<9,5,TRN,SAT>"),
    "appended bits": ("fixed<8,4>", "fixed<12,5,RND,SAT>"),
}


@pytest.mark.parametrize("size", [3, 5, 6, 7, 8])
@pytest.mark.parametrize("summation", list(Summation))
@pytest.mark.parametrize("case", SATURATING.values(), ids=SATURATING)
def test_saturating_order(case, summation, size):
    source, accum = case
    tensor = TensorType((4, size), FixedPoint.parse(source))
    operation = reduce_to(accum, summation)
    unit = unit_of(operation, tensor)
    assert unit.source.lanes == (size if summation is TREE else 1)
    check_element_unit(unit, operation, [tensor], samples=60)


def test_both_orders_differ_where_the_unit_insists():
    tensor = TensorType((1, 4), FixedPoint.parse("fixed<8,4>"))
    raws = [np.array([[[127, 127, -128, -128]]])]
    results = [
        run_in_integers(reduce_to("fixed<8,4,TRN,SAT>", summation), [tensor], raws).item()
        for summation in (SEQUENTIAL, TREE)
    ]
    assert results[0] != results[1]


@pytest.mark.parametrize("size", [1, 5])
def test_groups_of_one_beat(size):
    tensor = TensorType((7, size), FixedPoint.parse("fixed<8,4>"))
    operation = reduce_to("fixed<6,4,RND,SAT>")
    unit = unit_of(operation, tensor, size)
    flowing = check_element_unit(unit, operation, [tensor], samples=60)[0]
    np.testing.assert_array_equal(flowing.taken[0], np.arange(7 * 60))


def test_proven_range_frees_the_order():
    tensor = TensorType((1, 4), FixedPoint.parse("fixed<8,4>"))
    operation = reduce_to("fixed<9,5,TRN,SAT>")
    with pytest.raises(
        FoldingError, match=r"unit: a sum in .* may overflow on the way, so its tree order takes 4 lanes"
    ):
        unit_of(operation, tensor, 2)
    assert not order_matters(operation, [tensor], [Bounds(np.full((1, 4), -60), np.full((1, 4), 60))])
    unit = ReduceUnit("unit", stream_of(tensor, 2), operation, 4, saturates=False)
    x = np.random.default_rng(0).integers(-60, 61, (50, 1, 4))
    check_element_unit(unit, operation, [tensor], arrays=[x])


def test_refuses_lanes_that_do_not_divide():
    tensor = TensorType((2, 6), FixedPoint.parse("fixed<8,4>"))
    with pytest.raises(FoldingError, match="unit: lanes must divide the 6 elements of a group"):
        unit_of(reduce_to(None), tensor, 4)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_random_sums(seed):
    rng = np.random.default_rng(seed)
    element = FixedPoint(int(rng.integers(1, 16)), int(rng.integers(-2, 8)), bool(rng.integers(2)))
    rounding = str(rng.choice(["TRN", "RND", "RND_CONV", "TRN_ZERO"]))
    overflow = str(rng.choice(["WRAP", "SAT", "SAT_ZERO", "SAT_SYM"]))
    width = int(rng.integers(1, 20))
    kind = str(rng.choice(["fixed", "ufixed"]))
    operation = reduce_to(f"{kind}<{width},{rng.integers(-2, 8)},{rounding},{overflow}>", list(Summation)[seed % 2])
    lanes, beats = int(rng.integers(1, 6)), int(rng.integers(1, 6))
    size = lanes * beats
    tensor = TensorType((3, size), element)
    saturates = may_saturate(operation, (size,), element)
    unit = unit_of(operation, tensor, required_lanes(operation, size, saturates) or lanes)
    check_element_unit(unit, operation, [tensor], seed, samples=60)
