"""Kernels that slide, in operations, against loops over the definition: random sizes, steps, groups and padding."""

import itertools
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from designs import check_design, evaluate

from netloom.firmware.map.folding.folding import fold_for_interval, intervals
from netloom.firmware.map.layout import plan_design
from netloom.fixed_point import FixedPoint
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.kernels import Kernel, convolve, convolve_transposed
from netloom.hls.lower.pooling import pool_inside
from netloom.hls.lower.types import Planned

ELEMENT = FixedPoint.parse("fixed<5,3>")
WEIGHT = FixedPoint.parse("fixed<4,2>")


def graph(shape, build):
    """The graph of one layer on an input of `shape`, built by `build(context)`, which closes it or gives its result."""
    context = LoweringContext(Planned({}, {}), "io_parallel", {})
    context.enter(SimpleNamespace(name="x", class_name="Input", inputs=[], outputs=["x"]))
    context.source(shape, ELEMENT)
    context.enter(SimpleNamespace(name="layer", class_name="NetloomConvolution", inputs=["x"], outputs=["layer"]))
    result = build(context)
    if result is not None:
        context.finish(result)
    return context.builder.build(["x"], [context.output("layer")])


def computed(dataflow, x):
    """Values of the result for raws (samples, ...)."""
    (name,) = dataflow.outputs
    return evaluate(dataflow, [x])[name] * dataflow.types[name].element.step


def places(kernel, at, tap):
    return [
        o * stride + k * dilation - before
        for o, k, stride, dilation, before in zip(
            at, tap, kernel.stride, kernel.dilation, kernel.before, strict=True
        )
    ]  # fmt: skip


def reference(x, kernel, apart, weights, bias, groups):
    """One sample: element `place / apart` of the input where that is whole and inside, with its weights."""
    filters = weights.shape[-1]
    result = np.zeros((*kernel.positions, filters))
    taps = list(itertools.product(*map(range, kernel.size)))
    for at in itertools.product(*map(range, kernel.positions)):
        for f in range(filters):
            total, first = bias[f], f // (filters // groups) * weights.shape[1]
            for index, tap in enumerate(taps):
                place = places(kernel, at, tap)
                if all(p % s == 0 and 0 <= p // s < n for p, s, n in zip(place, apart, x.shape, strict=False)):
                    pixel = x[tuple(p // s for p, s in zip(place, apart, strict=True))]
                    total += sum(pixel[first + c] * weights[index, c, f] for c in range(weights.shape[1]))
            result[(*at, f)] = total
    return result


def drawn(rng, rank, transposed=False):
    """A shape, and a kernel that slides over it."""
    ones = (1,) * rank
    spatial = tuple(int(n) for n in rng.integers(3, 7, rank))
    size = tuple(int(n) for n in rng.integers(1, 4, rank))
    stride, dilation = (ones if transposed else tuple(int(n) for n in rng.integers(1, 4, rank)) for _ in range(2))
    before = tuple(int(rng.integers(-1, n)) for n in size)
    positions = tuple(int(n) for n in rng.integers(1, 5 if rank == 3 else 7, rank))
    return spatial, Kernel(size, stride, dilation, before, positions)


def convolution(seed):
    """A graph, and what it means: a function of one sample."""
    rng = np.random.default_rng(seed)
    rank, groups, depth = int(rng.integers(1, 4)), int(rng.integers(1, 4)), int(rng.integers(1, 3))
    spatial, kernel = drawn(rng, rank)
    filters = groups * int(rng.integers(1, 3))
    weights = rng.integers(-8, 8, (int(np.prod(kernel.size)), depth, filters))
    bias = rng.integers(-8, 8, filters)

    def build(context):
        return convolve(context, context.inputs[0], kernel, (weights, WEIGHT), (bias, WEIGHT), groups)

    dataflow = graph((*spatial, groups * depth), build)
    return dataflow, lambda x: reference(x, kernel, (1,) * rank, weights / 4, bias / 4, groups)


def transposed(seed):
    """Likewise, with zeros between the elements."""
    rng = np.random.default_rng(seed)
    rank, filters, channels = int(rng.integers(1, 4)), int(rng.integers(1, 3)), int(rng.integers(1, 3))
    spatial, kernel = drawn(rng, rank, transposed=True)
    apart = tuple(int(n) for n in rng.integers(1, 4, rank))
    weights = rng.integers(-8, 8, (int(np.prod(kernel.size)), channels, filters))
    bias = rng.integers(-8, 8, filters)

    def build(context):
        return convolve_transposed(context, context.inputs[0], kernel, apart, (weights, WEIGHT), (bias, WEIGHT))

    dataflow = graph((*spatial, channels), build)
    return dataflow, lambda x: reference(x, kernel, apart, weights / 4, bias / 4, 1)


def pooling(seed, average):
    """A graph, and the elements inside the window at each position of a sample."""
    rng = np.random.default_rng(seed)
    rank = int(rng.integers(1, 4))
    size = tuple(int(n) for n in rng.integers(1, 4, rank))
    stride = tuple(int(n) for n in rng.integers(1, 4, rank))
    spatial = tuple(int(n) for n in rng.integers(3, 7, rank))
    before, after = (tuple(int(rng.integers(0, n)) for n in size) for _ in range(2))
    # All positions there are, each of which meets the image.
    positions = tuple(
        (n + sum(edges) - k) // step + 1
        for n, edges, k, step in zip(spatial, zip(before, after, strict=True), size, stride, strict=True)
    )
    kernel = Kernel(size, stride, (1,) * rank, before, positions)
    dataflow = graph((*spatial, 2), lambda context: pool_inside(context, kernel, average, (*positions, 2)))

    def inside(x):
        for at in itertools.product(*map(range, positions)):
            met = [tuple(places(kernel, at, tap)) for tap in itertools.product(*map(range, size))]
            yield at, np.array([x[p] for p in met if all(0 <= i < n for i, n in zip(p, spatial, strict=True))])

    return dataflow, inside


def raws(dataflow):
    (tensor,) = dataflow.sources.values()
    return np.random.default_rng(0).integers(-16, 16, (3, *tensor.shape))


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("make", [convolution, transposed])
def test_convolution(make, seed):
    dataflow, meaning = make(seed)
    x = raws(dataflow)
    for sample, result in zip(x, computed(dataflow, x), strict=True):
        np.testing.assert_array_equal(result, meaning(sample / 4))


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("average", [False, True])
def test_pooling(average, seed):
    dataflow, inside = pooling(seed, average)
    x = raws(dataflow)
    for sample, result in zip(x, computed(dataflow, x), strict=True):
        for at, elements in inside(sample / 4):
            if average:
                # Towards zero, to less than 2**-8 of a step.
                exact = elements.sum(axis=0) / len(elements)
                assert (np.abs(result[at]) <= np.abs(exact)).all() and (np.abs(exact - result[at]) < 2**-10).all()
            else:
                np.testing.assert_array_equal(result[at], elements.max(axis=0))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "make", [convolution, transposed, partial(pooling, average=False), partial(pooling, average=True)]
)
def test_in_hardware(make, seed):
    """Emitted and simulated, with and without stalls; cycles as counted."""
    dataflow, _ = make(seed)
    choices = intervals(dataflow)
    folding = fold_for_interval(dataflow, choices[seed % len(choices)] if choices else 1)
    check_design(dataflow, plan_design(dataflow, folding), folding, samples=4, seeds=(1,))
