"""`Reduce`: maximum and sum along the last axis."""

import numpy as np
import pytest

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Reduce, Summation
from netloom.testing.operations import check_operation, random_raws, run, tensor

ACCUMS = ["fixed<14,9>", "fixed<7,3>", "fixed<7,3,TRN,SAT>", "fixed<6,4,RND_CONV,SAT_SYM>", "ufixed<9,5,RND,SAT>"]


@pytest.mark.parametrize("shape", [(7,), (3, 5), (2, 3, 4), (1,)], ids=str)
def test_maximum(shape):
    inputs = [tensor(shape, "fixed<6,3>")]
    result = check_operation(Reduce(), inputs)
    assert (result == random_raws(inputs)[0].max(axis=-1, keepdims=True)).all()


def confined(total, accum):
    return int(accum.confine(np.array([total]))[0])


def tree(values, accum):
    """hls4ml's nnet::reduce, halves at powers of two."""
    if len(values) == 1:
        return values[0]
    left = 2 ** ((len(values) - 1).bit_length() - 1)
    return confined(tree(values[:left], accum) + tree(values[left:], accum), accum)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 10])
@pytest.mark.parametrize("accum", ACCUMS)
@pytest.mark.parametrize("order", Summation)
def test_sum(count, accum, order):
    accum = FixedPoint.parse(accum)
    inputs = [tensor((count,), "fixed<6,3>")]
    result = check_operation(Reduce(accum, order), inputs)
    for x, total in zip(random_raws(inputs)[0], result, strict=True):
        terms = [int(accum.cast(x[i : i + 1], 3)[0]) for i in range(count)]
        if order is Summation.TREE:
            assert total[0] == tree(terms, accum)
        else:
            expected = terms[0]
            for term in terms[1:]:
                expected = confined(expected + term, accum)
            assert total[0] == expected


def test_the_order_shows_where_the_accumulator_saturates():
    accum = FixedPoint.parse("fixed<4,4,TRN,SAT>")
    inputs = [tensor((4,), "fixed<4,4>")]
    x = np.array([[7, 3, -5, -2]])
    assert run(Reduce(accum, Summation.SEQUENTIAL), inputs, [x]).item() == 0
    assert run(Reduce(accum, Summation.TREE), inputs, [x]).item() == 0
    x = np.array([[7, -5, 7, 7]])
    assert run(Reduce(accum, Summation.SEQUENTIAL), inputs, [x]).item() == 7
    x = np.array([[-8, 7, 7, -8]])
    assert run(Reduce(accum, Summation.SEQUENTIAL), inputs, [x]).item() == -2
    x = np.array([[7, 7, -8, -1]])
    assert run(Reduce(accum, Summation.SEQUENTIAL), inputs, [x]).item() == -2
    assert run(Reduce(accum, Summation.TREE), inputs, [x]).item() == -1
