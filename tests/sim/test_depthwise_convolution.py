"""`DepthwiseConvolution`: what `Window` and `DepthwiseMatVec` give one after the other, in every dtype."""

import numpy as np
import pytest

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import DataflowBuilder, DepthwiseMatVec, TensorType, Window
from netloom.sim import depthwise_convolution
from netloom.sim.depthwise_convolution import DepthwiseConvolution
from netloom.sim.fixed import Program
from netloom.sim.fuse import fused, join_depthwise
from netloom.testing.operations import random_raws

SHAPES = {
    # input, kernel, stride, padding
    "same": ((6, 7, 3), (3, 3), (1, 1), ((1, 1), (1, 1))),
    "valid": ((6, 7, 3), (3, 2), (1, 1), ((0, 0), (0, 0))),
    "strided": ((7, 8, 2), (3, 3), (2, 2), ((0, 1), (0, 1))),
    "unlike strides": ((9, 8, 2), (2, 4), (1, 3), ((1, 0), (1, 2))),
    "a stride beyond the kernel": ((9, 9, 2), (2, 2), (3, 4), ((0, 0), (0, 0))),
    "one column": ((5, 5, 4), (1, 1), (1, 1), ((0, 0), (0, 0))),
    "a sequence": ((11, 3), (4,), (1,), ((2, 1),)),
    "a strided sequence": ((11, 3), (3,), (2,), ((1, 1),)),
    # Rows of results that the C++ takes in several stretches, the last of them over some of the one before.
    "wide": ((4, 40, 3), (3, 3), (1, 1), ((1, 1), (1, 1))),
    "wide, in whole stretches": ((4, 33, 8), (2, 2), (1, 1), ((0, 0), (0, 0))),
    "wide, strided": ((7, 61, 5), (3, 3), (2, 2), ((1, 1), (1, 1))),
    "wide, a stride beyond the kernel": ((9, 98, 2), (3, 2), (4, 3), ((2, 2), (1, 0))),
    "more zeros than columns": ((2, 2, 2), (5, 5), (1, 1), ((4, 4), (4, 4))),
    "more zeros than columns, strided": ((2, 1, 2), (5, 7), (3, 2), ((4, 4), (5, 6))),
}
ACCUMULATORS = ["fixed<20,10>", "fixed<10,4>", "fixed<24,8>", "fixed<60,30>", "fixed<100,60>", "ufixed<10,4>"]


def network(shape, kernel, stride, padding, accum):
    rng = np.random.default_rng(0)
    builder = DataflowBuilder()
    x = builder.source("x", TensorType(shape, FixedPoint.parse("fixed<6,3>")))
    x = builder.add("conv", "window", Window(kernel, stride, padding), x)
    weights, bias = rng.integers(-15, 15, (int(np.prod(kernel)), shape[-1])), rng.integers(-9, 9, shape[-1])
    type_ = FixedPoint.parse("fixed<5,2>")
    x = builder.add("conv", "matvec", DepthwiseMatVec(weights, type_, bias, type_, FixedPoint.parse(accum)), x)
    return builder.build(["x"], [x])


@pytest.fixture(params=[True, False], ids=["compiled", "no compiler"])
def compiled(request, monkeypatch):
    if not request.param:
        monkeypatch.setattr(depthwise_convolution, "native_library", lambda: None)


@pytest.mark.parametrize("accum", ACCUMULATORS)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.usefixtures("compiled")
def test_equals_window_and_product(shape, accum):
    dataflow = network(*shape, accum)
    joined = join_depthwise(dataflow)
    assert [type(node.operation) for node in joined.nodes] == [DepthwiseConvolution]
    assert joined.types[joined.outputs[0]] == dataflow.types[dataflow.outputs[0]]
    tensor = dataflow.sources["x"]
    x = tensor.element.to_float(random_raws([tensor], batch=21)[0])
    (expected,), (result,) = (Program(each, each.outputs).run([x], lambda *_: None) for each in (dataflow, joined))
    assert (result == expected).all()
    assert (joined.bounds[joined.outputs[0]].low == dataflow.bounds[dataflow.outputs[0]].low).all()


@pytest.mark.parametrize("accum", ["fixed<9,4,TRN,SAT>", "fixed<8,6,RND>"])
def test_sums_taken_in_order_stay_as_they_are(accum):
    dataflow = network(*SHAPES["same"], accum)
    assert [type(node.operation) for node in fused(dataflow).nodes] == [Window, DepthwiseMatVec]
