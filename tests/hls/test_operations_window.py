"""`Window` and `Pool` against naive loops; `Divide`."""

import itertools

import numpy as np
import pytest

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Divide, Pool, PoolFunction, Summation, Window
from netloom.testing.operations import check_operation, random_raws, run, tensor

WINDOWS = [
    ((7, 2), Window((3,), (1,), ((0, 0),))),
    ((7, 2), Window((3,), (2,), ((1, 1),))),
    ((6, 3), Window((2,), (3,), ((0, 2),))),
    ((5, 1), Window((5,), (1,), ((0, 0),))),
    ((4, 1), Window((1,), (2,), ((0, 0),))),
    ((5, 6, 2), Window((2, 3), (1, 1), ((0, 0), (0, 0)))),
    ((5, 6, 2), Window((3, 2), (2, 1), ((1, 1), (0, 1)))),
    ((4, 4, 3), Window((1, 1), (2, 2), ((0, 0), (0, 0)))),
    ((3, 8, 1), Window((3, 3), (1, 2), ((1, 1), (2, 0)))),
    ((2, 2, 1), Window((3, 3), (1, 1), ((2, 2), (2, 2)))),
]


def naive_windows(x, kernel, stride, padding):
    """One sample, position by position, in the order MatVec takes it: kernel rows, kernel columns, channels."""
    x = np.pad(x, [*padding, (0, 0)])
    positions = [range(0, size - k + 1, s) for size, k, s in zip(x.shape[:-1], kernel, stride, strict=True)]
    rows = [
        x[tuple(slice(start, start + k) for start, k in zip(at, kernel, strict=True))].ravel()
        for at in itertools.product(*positions)
    ]
    return np.array(rows).reshape(*(len(position) for position in positions), -1)


@pytest.mark.parametrize(("shape", "window"), WINDOWS, ids=str)
@pytest.mark.parametrize("source", ["fixed<6,3>", "ufixed<6,3>"])
def test_window(shape, window, source):
    inputs = [tensor(shape, source)]
    result = check_operation(window, inputs)
    for x, windows in zip(random_raws(inputs)[0], result, strict=True):
        assert (windows == naive_windows(x, window.kernel_size, window.stride, window.padding)).all()


def test_window_takes_arrays_that_are_not_contiguous():
    window = Window((2, 2), (1, 1), ((0, 0), (0, 0)))
    inputs = [tensor((4, 5, 2), "fixed<6,3>")]
    x = random_raws([tensor((5, 4, 2), "fixed<6,3>")])[0].transpose(0, 2, 1, 3)
    assert (run(window, inputs, [x])[3] == naive_windows(x[3], (2, 2), (1, 1), ((0, 0), (0, 0)))).all()


def test_bounds_of_padding_are_zero():
    window = Window((3,), (1,), ((1, 1),))
    inputs = [tensor((3, 1), "ufixed<4,4>")]
    from netloom.testing.operations import full_bounds

    bounds = window.bounds(inputs, full_bounds(inputs))
    assert bounds.high.tolist() == [[0, 15, 15], [15, 15, 15], [15, 15, 0]]


POOLS = [((8, 3), (2,), (2,)), ((7, 2), (3,), (1,)), ((6, 5, 2), (2, 2), (2, 2)), ((6, 6, 1), (3, 2), (1, 2))]
ACCUMS = ["fixed<14,8>", "fixed<8,3>", "fixed<8,3,RND,SAT>", "fixed<6,4,TRN,SAT_SYM>", "ufixed<7,3,RND_CONV,SAT_ZERO>"]


@pytest.mark.parametrize(("shape", "size", "stride"), POOLS, ids=str)
@pytest.mark.parametrize("source", ["fixed<6,3>", "ufixed<6,3>"])
def test_maximum(shape, size, stride, source):
    inputs = [tensor(shape, source)]
    operation = Pool(PoolFunction.MAX, size, stride)
    result = check_operation(operation, inputs)
    unpadded = ((0, 0),) * len(size)
    for x, pooled in zip(random_raws(inputs)[0], result, strict=True):
        windows = naive_windows(x, size, stride, unpadded)
        windows = windows.reshape(*windows.shape[:-1], -1, shape[-1])
        assert (pooled == windows.max(axis=-2)).all()


def scalar_sum(terms, fraction, accum, order):
    """A sum in a given order, confined at every step; Python integers."""

    def confine(value):
        return int(accum.confine(np.array([value]))[0])

    values = [int(accum.cast(np.array([term]), fraction)[0]) for term in terms]
    if order is Summation.SEQUENTIAL:
        total = values[0]
        for value in values[1:]:
            total = confine(total + value)
        return total

    def tree(values):
        if len(values) == 1:
            return values[0]
        left = 1
        while left * 2 < len(values):
            left *= 2
        return confine(tree(values[:left]) + tree(values[left:]))

    return tree(values)


@pytest.mark.parametrize(("shape", "size", "stride"), POOLS, ids=str)
@pytest.mark.parametrize("accum", ACCUMS)
@pytest.mark.parametrize("order", Summation)
def test_sum(shape, size, stride, accum, order):
    inputs = [tensor(shape, "fixed<6,3>")]
    accum = FixedPoint.parse(accum)
    result = check_operation(Pool(PoolFunction.SUM, size, stride, accum, order), inputs)
    for x, pooled in zip(random_raws(inputs)[0][:8], result[:8], strict=True):
        windows = naive_windows(x, size, stride, ((0, 0),) * len(size))
        windows = windows.reshape(-1, int(np.prod(size)), shape[-1])
        expected = [
            [scalar_sum(window[:, channel], 3, accum, order) for channel in range(shape[-1])] for window in windows
        ]
        assert pooled.reshape(-1, shape[-1]).tolist() == expected


@pytest.mark.parametrize("divisor", [1, 2, 3, 7, 9, 49, 100])
@pytest.mark.parametrize("source", ["fixed<9,4>", "ufixed<9,4>", "fixed<20,4>", "fixed<40,4>"])
def test_divide_drops_the_remainder_towards_zero(divisor, source):
    inputs = [tensor((200,), source)]
    result = check_operation(Divide(divisor), inputs)
    raws = random_raws(inputs)[0]
    expected = [[abs(int(raw)) // divisor * (1 if raw > 0 else -1) for raw in row] for row in raws]
    assert result.tolist() == expected


def test_divide_has_no_modes_of_its_own():
    assert Divide(3).output([tensor((2,), "fixed<9,4,RND,SAT>")]) == tensor((2,), "fixed<9,4>")
