"""Loops and tables in the C++ of engine `fixed`, against NumPy."""

from dataclasses import replace

import numpy as np
import pytest
from native_forms import check, product, stack

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import (
    Cast,
    DataflowBuilder,
    Elementwise,
    ElementwiseFunction,
    Gather,
    Lookup,
    MatVec,
    Permute,
    Scan,
    TensorType,
)
from netloom.sim.native import program
from netloom.sim.native.loops import products_into_loops
from netloom.sim.native.native_library import native_library

pytestmark = pytest.mark.skipif(native_library() is None, reason="no compiler")

BYTE = FixedPoint.parse("fixed<8,3,RND_CONV,SAT>")
ENTRY = FixedPoint.parse("fixed<9,2>")


@pytest.mark.parametrize("toward_zero", [False, True])
@pytest.mark.parametrize(("scale", "shift", "offset"), [(1, 0, 64), (1, 3, 8), (5, 2, 20), (3, 5, 0)])
def test_tables_of_numbers(scale, shift, offset, toward_zero, made):
    table = np.random.default_rng(0).integers(-256, 256, 100)
    lookup = Lookup(table, ENTRY, scale, shift, offset, toward_zero)
    check(stack("fixed<7,3,RND_CONV,SAT>", lookup, shape=(37,)), made)


def test_a_table_behind_a_cast_and_before_a_product(made):
    table = np.arange(-8, 8)
    index = Cast(FixedPoint.parse("fixed<4,4,TRN,SAT>"))
    flow = stack("fixed<7,3,RND_CONV,SAT>", index, Lookup(table, BYTE, offset=8), product(40, 5), index)
    check(flow, made)


@pytest.mark.parametrize("source", ["ufixed<5,5,RND,SAT>", "fixed<8,6,RND_CONV,SAT>", "fixed<5,7,RND_CONV,SAT>"])
@pytest.mark.parametrize("row", [(), (3,), (35,), (2, 3)])
def test_rows_of_a_table(row, source, made):
    table = np.random.default_rng(0).integers(-128, 128, (11, *row))
    check(stack(source, Gather(table, BYTE), shape=(6,)), made)


def looped(scan, *layers, begun=()):
    """A loop, what its steps take given as it is; behind it the layers."""
    builder = DataflowBuilder()
    fed = [
        builder.source(
            f"in{index}", TensorType((scan.steps, *scan.body.types[name].shape), scan.body.types[name].element)
        )
        for index, name in enumerate(scan.fed)
    ]
    states = [builder.source(f"state{index}", scan.body.types[name]) for index, name in enumerate(begun)]
    last = builder.add("loop", "scan", scan, *fed, *states)
    results = [last, *(f"{last}.{index}" for index in range(1, scan.results))]
    for index, layer in enumerate(layers):
        results[0] = builder.add(f"layer{index}", "result", layer, results[0])
    return builder.build([*fed, *states], results)


@pytest.mark.parametrize("every", [True, False])
@pytest.mark.parametrize("reverse", [True, False])
@pytest.mark.parametrize(
    "state", [BYTE, FixedPoint.parse("fixed<8,3,RND,WRAP>"), FixedPoint.parse("fixed<10,4,TRN,SAT>")]
)
def test_one_state(every, reverse, state, made):
    check(looped(replace(gated("one", 5, TensorType((5, 17), BYTE), every, state), reverse=reverse)), made)


BEGIN = (np.array([1, -2, 0]), np.array([0, 5, 9]))


def memory(every, initial=BEGIN):
    """c = g * c + x, h = table(c), g = table(W h); gives h and c."""
    builder = DataflowBuilder()
    h, c, x = (builder.source(name, TensorType((3,), BYTE)) for name in "hcx")
    index = Cast(FixedPoint.parse("fixed<4,4,TRN,SAT>"))
    gate = Lookup(np.arange(16) + 8, FixedPoint.parse("ufixed<5,1>"), offset=8)
    g = builder.add("g", "table", gate, builder.add("g", "index", index, builder.add("g", "product", product(3, 3), h)))
    kept = builder.add("c", "kept", Elementwise(ElementwiseFunction.MULTIPLY), g, c)
    c_next = builder.add(
        "c", "result", Cast(BYTE), builder.add("c", "sum", Elementwise(ElementwiseFunction.ADD), kept, x)
    )
    shown = builder.add(
        "h", "table", Lookup(np.arange(16) * 9 - 70, BYTE, offset=8), builder.add("h", "index", index, c_next)
    )
    h_next = builder.add("h", "result", Cast(BYTE), shown)
    body = builder.build([h, c, x], [h_next, c_next])
    return Scan(body, (("h", h_next), ("c", c_next)), initial, 6, every)


