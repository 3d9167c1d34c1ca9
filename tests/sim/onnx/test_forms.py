"""Every operation's form in ONNX equals its meaning on integers: every option, in float32, float64 and int64."""

from dataclasses import replace

import numpy as np
import pytest
from recurrent import FEATURES, STEPS, UNITS, X, alone, lstm, simple

from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import (
    Cast,
    Clamp,
    DepthwiseMatVec,
    Divide,
    Elementwise,
    ElementwiseFunction,
    Gather,
    Lookup,
    MatMul,
    MatVec,
    Permute,
    Pool,
    PoolFunction,
    Reduce,
    Scan,
    Summation,
    TensorType,
    Window,
)
from netloom.hls.dataflow.storage import OPERATIONS
from netloom.rounding import Rounding
from netloom.testing.operations import tensor

pytest.importorskip("onnxruntime")
from onnx_forms import check_form

ALL = {np.float32, np.float64, np.int64}
RNG = np.random.default_rng(3)
WEIGHT = FixedPoint.parse("fixed<5,2>")


def accumulation(kind, depth, columns, accum, order=None):
    weights, bias = RNG.integers(-16, 15, (depth, columns)), RNG.integers(-16, 15, columns)
    return kind(weights, WEIGHT, bias, WEIGHT, FixedPoint.parse(accum), order)


def test_every_operation_has_a_form():
    from netloom.sim.onnx.operations.table import FORMS

    assert set(FORMS) == set(OPERATIONS.values())


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("overflow", Overflow)
def test_cast(rounding, overflow):
    for text in ("fixed<4,2>", "ufixed<5,1>", "fixed<9,1>", "fixed<1,1>"):
        to = FixedPoint.parse(text).with_modes(rounding, overflow)
        assert check_form(Cast(to), [tensor((30,), "fixed<10,5>")]) == ALL
    check_form(Cast(FixedPoint.parse("fixed<31,9>").with_modes(rounding, overflow)), [tensor((30,), "fixed<60,30>")])


@pytest.mark.parametrize("clamp", [Clamp(0), Clamp(-3, 5), Clamp(2, 2), Clamp(-1000), Clamp(0, 1 << 40)])
def test_clamp(clamp):
    check_form(clamp, [tensor((7,), "fixed<6,3>")])


WIDE, LOSSY = "fixed<18,10>", "fixed<8,5,RND_INF,WRAP>"
ACCUMULATORS = (
    WIDE,
    "fixed<8,4>",
    LOSSY,
    "fixed<9,6,RND_CONV,SAT>",
    "fixed<9,5,TRN,SAT_SYM>",
    "fixed<9,5,TRN,SAT_ZERO>",
)


@pytest.mark.parametrize("accum", ACCUMULATORS)
@pytest.mark.parametrize("shape", [(6,), (2, 3, 6)])
def test_matvec(accum, shape):
    for order in (None, (5, 1, 0, 2, 4, 3)):
        check_form(accumulation(MatVec, 6, 4, accum, order), [tensor(shape, "fixed<6,3>")])
        check_form(accumulation(DepthwiseMatVec, 3, 2, accum, order and (2, 0, 1)), [tensor(shape, "fixed<6,3>")])


def test_matvec_in_wide_numbers():
    wide = accumulation(MatVec, 6, 4, "fixed<60,40>")
    assert check_form(wide, [tensor((6,), "fixed<44,34>")]) == {np.int64}
    assert check_form(accumulation(DepthwiseMatVec, 3, 2, "fixed<60,40>"), [tensor((6,), "fixed<40,30>")]) >= {
        np.float64
    }


@pytest.mark.parametrize("padding", [(0, 0), (1, 2)])
@pytest.mark.parametrize("step", [(1, 1), (2, 1), (1, 2), (2, 3)])
def test_window(padding, step):
    stride, dilation = step
    check_form(Window((3,), (stride,), (padding,), (dilation,)), [tensor((9, 2), "fixed<6,3>")])
    view = Window((2, 3), (stride, 1), (padding, (0, 1)), (1, dilation))
    assert check_form(view, [tensor((6, 8, 2), "fixed<6,3>")]) == ALL


