"""Dataflow graphs for whole designs, `DATAFLOWS`: by name, a function that builds one."""

import numpy as np
from designs import ACTIVATION, Network

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import (
    Cast,
    Divide,
    Elementwise,
    ElementwiseFunction,
    Gather,
    Lookup,
    MatMul,
    Permute,
    Pool,
    PoolFunction,
    Reduce,
)


def mlp():
    net = Network((16,), seed=1)
    net.matvec(12)
    net.relu()
    net.matvec(8)
    net.relu()
    net.matvec(3)
    return net.done()


def conv2d():
    net = Network((7, 6, 2), seed=2)
    net.window((3, 3), (1, 1), ((1, 1), (1, 1)))
    net.matvec(4)
    net.relu()
    net.add(Pool(PoolFunction.MAX, (2, 2), (2, 2)))
    net.window((2, 2), (1, 2), ((0, 0), (0, 1)))
    net.matvec(6)
    net.relu()
    net.add(Permute(np.arange(net.builder.types[net.last].size)))
    net.matvec(5)
    return net.done()


def padded():
    """Zeros before windows, as hls4ml's streams have them: before a product, and before one a channel."""
    net = Network((5, 6, 2), seed=11)
    net.pad((1, 2), (2, 0))
    net.window((3, 3), (2, 1), ((0, 0), (0, 1)))
    net.matvec(4)
    net.relu()
    net.pad((1, 1), (1, 1))
    net.window((3, 3), (1, 1), ((0, 0), (0, 0)))
    net.matvec(4, depthwise=True)
    net.relu()
    net.add(Permute(np.arange(net.builder.types[net.last].size).reshape(-1, 4)))
    net.pad((2, 1))
    net.window((4,), (2,), ((0, 0),))
    net.matvec(3)
    return net.done()


def conv1d():
    net = Network((12, 3), seed=3)
    net.window((3,), (2,), ((1, 1),))
    net.matvec(4)
    net.relu()
    net.window((1,), (1,), ((0, 0),))
    net.matvec(6)
    net.relu()
    net.add(Pool(PoolFunction.SUM, (6,), (6,), FixedPoint.parse("ufixed<9,6>")))
    net.add(Divide(6))
    return net.done()


def separable():
    net = Network((6, 6, 4), seed=4)
    net.window((3, 3), (1, 1), ((1, 1), (1, 1)))
    net.matvec(4, depthwise=True)
    net.relu()
    net.matvec(6)
    net.matvec(6, depthwise=True)
    net.relu()
    net.add(Pool(PoolFunction.MAX, (6, 6), (6, 6)))
    return net.done()


def dilated():
    net = Network((9, 7, 4), seed=10)
    net.window((3, 2), (2, 1), ((1, 2), (0, 3)), (2, 3))
    net.matvec(6)
    net.relu()
    net.window((2, 3), (1, 1), ((0, 0), (2, 2)), (2, 2))
    net.matvec(6, depthwise=True)
    net.relu()
    return net.done()


def dilated_sequence():
    net = Network((12, 4), seed=11)
    net.window((3,), (1,), ((4, 0),), (2,))
    net.matvec(4)
    net.relu()
    net.window((2,), (2,), ((0, 0),), (4,))
    net.matvec(4)
    net.relu()
    return net.done()


def residual():
    net = Network((5, 5, 4), "ufixed<5,2,RND_CONV,SAT>", seed=5)
    start = net.last
    net.window((3, 3), (1, 1), ((1, 1), (1, 1)))
    net.matvec(4)
    net.relu()
    net.window((3, 3), (1, 1), ((1, 1), (1, 1)))
    net.matvec(4)
    net.relu()
    net.add(Elementwise(ElementwiseFunction.ADD), start, net.last)
    net.window((2, 2), (1, 1), ((0, 0), (0, 0)))
    net.matvec(3)
    return net.done()


def softmax():
    net = Network((3, 8), "fixed<6,3>", seed=6)
    scores = net.matvec(6)
    net.add(Cast(FixedPoint.parse("fixed<6,4,RND,SAT>")), scores)
    scores = net.last
    greatest = net.add(Reduce(), scores)
    net.add(Elementwise(ElementwiseFunction.SUBTRACT), greatest, scores)
    net.add(Cast(FixedPoint.parse("ufixed<6,5,RND,SAT>")))
    table = np.round(255 * np.exp(-np.arange(64) / 2)).astype(np.int64)
    exp = net.add(Lookup(table, FixedPoint.parse("ufixed<8,0>")))
    net.add(Reduce(FixedPoint.parse("ufixed<11,3>")), exp)
    inverse = np.minimum(np.round(2**12 / np.maximum(np.arange(256), 1)), 255).astype(np.int64)
    net.add(Lookup(inverse, FixedPoint.parse("ufixed<8,0>"), shift=3))
    net.add(Elementwise(ElementwiseFunction.MULTIPLY), exp, net.last)
    return net.done()


def moved():
    net = Network((4, 3), seed=7)
    one = net.last
    two = net.source((4, 3))
    net.add(Permute(np.arange(24).reshape(2, 12).T.reshape(8, 3)), one, two)
    net.add(Permute(np.pad(np.arange(24).reshape(8, 3), ((1, 0), (0, 0)), constant_values=-1)))
    net.matvec(2)
    return net.done()


def two_outputs():
    net = Network((8,), seed=8)
    net.matvec(6)
    hidden = net.relu()
    first = net.matvec(4)
    net.last = hidden
    second = net.matvec(2)
    return net.done(first, second)


def attention():
    """Rows times themselves, and that times them again: both orders of the second tensor."""
    net = Network((4, 3), seed=12)
    net.matvec(4)
    tokens = net.add(Cast(ACTIVATION))
    net.add(MatMul(True), tokens, tokens)
    net.add(Cast(ACTIVATION))
    net.add(MatMul(), net.last, tokens)
    net.add(Cast(ACTIVATION))
    return net.done()


def embedded():
    """Rows of a table, numbers beyond it among them."""
    net = Network((5,), "fixed<5,5>", seed=13)
    net.add(Gather(net.rng.integers(-16, 16, (11, 6)), FixedPoint.parse("fixed<5,2>")))
    net.matvec(3)
    return net.done()


def saturating():
    net = Network((6,), seed=9)
    net.matvec(4, accum="fixed<7,4,TRN,SAT>", order=(0, 2, 4, 1, 3, 5))
    net.add(Cast(FixedPoint.parse("fixed<5,3,RND_ZERO,SAT_SYM>")))
    return net.done()


DATAFLOWS = {
    build.__name__: build
    for build in (
        mlp,
        conv2d,
        padded,
        conv1d,
        separable,
        dilated,
        dilated_sequence,
        residual,
        softmax,
        moved,
        two_outputs,
        attention,
        embedded,
        saturating,
    )
}