@pytest.mark.parametrize("every", [(True, False), (False, True), (True, True)])
def test_two_states_and_two_results(every, made):
    check(looped(memory(every)), made)


@pytest.mark.parametrize(("initial", "begun"), [((None, np.arange(3)), "h"), ((None, None), "hc")])
def test_states_that_inputs_bring(initial, begun, made):
    check(looped(memory((True, False), initial), begun=begun), made)


def test_a_loop_behind_a_loop_and_products_around(made):
    """What the first gives is read by products alone: it is bytes."""
    builder = DataflowBuilder()
    x = builder.source("x", TensorType((9, 6), BYTE))
    first = builder.add("a", "given", product(6, 17), x)
    first = builder.add("a", "scan", gated("a", 9, first_type=builder.types[first]), first)
    second = builder.add("b", "given", product(17, 17), first)
    second = builder.add("b", "scan", gated("b", 9, builder.types[second], every=False), second)
    last = builder.add("c", "result", product(17, 3), second)
    flow = builder.build(["x"], [last])
    assert [type(node.operation) for node in products_into_loops(flow).nodes] == [Scan, Scan, MatVec]
    check(flow, made)


def gated(name, steps, first_type, every=True, state=BYTE):
    """h = cast(x + W h), of 17 units."""
    builder = DataflowBuilder()
    x = builder.source(f"{name}/x", TensorType(first_type.shape[1:], first_type.element))
    h = builder.source(f"{name}/h", TensorType((17,), state))
    back = builder.add(f"{name}/back", "product", product(17, 17, seed=3), h)
    total = builder.add(f"{name}/sum", "sum", Elementwise(ElementwiseFunction.ADD), x, back)
    result = builder.add(f"{name}/result", "result", Cast(state), total)
    body = builder.build([x, h], [result])
    return Scan(body, ((h, result),), (np.arange(17) - 8,), steps, (every,))


def test_a_product_that_others_read_stays_before_the_loop(made):
    builder = DataflowBuilder()
    x = builder.source("x", TensorType((9, 6), BYTE))
    given = builder.add("a", "given", product(6, 17), x)
    scan = builder.add("a", "scan", gated("a", 9, builder.types[given]), given)
    flow = builder.build(["x"], [scan, given])
    assert [type(node.operation) for node in products_into_loops(flow).nodes] == [MatVec, Scan]
    check(flow, made)


def test_a_loop_within_a_loop(made):
    inner = gated("in", 4, TensorType((4, 17), BYTE), every=False)
    builder = DataflowBuilder()
    x = builder.source("out/x", TensorType((4, 17), BYTE))
    h = builder.source("out/h", TensorType((17,), BYTE))
    found = builder.add("out/in", "scan", inner, x)
    total = builder.add("out/sum", "sum", Elementwise(ElementwiseFunction.SUBTRACT), found, h)
    result = builder.add("out/result", "result", Cast(BYTE), total)
    outer = Scan(builder.build([x, h], [result]), ((h, result),), (np.arange(17),), 3, (True,), reverse=True)
    check(looped(outer, Permute(np.arange(51))), made)


def test_a_loop_that_is_fed_with_nothing(made):
    builder = DataflowBuilder()
    h = builder.source("a/h", TensorType((17,), BYTE))
    result = builder.add("a/result", "result", Cast(BYTE), builder.add("a/back", "product", product(17, 17), h))
    scan = Scan(builder.build([h], [result]), ((h, result),), (None,), 5, (True,))
    check(looped(scan, Permute(np.arange(85)), begun=[h]), made)


def test_a_loop_that_keeps_its_state_is_left_to_numpy():
    assert program.native_program(looped(replace(memory((True, True)), keep=True))) is None
