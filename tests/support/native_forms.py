"""Graphs for the C++ of engine `fixed`, and the C++ held against NumPy."""

import numpy as np

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import DataflowBuilder, MatVec, TensorType
from netloom.sim.fixed import Program

COUNTS = (0, 1, 70)


def samples(flow, count, dtype=np.float32):
    """Within the types, between their steps, and far beyond them."""
    rng = np.random.default_rng(0)
    found = []
    for tensor in flow.sources.values():
        x = rng.normal(0, tensor.element.max / 2, (count, *tensor.shape))
        x[: count // 4] = np.round(x[: count // 4] / tensor.element.step * 2) * tensor.element.step / 2
        x[count // 4 : count // 4 + 1] *= 1e6
        found.append(x.astype(dtype))
    return found


def silent(done, total):
    del done, total


def check(flow, made, counts=COUNTS):
    """The C++ against NumPy, on the graph as it is."""
    native = made(flow)
    assert native is not None
    for count in counts:
        for dtype in (np.float32, np.float64):
            x = samples(flow, count, dtype)
            expected = Program(flow, flow.outputs).run(x, silent)
            for ours, meant in zip(native.run(x, silent), expected, strict=True):
                assert (ours.dtype, ours.shape) == (meant.dtype, meant.shape)
                assert (ours == meant).all()


def stack(source, *operations, shape=(40,)):
    builder = DataflowBuilder()
    x = builder.source("x", TensorType(shape, FixedPoint.parse(source)))
    for index, operation in enumerate(operations):
        x = builder.add(f"layer{index}", "result", operation, x)
    return builder.build(["x"], [x])


def product(depth, columns, accum="fixed<22,12>", weight=63, seed=0):
    rng = np.random.default_rng(seed)
    weights, bias = rng.integers(-weight, weight + 1, (depth, columns)), rng.integers(-99, 99, columns)
    return MatVec(
        weights, FixedPoint.parse("fixed<7,3>"), bias, FixedPoint.parse("fixed<8,4>"), FixedPoint.parse(accum)
    )