@pytest.mark.parametrize(
    "accum", [None, "fixed<10,6>", "fixed<7,5,RND>", "fixed<6,3,RND,SAT>", "fixed<5,3,TRN,SAT_ZERO>"]
)
@pytest.mark.parametrize("summation", Summation)
def test_pool_and_reduce(accum, summation):
    type_ = accum and FixedPoint.parse(accum)
    function = PoolFunction.SUM if accum else PoolFunction.MAX
    for kernel, stride in (((2,), (2,)), ((3,), (1,)), ((7,), (7,))):
        check_form(Pool(function, kernel, stride, type_, summation), [tensor((7, 2), "fixed<6,3>")])
    assert check_form(Pool(function, (2, 3), (1, 2), type_, summation), [tensor((4, 6, 2), "fixed<6,3>")]) == ALL
    for size in (1, 2, 5, 8):
        check_form(Reduce(type_, summation), [tensor((2, size), "fixed<6,3>")])


def test_divide():
    for divisor in (1, 3, 7, 64):
        assert check_form(Divide(divisor), [tensor((40,), "fixed<9,3>")]) == ALL
    check_form(Divide(49), [tensor((40,), "fixed<50,20>")])


@pytest.mark.parametrize("toward_zero", [True, False])
@pytest.mark.parametrize("address", [{}, {"shift": 2, "offset": 5}, {"scale": 3, "shift": 4, "offset": -2}])
def test_lookup(toward_zero, address):
    table = RNG.integers(-128, 127, 37)
    lookup = Lookup(table, FixedPoint.parse("fixed<8,2>"), **address, toward_zero=toward_zero)
    check_form(lookup, [tensor((50,), "fixed<7,3>")])
    check_form(lookup, [tensor((50,), "fixed<33,30>")])
    check_form(
        replace(lookup, table=table * 2**40, element=FixedPoint.parse("fixed<50,2>")), [tensor((9,), "fixed<56,3>")]
    )


@pytest.mark.parametrize("function", ElementwiseFunction)
def test_elementwise(function):
    assert check_form(Elementwise(function), [tensor((3, 4), "fixed<6,3>"), tensor((3, 1), "ufixed<7,2>")]) == ALL
    check_form(Elementwise(function), [tensor((3, 4), "fixed<29,3>"), tensor((1, 4), "fixed<29,9>")])


def test_permute():
    picture = tensor((3, 4), "fixed<6,3>")
    for indices in (np.arange(12).reshape(2, 6), np.arange(12)[::-1].copy(), np.array([[3, -1], [-1, 11]])):
        assert check_form(Permute(indices), [picture]) == ALL
    check_form(Permute(np.arange(24)), [picture, picture])
    check_form(Permute(np.array([[23, -1, 0], [12, 11, -1]])), [picture, picture])


@pytest.mark.parametrize("transposed", [True, False])
def test_matmul(transposed):
    for text in ("fixed<6,3>", "fixed<20,3>", "fixed<28,3>"):
        second = (2, 4, 5) if transposed else (2, 5, 4)
        check_form(MatMul(transposed), [tensor((2, 3, 5), text), tensor(second, text)])


@pytest.mark.parametrize("index", ["fixed<6,4>", "fixed<6,9>", "ufixed<3,3>", "fixed<40,30>"])
def test_gather(index):
    table = RNG.integers(-30, 30, (7, 3))
    check_form(Gather(table, FixedPoint.parse("fixed<6,3>")), [tensor((2, 5), index)])
    check_form(Gather(), [tensor((7, 3), "fixed<6,3>"), tensor((2, 5), index)])


FED = TensorType((STEPS, FEATURES), X)


@pytest.mark.parametrize("reverse", [True, False])
@pytest.mark.parametrize("wrap", [True, False])
def test_scan(reverse, wrap):
    for every in (True, False):
        check_form(simple(every, reverse, wrap), [FED])
    for kept in ((True, False), (False, True), (True, True), (False, False)):
        check_form(lstm(kept), [FED])


def test_scan_of_states_that_are_brought():
    state = TensorType((UNITS,), simple().body.types["h"].element)
    check_form(replace(lstm(), initial=(None, np.array([0, 5]))), [FED, state])
    check_form(replace(lstm(), initial=(None, None)), [FED, state, state])
    check_form(alone(), [state])
    check_form(alone(every=False), [state])


def test_scan_within_a_scan():
    from netloom.hls.dataflow import DataflowBuilder

    builder = DataflowBuilder()
    state = simple().body.types["h"]
    builder.source("total", state)
    builder.source("rows", FED)
    inner = builder.add("outer", "inner", simple(False), "rows")
    added = builder.add("outer", "add", Elementwise(ElementwiseFunction.ADD), inner, "total")
    result = builder.add("outer", "result", Cast(state.element), added)
    body = builder.build(["total", "rows"], [result])
    scan = Scan(body, (("total", result),), (np.zeros(UNITS, np.int64),), 4, (True,))
    check_form(scan, [TensorType((4, *FED.shape), X)])
