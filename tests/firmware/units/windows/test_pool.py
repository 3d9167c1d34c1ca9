"""`pool` against the operation, and its timing clock by clock."""

from dataclasses import replace
from math import prod

import numpy as np
import pytest
from kernel_columns import kernel_columns, window_of
from pick import pick
from stream_cases import elaborate, may_saturate

from netloom.errors import LayerNotSupportedError, SettingsError, ToolFailedError
from netloom.firmware.families import FAMILIES
from netloom.firmware.map.mapping import order_matters
from netloom.firmware.stream import Stream
from netloom.firmware.units.windows.pool import PoolUnit
from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import Pool, PoolFunction, Summation
from netloom.rounding import Rounding
from netloom.testing.operations import full_bounds, random_raws, run_in_integers, tensor
from netloom.testing.unit_bench import check_unit

SHAPES = {
    # input, window, stride, lanes
    "tiles": ((4, 6, 4), (2, 2), (2, 2), 2),
    "a lane": ((4, 4, 3), (2, 2), (2, 2), 1),
    "overlapping": ((5, 7, 2), (3, 3), (1, 2), 2),
    "tall": ((6, 3, 2), (5, 1), (1, 1), 2),
    "wide": ((2, 9, 2), (1, 4), (1, 2), 1),
    "sequence": ((12, 3), (3,), (3,), 3),
    "nothing": ((3, 3, 2), (1, 1), (1, 1), 2),
    "everything": ((20, 4), (20,), (20,), 1),
}


def unit_of(operation, type_, lanes, flat=False, **fields):
    """The unit on all windows of a tensor; if `flat`, an element of them after the other."""
    channels = type_.shape[-1]
    elements = operation.outputs([type_])[0].size * prod(operation.kernel_size)
    assert channels % lanes == 0
    fields.setdefault("saturates", may_saturate(operation, (*operation.kernel_size, 1), type_.element))
    rows, columns = (1, prod(operation.kernel_size)) if flat else (1, *operation.kernel_size)[-2:]
    operation = replace(operation, kernel_size=(rows, columns), stride=(rows, columns))
    source = Stream("source", type_.element, rows * lanes, elements // (rows * lanes))
    return PoolUnit("pool", source, operation, **fields)


def check(operation, type_, lanes, seed=0, seeds=(1, 2, 3), batch=8, **fields):
    unit = unit_of(operation, type_, lanes, **fields)
    (x,) = random_raws([type_], seed, batch)
    windows = run_in_integers(window_of(operation), [type_], [x])
    source = kernel_columns(windows, *unit.operation.kernel_size, type_.shape[-1], lanes)
    flowing = check_unit(unit, [source], [run_in_integers(operation, [type_], [x])], seeds)[0]
    # One beat a clock: credits never hold up what flows.
    taken = flowing.taken[0]
    assert taken[-1] - taken[0] == len(taken) - 1
    return unit


ACCUMS = ["fixed<14,8>", "fixed<7,3,RND_CONV>", "ufixed<6,5,TRN_ZERO>", "fixed<18,8,RND,SAT>"]
QUICK = [(shape, ACCUMS[index % len(ACCUMS)]) for index, shape in enumerate(SHAPES)]
FULL = [(shape, accum) for shape in SHAPES for accum in ACCUMS]


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_maximum(shape):
    size, window, stride, lanes = shape
    check(Pool(PoolFunction.MAX, window, stride), tensor(size, "fixed<5,3>"), lanes)


def test_maximum_of_unsigned():
    check(Pool(PoolFunction.MAX, (2, 2), (2, 2)), tensor((4, 4, 2), "ufixed<4,4>"), 2)


def check_sum(shape, accum):
    size, window, stride, lanes = SHAPES[shape]
    unit = check(Pool(PoolFunction.SUM, window, stride, FixedPoint.parse(accum)), tensor(size, "fixed<6,3>"), lanes)
    assert not unit.saturates


@pytest.mark.parametrize(("shape", "accum"), QUICK)
def test_sum(shape, accum):
    check_sum(shape, accum)


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "accum"), [pair for pair in FULL if pair not in QUICK])
def test_sum_in_every_accumulator(shape, accum):
    check_sum(shape, accum)


