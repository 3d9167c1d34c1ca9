"""`Pool`: maximum and sum over windows."""

import numpy as np
import pytest
from naive_windows import naive_windows

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Pool, PoolFunction, Summation
from netloom.testing.operations import check_operation, random_raws, tensor

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
