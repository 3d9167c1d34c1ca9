"""`Elementwise`: five functions of two tensors, points aligned, nothing lost."""

import operator

import numpy as np
import pytest

from netloom.errors import PrecisionError
from netloom.hls.dataflow import Elementwise, ElementwiseFunction
from netloom.testing.operations import check_operation, full_bounds, random_raws, run, tensor

FUNCTIONS = {
    ElementwiseFunction.ADD: operator.add,
    ElementwiseFunction.SUBTRACT: operator.sub,
    ElementwiseFunction.MULTIPLY: operator.mul,
    ElementwiseFunction.MAXIMUM: np.maximum,
    ElementwiseFunction.MINIMUM: np.minimum,
}
PAIRS = [
    ("fixed<6,3>", "fixed<6,3>"),
    ("fixed<6,3>", "ufixed<8,2>"),
    ("ufixed<4,6>", "fixed<5,-1>"),
    ("ufixed<5,5>", "ufixed<3,1>"),
]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
@pytest.mark.parametrize("second_shape", [(2, 5), (2, 1), (1, 5)], ids=str)
def test_equals_the_function_of_the_values(function, pair, second_shape):
    inputs = [tensor((2, 5), pair[0]), tensor(second_shape, pair[1])]
    operation = Elementwise(function)
    result = check_operation(operation, inputs)
    a, b = (each.element.to_float(raws) for each, raws in zip(inputs, random_raws(inputs), strict=True))
    element = operation.outputs(inputs)[0].element
    assert (element.to_float(result) == FUNCTIONS[function](a, b)).all()


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_bounds_are_reached_and_the_type_is_the_narrowest(function, pair):
    inputs = [tensor((1,), text) for text in pair]
    operation = Elementwise(function)
    raws = [np.arange(each.element.raw_min, each.element.raw_max + 1) for each in inputs]
    a, b = (grid.reshape(-1, 1) for grid in np.meshgrid(*raws))
    result = run(operation, inputs, [a, b])
    (proven,) = operation.bounds(inputs, full_bounds(inputs))
    assert (proven.low[0], proven.high[0]) == (result.min(), result.max())
    element = operation.outputs(inputs)[0].element
    assert element == element.containing(int(result.min()), int(result.max()), element.fraction)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_wide_inputs(function):
    check_operation(Elementwise(function), [tensor((9,), "fixed<26,3>"), tensor((9,), "ufixed<26,5>")])


def test_only_products_cost_multipliers():
    inputs = [tensor((2, 5), "fixed<6,3>")] * 2
    assert Elementwise(ElementwiseFunction.MULTIPLY).cost(inputs).multiply_accumulates == 10
    assert Elementwise(ElementwiseFunction.ADD).cost(inputs).multiply_accumulates == 0


def test_results_beyond_any_type_are_refused_in_one_line():
    with pytest.raises(PrecisionError, match=r"multiply of fixed<140,3.*280 bits.*at most 256; put a QAct") as caught:
        Elementwise(ElementwiseFunction.MULTIPLY).outputs([tensor((2,), "fixed<140,3>")] * 2)
    assert "\n" not in str(caught.value)
    with pytest.raises(PrecisionError):
        Elementwise(ElementwiseFunction.ADD).outputs([tensor((2,), "fixed<8,260>"), tensor((2,), "fixed<8,-2>")])