@pytest.mark.parametrize(
    ("window", "accum", "element"),
    [
        ((2, 3), "fixed<6,3,RND,SAT>", "fixed<6,3>"),
        ((6,), "fixed<6,4,TRN,SAT_SYM>", "fixed<6,3>"),
        ((6,), "ufixed<6,3,RND_ZERO,SAT_ZERO>", "fixed<6,3>"),
        ((2, 3), "ufixed<5,3,RND,SAT>", "ufixed<5,3>"),
        ((1, 1), "ufixed<7,3,TRN,SAT_ZERO>", "fixed<6,3>"),
    ],
)
def test_sum_that_saturates_on_the_way_takes_one_element_after_the_other(window, accum, element):
    size = (4, 6, 2) if len(window) == 2 else (12, 2)
    operation = Pool(PoolFunction.SUM, window, window, FixedPoint.parse(accum))
    unit = check(operation, tensor(size, element), 1, flat=True)
    assert unit.saturates


def test_tree_of_two_terms_may_saturate():
    operation = Pool(PoolFunction.SUM, (2,), (2,), FixedPoint.parse("fixed<6,3,TRN,SAT>"), Summation.TREE)
    check(operation, tensor((8, 2), "fixed<6,3>"), 2)


@pytest.mark.parametrize(
    ("window", "order", "flat"),
    [((2, 2), Summation.SEQUENTIAL, False), ((3,), Summation.TREE, False), ((2, 2), Summation.TREE, True)],
)
def test_refuses_a_sum_in_another_order(window, order, flat):
    type_ = tensor((6, 6, 1)[-len(window) - 1 :], "fixed<6,3>")
    operation = Pool(PoolFunction.SUM, window, window, FixedPoint.parse("fixed<6,3,TRN,SAT>"), order)
    with pytest.raises(LayerNotSupportedError, match="may saturate on the way"):
        unit_of(operation, type_, 1, flat)
    unit_of(operation, type_, 1, flat, saturates=False)


def test_whether_order_matters_follows_from_the_bounds():
    type_ = tensor((4, 4, 1), "fixed<6,3>")
    accum = FixedPoint.parse("fixed<6,3,TRN,SAT>")
    operation = Pool(PoolFunction.SUM, (2, 2), (2, 2), accum)
    (bounds,) = full_bounds([type_])
    assert order_matters(operation, [type_], [bounds])
    narrow = type(bounds)(bounds.low // 4, bounds.high // 4)
    assert not order_matters(operation, [type_], [narrow])
    wrapping = Pool(PoolFunction.SUM, (2, 2), (2, 2), accum.with_modes())
    assert not order_matters(wrapping, [type_], [bounds])
    assert not order_matters(Pool(PoolFunction.MAX, (2, 2), (2, 2)), [type_], [bounds])


def test_refuses_a_stream_of_other_columns():
    operation = Pool(PoolFunction.MAX, (2, 3), (2, 3))
    with pytest.raises(SettingsError, match="windows of 3 columns of 2 elements"):
        PoolUnit("pool", Stream("source", FixedPoint.parse("fixed<6,3>"), 2, 7), operation, saturates=False)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(30))
def test_random(seed):
    rng = np.random.default_rng(seed)
    window = tuple(int(n) for n in rng.integers(1, 5, rng.integers(1, 3)))
    lanes, slices = (int(n) for n in rng.integers(1, 4, 2))
    size = (*(int(n + extra) for n, extra in zip(window, rng.integers(0, 4, len(window)), strict=True)), lanes * slices)
    element = FixedPoint(int(rng.integers(1, 10)), int(rng.integers(-1, 5)), bool(rng.integers(2)))
    stride = tuple(int(n) for n in rng.integers(1, 4, len(window)))
    target = pick(rng, tuple(FAMILIES.values()))
    if rng.random() < 0.3:
        check(
            Pool(PoolFunction.MAX, window, stride), tensor(size, str(element)), lanes, seed, (seed,), 5, target=target
        )
        return
    accum = FixedPoint(
        int(rng.integers(2, 14)),
        int(rng.integers(-1, 9)),
        bool(rng.integers(2)),
        pick(rng, Rounding),
        pick(rng, Overflow),
    )
    order = Summation.SEQUENTIAL if accum.overflow is not Overflow.WRAP else pick(rng, Summation)
    operation = Pool(PoolFunction.SUM, window, stride, accum, order)
    ordered = order_matters(operation, [tensor(size, str(element))], full_bounds([tensor(size, str(element))]))
    check(operation, tensor(size, str(element)), lanes, seed, (seed,), 5, flat=ordered, target=target)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"COLUMNS": 0}, "COLUMNS must be at least 1"),
        ({"OUT_WIDTH": 9}, "a maximum has the type of the elements"),
    ],
)
def test_illegal_parameters_stop_elaboration(parameters, message):
    with pytest.raises(ToolFailedError, match=f"pool: {message}"):
        elaborate("pool", parameters)
