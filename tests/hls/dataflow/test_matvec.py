"""`MatVec` and `DepthwiseMatVec` against a scalar loop, in every mode of the accumulator."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netloom.errors import PrecisionError
from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import DepthwiseMatVec, MatVec
from netloom.rounding import Rounding
from netloom.testing.operations import check_operation, full_bounds, random_raws, run, tensor, works_in_float32

WEIGHT = FixedPoint.parse("fixed<5,2>")
BIAS = FixedPoint.parse("fixed<6,4>")


def weights(rows, columns, seed=3):
    rng = np.random.default_rng(seed)
    return rng.integers(WEIGHT.raw_min, WEIGHT.raw_max + 1, (rows, columns)), rng.integers(-20, 20, columns)


def operation(cls, shape, accum, order=None, seed=3):
    matrix, bias = weights(*shape, seed)
    return cls(matrix, WEIGHT, bias, BIAS, FixedPoint.parse(accum), order)


def scalar(operation, inputs, x):
    """Product by product, sum by sum, as the C++ does; Python integers."""
    accum = operation.accum
    fraction = inputs[0].element.fraction + operation.weight_type.fraction
    depth, width = operation.weights.shape
    depthwise = isinstance(operation, DepthwiseMatVec)
    total = accum.cast(np.array(operation.bias), operation.bias_type.fraction).tolist()
    for index in operation.order if operation.order is not None else range(depth):
        for column in range(width):
            element = x[index * width + column] if depthwise else x[index]
            product = int(element) * int(operation.weights[index, column])
            term = int(accum.cast(np.array([product]), fraction)[0])
            total[column] = int(accum.confine(np.array([total[column] + term]))[0])
    return total


def check_against_scalar(operation, inputs, seed=0):
    result = check_operation(operation, inputs, seed)
    arrays = random_raws(inputs, seed)
    depth = inputs[0].shape[-1]
    flat, rows = arrays[0].reshape(-1, depth), result.reshape(-1, result.shape[-1])
    for x, row in zip(flat[:60], rows[:60], strict=False):
        assert row.tolist() == scalar(operation, inputs, x)
    return result


LOSSLESS = "fixed<24,14>"
CASES = {
    "lossless": LOSSLESS,
    "finer than needed": "fixed<26,12>",
    "wraps": "fixed<10,3>",
    "saturates": "fixed<10,3,TRN,SAT>",
    "saturates symmetrically": "fixed<10,3,TRN,SAT_SYM>",
    "saturates to zero": "fixed<10,3,TRN,SAT_ZERO>",
    "unsigned saturates": "ufixed<11,4,TRN,SAT>",
    "truncates": "fixed<12,8>",
    "rounds": "fixed<12,8,RND>",
    "rounds and wraps": "fixed<7,3,RND_CONV>",
    "rounds and saturates": "fixed<7,3,RND_ZERO,SAT>",
    "one bit": "fixed<1,1>",
}


@pytest.mark.parametrize("accum", CASES.values(), ids=CASES)
@pytest.mark.parametrize("order", [None, (0, 3, 1, 4, 2, 5)], ids=["in order", "strided"])
def test_matvec(accum, order):
    inputs = [tensor((2, 6), "fixed<7,3>")]
    check_against_scalar(operation(MatVec, (6, 4), accum, order), inputs)


@pytest.mark.parametrize("accum", CASES.values(), ids=CASES)
def test_depthwise(accum):
    inputs = [tensor((2, 3, 12), "ufixed<6,2>")]
    check_against_scalar(operation(DepthwiseMatVec, (4, 3), accum), inputs)


@settings(deadline=None, max_examples=60)
@given(
    cls=st.sampled_from([MatVec, DepthwiseMatVec]),
    depth=st.integers(1, 5),
    width=st.integers(1, 3),
    accum_width=st.integers(2, 16),
    accum_integer=st.integers(-1, 9),
    mode=st.tuples(st.sampled_from(Rounding), st.sampled_from(Overflow)),
    signed=st.booleans(),
    element=st.sampled_from(["fixed<4,2>", "ufixed<4,4>", "fixed<1,1>", "ufixed<3,-1>"]),
    seed=st.integers(0, 99),
)
def test_any_shape_and_type(cls, depth, width, accum_width, accum_integer, mode, signed, element, seed):
    accum = FixedPoint(accum_width, accum_integer, signed, *mode)
    inputs = [tensor((depth * (width if cls is DepthwiseMatVec else 1),), element)]
    check_against_scalar(operation(cls, (depth, width), str(accum), None, seed), inputs, seed)


@pytest.mark.parametrize("cls", [MatVec, DepthwiseMatVec])
def test_exact_sum_holds_everything_and_no_bit_more(cls):
    matrix, bias = weights(6, 4)
    inputs = [tensor((6 * (4 if cls is DepthwiseMatVec else 1),), "fixed<7,3>")]
    bounds = full_bounds(inputs)
    draft = cls(matrix, WEIGHT, bias, BIAS, FixedPoint(1, 1))
    exact = draft.exact_sum(inputs, bounds)
    proven = cls(matrix, WEIGHT, bias, BIAS, exact)
    assert not proven.may_overflow(inputs, bounds)
    narrow = FixedPoint(exact.width - 1, exact.integer - 1, exact.signed)
    low, high = proven._sums(inputs, bounds)[1].low.min(), proven._sums(inputs, bounds)[1].high.max()
    assert low < narrow.raw_min or high > narrow.raw_max, "one bit less would have held every partial sum"
    real = run(proven, inputs, random_raws(inputs)) / 2.0**exact.fraction
    x = random_raws(inputs)[0] / 2.0 ** inputs[0].element.fraction
    w, b = matrix / 2.0**WEIGHT.fraction, bias / 2.0**BIAS.fraction
    expected = x @ w + b if cls is MatVec else (x.reshape(-1, 6, 4) * w).sum(axis=1) + b
    assert (real == expected).all()


@pytest.mark.parametrize("end", ["low", "high"])
def test_bounds_of_a_matvec_are_reached(end):
    inputs = [tensor((6,), "fixed<7,3>")]
    product = operation(MatVec, (6, 4), LOSSLESS)
    (bounds,) = product.bounds(inputs, full_bounds(inputs))
    element = inputs[0].element
    for column in range(4):
        towards = product.weights[:, column] > 0
        worst = np.where(towards == (end == "high"), element.raw_max, element.raw_min)
        assert run(product, inputs, [worst[None]])[0, column] == getattr(bounds, end)[column]


def test_bounds_of_a_part_of_the_range_are_tighter_and_hold():
    from netloom.hls.dataflow import Bounds

    inputs = [tensor((6,), "fixed<7,3>")]
    product = operation(MatVec, (6, 4), LOSSLESS)
    part = Bounds(np.zeros(6, dtype=np.int64), np.arange(6))
    (proven,) = product.bounds(inputs, [part])
    (everything,) = product.bounds(inputs, full_bounds(inputs))
    assert (proven.low > everything.low).all() and (proven.high < everything.high).all()
    x = np.array(list(itertools.product(*(range(high + 1) for high in range(6)))))
    (result,) = product.prepare(inputs, [part], np.int64)[0]([x])
    assert (result.min(axis=0) == proven.low).all() and (result.max(axis=0) == proven.high).all()


def test_small_products_run_in_float32_and_wide_ones_do_not():
    product = operation(MatVec, (6, 4), LOSSLESS)
    assert works_in_float32(product, [tensor((6,), "fixed<7,3>")])
    assert not works_in_float32(operation(MatVec, (6, 4), "fixed<40,20>"), [tensor((6,), "fixed<20,3>")])
    lossy = operation(MatVec, (6, 4), CASES["truncates"])
    inputs = [tensor((6,), "fixed<7,3>")]
    assert lossy.prepare(inputs, full_bounds(inputs))[1] is np.int64


def test_wide_products_are_exact_in_int64():
    wide = FixedPoint.parse("fixed<24,1>")
    rng = np.random.default_rng(0)
    matrix = rng.integers(wide.raw_min, wide.raw_max, (9, 3))
    inputs = [tensor((9,), "fixed<28,1>")]
    zero = np.zeros(3, dtype=np.int64)
    draft = MatVec(matrix, wide, zero, BIAS, FixedPoint(1, 1))
    product = MatVec(matrix, wide, zero, BIAS, draft.exact_sum(inputs, full_bounds(inputs)))
    x = random_raws(inputs)[0]
    expected = x.astype(object) @ matrix.astype(object)
    assert run(product, inputs, [x]).tolist() == expected.tolist()


def test_products_beyond_any_type_are_refused_in_one_line():
    wide = FixedPoint.parse("fixed<40,1>")
    inputs = [tensor((2,), "fixed<220,1>")]
    draft = MatVec(np.full((2, 1), wide.raw_max), wide, np.zeros(1, dtype=np.int64), BIAS, FixedPoint(1, 1))
    with pytest.raises(PrecisionError, match=r"260 bits.*at most 256; put a QActivation") as caught:
        draft.exact_sum(inputs, full_bounds(inputs))
    assert "\n" not in str(caught.value)


def test_the_bias_is_cast_to_the_accumulator():
    inputs = [tensor((1,), "fixed<2,2>")]
    product = MatVec(np.zeros((1, 3), dtype=np.int64), WEIGHT, np.array([3, -3, 31]), BIAS, FixedPoint(3, 3))
    # BIAS has 2 fraction bits: 0.75 truncates to 0, -0.75 to -1, 7.75 to 7, which wraps to -1.
    assert product.start().tolist() == [0, -1, -1]
    assert run(product, inputs, [np.zeros((1, 1), dtype=np.int64)]).tolist() == [[0, -1, -1]]


def test_order_matters_only_where_the_accumulator_saturates():
    inputs = [tensor((4,), "fixed<8,8>")]
    ones = FixedPoint.parse("fixed<2,2>")
    arguments = (np.ones((4, 1), dtype=np.int64), ones, np.zeros(1, dtype=np.int64), ones)
    x = np.array([[100, 100, -100, -100]])
    saturating, wrapping = FixedPoint.parse("fixed<8,8,TRN,SAT>"), FixedPoint.parse("fixed<8,8>")

    def total(accum, order):
        return int(run(MatVec(*arguments, accum, order), inputs, [x])[0, 0])

    assert total(saturating, None) == -73
    assert total(saturating, (0, 2, 1, 3)) == 0
    assert total(wrapping, None) == total(wrapping, (0, 2, 1, 3)) == 0


def test_a_product_is_cast_before_it_meets_the_bias():
    # 1 - 0.5 fits the unsigned accumulator, but -0.5 alone does not: it saturates to 0, and 1 is left.
    inputs = [tensor((1,), "ufixed<4,0>")]
    type_ = FixedPoint.parse("fixed<6,2>")
    arguments = (np.array([[-16]]), type_, np.array([16]), type_)
    x = np.array([[0], [8], [15]])
    saturating = MatVec(*arguments, FixedPoint.parse("ufixed<8,1,TRN,SAT>"))
    assert run(saturating, inputs, [x]).ravel().tolist() == [128, 128, 128]
    assert saturating.may_overflow(inputs, full_bounds(inputs))
    wrapping = MatVec(*arguments, FixedPoint.parse("ufixed<8,1>"))
    assert run(wrapping, inputs, [x]).ravel().tolist() == [128, 64, 8]


def test_cost_counts_weights_and_positions():
    product = operation(MatVec, (6, 4), LOSSLESS)
    cost = product.cost([tensor((5, 6), "fixed<7,3>")])
    assert (cost.multiply_accumulates, cost.parameters) == (5 * 24, 28)
    assert cost.weight_bits == 24 * WEIGHT.width + 4 * BIAS.width
    scale = operation(DepthwiseMatVec, (1, 3), LOSSLESS)
    assert scale.cost([tensor((7, 3), "fixed<7,3>")]).multiply_accumulates == 21


def test_overflow_is_marked_where_the_sum_leaves_the_accumulator():
    inputs = [tensor((2,), "fixed<8,8>")]
    ones = FixedPoint.parse("fixed<2,2>")
    for accum in ("fixed<8,8>", "fixed<8,8,TRN,SAT>", "fixed<7,8>"):
        product = MatVec(
            np.ones((2, 1), dtype=np.int64), ones, np.zeros(1, dtype=np.int64), ones, FixedPoint.parse(accum)
        )
        x = np.array([[100, 27], [100, 28], [-100, -28], [-100, -29]])
        assert product.may_overflow(inputs, full_bounds(inputs))
        assert product.overflows(inputs, [x]).ravel().tolist() == [False, True, False, True], accum
