"""Every operation at widths of 1 to 128 bits, against a slow scalar reference in Python's own integers."""

import itertools
from functools import reduce

import numpy as np
from exact import cast
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from netloom.errors import PrecisionError
from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import (
    Bounds,
    Cast,
    Clamp,
    DepthwiseMatVec,
    Divide,
    Elementwise,
    ElementwiseFunction,
    Lookup,
    MatVec,
    Permute,
    Pool,
    PoolFunction,
    Reduce,
    Summation,
    TensorType,
    Window,
    in_dtype,
)
from netloom.rounding import EXACT_LIMIT, Rounding

MODES = list(itertools.product(Rounding, Overflow))
SAMPLES = 4

types = st.builds(FixedPoint, st.integers(1, 128), st.integers(-70, 140), st.booleans())
near = st.builds(FixedPoint, st.integers(1, 128), st.integers(-20, 40), st.booleans())
accumulators = st.builds(
    lambda type_, mode: type_.with_modes(*mode),
    st.builds(FixedPoint, st.integers(1, 128), st.integers(-20, 60), st.booleans()),
    st.sampled_from(MODES),
)
exhaustive = settings(deadline=None, max_examples=150)


def raws(data, shape, element):
    """Raws of a type, often at its ends."""
    ends = st.sampled_from([element.raw_min, element.raw_max, 0])
    count = int(np.prod(shape))
    drawn = data.draw(st.lists(ends | st.integers(element.raw_min, element.raw_max), min_size=count, max_size=count))
    return np.array(drawn, dtype=object).reshape(shape)


def check(operation, data, shapes, elements, scalar):
    """Hold an operation against `scalar` (lists of Python integers of one sample -> those of the result).

    In the dtype it chooses, and in every wider one; within the proven bounds; overflow seen only where
    it may be.
    """
    inputs = [TensorType(shape, element) for shape, element in zip(shapes, elements, strict=True)]
    arrays = [raws(data, (SAMPLES, *shape), element) for shape, element in zip(shapes, elements, strict=True)]
    bounds = [Bounds.of(tensor) for tensor in inputs]
    expected = [scalar(*(array[sample].ravel().tolist() for array in arrays)) for sample in range(SAMPLES)]
    greatest = max(abs(raw) for row in expected for raw in row)
    for least in (*EXACT_LIMIT, np.object_):
        run, dtype = operation.prepare(inputs, bounds, least)
        assert greatest <= EXACT_LIMIT.get(dtype, greatest)
        given_arrays = [in_dtype(array, dtype) for array in arrays]
        (result,) = run(given_arrays)
        assert result.reshape(SAMPLES, -1).tolist() == expected, dtype
        for array, original in zip(given_arrays, arrays, strict=True):
            assert (array == original).all(), "an operation changed its input"
    (proven,) = operation.bounds(inputs, bounds)
    result = np.array(expected, dtype=object).reshape(SAMPLES, *operation.outputs(inputs)[0].shape)
    assert ((proven.low <= result) & (result <= proven.high)).all()
    integer = [in_dtype(array, operation.prepare(inputs, bounds, np.int64)[1]) for array in arrays]
    overflows = operation.overflows(inputs, integer)
    if overflows is not None and not operation.may_overflow(inputs, bounds):
        assert not overflows.any()


@exhaustive
@given(data=st.data(), source=types, target=types, mode=st.sampled_from(MODES))
def test_cast(data, source, target, mode):
    to = target.with_modes(*mode)
    check(Cast(to), data, [(3,)], [source], lambda x: [cast(raw, source.fraction, to) for raw in x])


@exhaustive
@given(data=st.data(), source=types)
def test_clamp(data, source):
    limits = st.integers(source.raw_min, source.raw_max)
    low = data.draw(limits)
    high = data.draw(st.none() | limits.filter(lambda high: high >= low))
    top = source.raw_max if high is None else high
    check(Clamp(low, high), data, [(3,)], [source], lambda x: [min(max(raw, low), top) for raw in x])


@exhaustive
@given(data=st.data(), first=near, second=near, function=st.sampled_from(ElementwiseFunction))
def test_elementwise(data, first, second, function):
    def scalar(a, b):
        one, two = first.fraction, second.fraction
        if function is ElementwiseFunction.MULTIPLY:
            return [x * y for x, y in zip(a, b, strict=True)]
        finest = max(one, two)
        pairs = [(x << (finest - one), y << (finest - two)) for x, y in zip(a, b, strict=True)]
        functions = {
            ElementwiseFunction.ADD: lambda x, y: x + y,
            ElementwiseFunction.SUBTRACT: lambda x, y: x - y,
            ElementwiseFunction.MAXIMUM: max,
            ElementwiseFunction.MINIMUM: min,
        }
        return [functions[function](*pair) for pair in pairs]

    check(Elementwise(function), data, [(3,), (3,)], [first, second], scalar)


def accumulated(terms, fraction, accum, order=Summation.SEQUENTIAL):
    """A sum in `accum`, term by term or as a tree."""
    terms = [cast(term, fraction, accum) for term in terms]

    def confined(total):
        return cast(total, accum.fraction, accum)

    def tree(part):
        if len(part) == 1:
            return part[0]
        left = 1 << ((len(part) - 1).bit_length() - 1)
        return confined(tree(part[:left]) + tree(part[left:]))

    return tree(terms) if order is Summation.TREE else reduce(lambda a, b: confined(a + b), terms)


