"""`MatMul`: two tensors that both change, against scalar sums."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netloom.errors import PrecisionError
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Bounds, MatMul
from netloom.testing.operations import check_operation, full_bounds, random_raws, run, tensor, works_in_float32


def scalar(a, b, transposed):
    """Of one sample without leading axes, in Python integers."""
    second = b.T if transposed else b
    return [
        [sum(int(a[m, k]) * int(second[k, n]) for k in range(a.shape[1])) for n in range(second.shape[1])]
        for m in range(a.shape[0])
    ]


@settings(deadline=None, max_examples=60)
@given(
    shape=st.tuples(*[st.integers(1, 4)] * 3),
    widths=st.tuples(st.integers(2, 26), st.integers(2, 26)),
    transposed=st.booleans(),
    signed=st.booleans(),
)
def test_equals_scalar_sums_in_every_dtype(shape, widths, transposed, signed):
    m, k, n = shape
    prefix = "" if signed else "u"
    inputs = [
        tensor((m, k), f"fixed<{widths[0]},2>"),
        tensor((n, k) if transposed else (k, n), f"{prefix}fixed<{widths[1]},1>"),
    ]
    result = check_operation(MatMul(transposed), inputs)
    for a, b, found in zip(*random_raws(inputs), result, strict=True):
        assert found.tolist() == scalar(a, b, transposed)


def test_leading_axes_are_each_a_product():
    inputs = [tensor((2, 3, 4), "fixed<6,3>"), tensor((2, 5, 4), "fixed<6,3>")]
    result = check_operation(MatMul(True), inputs)
    a, b = random_raws(inputs)
    for head in range(2):
        assert result[3, head].tolist() == scalar(a[3, head], b[3, head], True)


def test_bounds_are_reached_and_the_type_is_the_narrowest():
    inputs = [tensor((1, 2), "fixed<3,3>"), tensor((2, 1), "ufixed<2,2>")]
    operation = MatMul()
    part = [Bounds(np.array([[-3, 1]]), np.array([[2, 3]])), Bounds(np.array([[0], [1]]), np.array([[3], [2]]))]
    (proven,) = operation.bounds(inputs, part)
    every = [x0 * y0 + x1 * y1 for x0 in range(-3, 3) for x1 in range(1, 4) for y0 in range(4) for y1 in range(1, 3)]
    assert (proven.low.item(), proven.high.item()) == (min(every), max(every))
    (declared,) = operation.outputs(inputs)
    assert declared.element == FixedPoint(6, 6)  # -24 to 18


def test_partial_sums_count():
    """Terms that cancel each other still have to fit on the way."""
    inputs = [tensor((1, 2), "fixed<14,14>"), tensor((2, 1), "fixed<14,14>")]
    opposite = [Bounds(np.array([[5000, -5000]]), np.array([[5000, -5000]])), Bounds(*[np.full((2, 1), 5000)] * 2)]
    assert MatMul().bounds(inputs, opposite)[0].magnitude == 0
    assert MatMul().prepare(inputs, opposite)[1] is np.float64


def test_dtypes():
    assert works_in_float32(MatMul(), [tensor((2, 4), "fixed<10,3>"), tensor((4, 2), "fixed<10,3>")])
    assert not works_in_float32(MatMul(), [tensor((2, 64), "fixed<10,3>"), tensor((64, 2), "fixed<11,3>")])


def test_beyond_int64():
    inputs = [tensor((1, 3), "fixed<60,3>"), tensor((3, 1), "fixed<60,3>")]
    raws = [np.full((1, 1, 3), inputs[0].element.raw_min), np.full((1, 3, 1), inputs[1].element.raw_min)]
    assert run(MatMul(), inputs, raws).item() == 3 * inputs[0].element.raw_min ** 2
    assert MatMul().bounds(inputs, full_bounds(inputs))[0].high.item() == 3 * inputs[0].element.raw_min ** 2


def test_what_does_not_fit():
    a, b = tensor((2, 3), "fixed<6,3>"), tensor((3, 4), "fixed<6,3>")
    assert MatMul().holds([a, b]) and not MatMul(True).holds([a, b]) and not MatMul().holds([a])
    with pytest.raises(PrecisionError, match="matrix product of fixed<140,3"):
        MatMul().outputs([tensor((2, 3), "fixed<140,3>"), tensor((3, 2), "fixed<140,3>")])


def test_cost():
    assert MatMul().cost([tensor((2, 3), "fixed<6,3>"), tensor((3, 4), "fixed<6,3>")]).multiply_accumulates == 24
