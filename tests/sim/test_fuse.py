"""Rewrites that make the simulation faster change no number."""

import numpy as np
import pytest
from zoo import SLOW_ZOO, ZOO, random_inputs

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Cast, Clamp, DataflowBuilder, MatVec, Pool, PoolFunction, TensorType, Window
from netloom.sim.fixed import Program
from netloom.sim.fuse import PASSES, fused

NETWORKS = [pytest.param(name, marks=pytest.mark.slow) if name in SLOW_ZOO else name for name in ZOO]


def evaluated(dataflow, outputs, inputs):
    return Program(dataflow, outputs).run(inputs, lambda done, total: None)


@pytest.mark.parametrize("name", NETWORKS)
def test_fused_equals_unfused(zoo, name):
    dataflow = zoo(name).conversion.dataflow
    inputs = random_inputs(zoo(name).conversion, 100, seed=3)
    expected = evaluated(dataflow, dataflow.outputs, inputs)
    for graph in (fused(dataflow), *(rewrite(dataflow) for rewrite in PASSES)):
        for a, b in zip(expected, evaluated(graph, dataflow.outputs, inputs), strict=True):
            assert (a == b).all()


@pytest.mark.parametrize("name", ["image", "mlp", "sequence_stream_resource"])
def test_something_is_rewritten(zoo, name):
    dataflow = zoo(name).conversion.dataflow
    assert [node.operation for node in fused(dataflow).nodes] != [node.operation for node in dataflow.nodes]


def convolution(accum, to, relu, pool_stride, order=None):
    """Window, product, ReLU, cast, maximum: what the rewrites look for."""
    rng = np.random.default_rng(0)
    element = FixedPoint.parse("fixed<5,2>")
    builder = DataflowBuilder()
    x = builder.source("x", TensorType((6, 8, 2), element))
    x = builder.add("conv", "window", Window((3, 3), (1, 1), ((1, 1), (1, 1))), x)
    weights = rng.integers(-31, 31, (18, 3))
    bias = rng.integers(-9, 9, 3)
    product = MatVec(weights, FixedPoint.parse("fixed<6,2>"), bias, element, FixedPoint.parse(accum), order)
    x = builder.add("conv", "matvec", product, x)
    if relu:
        x = builder.add("act", "relu", Clamp(0), x)
    x = builder.add("act", "result", Cast(FixedPoint.parse(to)), x)
    x = builder.add("pool", "max", Pool(PoolFunction.MAX, (2, 2), (pool_stride, pool_stride)), x)
    return builder.build(["x"], [x])


@pytest.mark.parametrize("accum", ["fixed<18,10>", "fixed<8,3>", "fixed<8,3,TRN,SAT>", "fixed<8,4,RND,SAT>"])
@pytest.mark.parametrize(
    "to",
    [
        "ufixed<4,2,RND_CONV,SAT>",
        "ufixed<4,2,RND_CONV,WRAP>",
        "fixed<4,2,TRN,SAT>",
        "fixed<4,2,RND,WRAP>",
        "fixed<4,2,TRN,SAT_ZERO>",
        "ufixed<3,1,RND_MIN_INF,SAT_SYM>",
    ],
)
@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize("pool_stride", [1, 2])
def test_rewrites_of_convolutions_in_every_mode(accum, to, relu, pool_stride):
    dataflow = convolution(accum, to, relu, pool_stride)
    x = np.random.default_rng(1).uniform(-2.5, 2.5, (40, 6, 8, 2))
    expected = evaluated(dataflow, dataflow.outputs, [x])
    assert (evaluated(fused(dataflow), dataflow.outputs, [x])[0] == expected[0]).all()


def test_the_order_of_a_saturating_accumulator_is_kept():
    order = tuple(index for start in range(3) for index in range(start, 18, 3))
    dataflow = convolution("fixed<8,3,TRN,SAT>", "fixed<8,3>", False, 1, order)
    x = np.random.default_rng(1).uniform(-2.5, 2.5, (40, 6, 8, 2))
    expected = evaluated(dataflow, dataflow.outputs, [x])
    in_order = convolution("fixed<8,3,TRN,SAT>", "fixed<8,3>", False, 1)
    assert (evaluated(in_order, in_order.outputs, [x])[0] != expected[0]).any()
    assert (evaluated(fused(dataflow), dataflow.outputs, [x])[0] == expected[0]).all()


def test_results_read_twice_or_leaving_the_network_stay(zoo):
    dataflow = convolution("fixed<18,10>", "ufixed<4,2,RND_CONV,SAT>", True, 2)
    outputs = tuple(node.name for node in dataflow.nodes)
    from dataclasses import replace

    everything = replace(dataflow, outputs=outputs)
    x = np.random.default_rng(1).uniform(-2.5, 2.5, (40, 6, 8, 2))
    rewritten = fused(everything)
    for a, b in zip(evaluated(everything, outputs, [x]), evaluated(rewritten, outputs, [x]), strict=True):
        assert (a == b).all()