@exhaustive
@given(data=st.data(), source=near, accum=accumulators, order=st.sampled_from(Summation))
def test_sums_and_maxima(data, source, accum, order):
    def total(x):
        return [accumulated(x, source.fraction, accum, order)]

    check(Reduce(accum, order), data, [(5,)], [source], total)
    check(Pool(PoolFunction.SUM, (5,), (5,), accum, order), data, [(5, 1)], [source], total)
    check(Reduce(), data, [(5,)], [source], lambda x: [max(x)])
    check(Pool(PoolFunction.MAX, (5,), (5,)), data, [(5, 1)], [source], lambda x: [max(x)])


@exhaustive
@given(data=st.data(), source=types, divisor=st.integers(1, 1000))
def test_divide(data, source, divisor):
    check(Divide(divisor), data, [(3,)], [source], lambda x: [(abs(r) // divisor) * (1 if r >= 0 else -1) for r in x])


def test_wide_inputs_of_zero_weights():
    """Taken in order, as bits are lost: their products are zeros, but NumPy must hold the inputs."""
    source, accum = FixedPoint(65, 0), FixedPoint(1, 0, signed=False)
    zeros = MatVec(np.zeros((2, 1), int), FixedPoint(1, 2, signed=False), np.zeros(1, int), accum, accum)
    tensor = TensorType((2,), source)
    run, dtype = zeros.prepare([tensor], [Bounds.of(tensor)])
    raws = np.array([[source.raw_min, source.raw_max]], dtype=object)
    assert run([in_dtype(raws, dtype)])[0].tolist() == [[0]]


@settings(deadline=None, max_examples=300)
@given(data=st.data(), source=near, weight=near, bias=near, accum=accumulators, depthwise=st.booleans())
def test_matrix_products(data, source, weight, bias, accum, depthwise):
    depth, width = 3, 2
    weights, start = raws(data, (depth, width), weight), raws(data, (width,), bias)
    columns = [[int(w) for w in weights[:, n]] for n in range(width)]

    def scalar(x):
        totals = []
        for n in range(width):
            total = cast(int(start[n]), bias.fraction, accum)
            for k in range(depth):
                element = x[k * width + n] if depthwise else x[k]
                term = cast(element * columns[n][k], source.fraction + weight.fraction, accum)
                total = cast(total + term, accum.fraction, accum)
            totals.append(total)
        return totals

    operation = (DepthwiseMatVec if depthwise else MatVec)(weights, weight, start, bias, accum)
    check(operation, data, [(depth * width if depthwise else depth,)], [source], scalar)


@settings(deadline=None, max_examples=100)
@given(data=st.data(), source=near, weight=near, depthwise=st.booleans())
def test_matrix_products_in_their_own_accumulator_lose_nothing(data, source, weight, depthwise):
    weights, zero = raws(data, (3, 2), weight), np.zeros(2, dtype=np.int64)
    kind = DepthwiseMatVec if depthwise else MatVec
    tensor = TensorType((6 if depthwise else 3,), source)
    try:
        accum = kind(weights, weight, zero, weight, FixedPoint(1, 1)).exact_sum([tensor], [Bounds.of(tensor)])
    except PrecisionError:
        reject()  # the sums need more bits than a type has

    def scalar(x):
        steps = 1 << (accum.fraction - source.fraction - weight.fraction)
        terms = [[x[2 * k + n] if depthwise else x[k] for k in range(3)] for n in range(2)]
        return [sum(e * int(w) * steps for e, w in zip(terms[n], weights[:, n], strict=True)) for n in range(2)]

    check(kind(weights, weight, zero, weight, accum), data, [tensor.shape], [source], scalar)


@exhaustive
@given(data=st.data(), source=types, scale=st.integers(1, 2**20), shift=st.integers(0, 140), toward_zero=st.booleans())
def test_lookup(data, source, scale, shift, toward_zero):
    table = np.array([5, -3, 2**70, 1, 0, -(2**90)], dtype=object)
    offset = data.draw(st.integers(-3, 3))

    def index(raw):
        product = raw * scale
        shifted = (abs(product) >> shift) * (1 if product >= 0 else -1) if toward_zero else product >> shift
        return min(max(shifted + offset, 0), len(table) - 1)

    operation = Lookup(table, FixedPoint(100, 100), scale, shift, offset, toward_zero)
    check(operation, data, [(3,)], [source], lambda x: [table[index(raw)] for raw in x])


@exhaustive
@given(data=st.data(), source=types)
def test_what_only_moves(data, source):
    check(Permute(np.array([2, -1, 0, 1])), data, [(3,)], [source], lambda x: [x[2], 0, x[0], x[1]])
    check(Window((2,), (1,), ((1, 0),)), data, [(2, 1)], [source], lambda x: [0, x[0], x[0], x[1]])


def test_sums_of_weights_beyond_int64_do_not_wrap():
    type_ = FixedPoint(62, 62)
    weights, zero = np.full((8, 1), type_.raw_min), np.zeros(1, dtype=np.int64)
    product = MatVec(weights, type_, zero, type_, FixedPoint(100, 100))
    x = np.full((1, 8), 7, dtype=object)
    tensor = TensorType((8,), FixedPoint(4, 4))
    (result,) = product.prepare([tensor], [Bounds.of(tensor)], np.object_)[0]([x])
    assert result.tolist() == [[8 * 7 * type_.raw_min]]
