"""The C++ of engine `fixed` equals NumPy in every form that it has, in bytes and in float32, on any kind of machine."""

from types import SimpleNamespace

import numpy as np
import pytest
from dataflows import DATAFLOWS
from designs import Network
from native_forms import check, product, samples, stack

from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import (
    Cast,
    Clamp,
    Elementwise,
    ElementwiseFunction,
    Permute,
    Pool,
    PoolFunction,
    Window,
)
from netloom.rounding import Rounding
from netloom.sim.fixed import FixedEngine
from netloom.sim.native import program
from netloom.sim.native.native_library import native_library

pytestmark = pytest.mark.skipif(native_library() is None, reason="no compiler")


FORMS = ["mlp", "conv2d", "padded", "separable", "dilated_sequence", "residual", "moved", "two_outputs", "embedded"]


@pytest.mark.parametrize("name", FORMS)
def test_whole_networks(name, made):
    check(DATAFLOWS[name](), made)


def test_what_has_no_form_is_left_to_numpy():
    assert [name for name in DATAFLOWS if program.native_program(DATAFLOWS[name]()) is not None] == FORMS


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("overflow", Overflow)
def test_every_rounding_and_overflow(rounding, overflow, made):
    to = FixedPoint.parse("fixed<7,3>").with_modes(rounding, overflow)
    flow = stack("fixed<7,3,RND_CONV,SAT>", product(40, 19), Cast(to), product(19, 5))
    if rounding in (Rounding.RND_ZERO, Rounding.RND_INF) or overflow is Overflow.SAT_ZERO:
        assert made(flow) is None
    else:
        check(flow, made, (70,))


@pytest.mark.parametrize("source", ["fixed<8,3,RND_CONV,SAT>", "ufixed<8,3,TRN,SAT>", "fixed<11,6,RND,WRAP>"])
def test_products_of_every_width(source, made):
    for accum in ("fixed<12,3>", "fixed<22,12>", "ufixed<9,0>"):
        for columns in (1, 15, 16, 17, 48, 70):
            check(stack(source, product(40, columns, accum)), made, (1, 70))


def test_bytes_are_used_where_they_fit():
    if not native_library().has_bytes():
        pytest.skip("this machine does not multiply bytes")
    cases = [("ufixed<8,0>", 127, 1), ("ufixed<9,1>", 127, 0), ("fixed<8,0>", 127, 1), ("fixed<8,0>", 128, 0)]
    for source, weight, fit in cases:
        operation = product(40, 3, "fixed<22,10>")
        operation.weights[0, 0] = weight
        take, *_ = program.native_program(stack(source, operation)).plan.steps
        assert take.to_bytes == fit, (source, weight)


@pytest.mark.parametrize("function", ElementwiseFunction)
def test_two_tensors(function, made):
    net = Network((30,), "fixed<6,3>")
    first = net.last
    net.add(Cast(FixedPoint.parse("fixed<5,3>")))
    net.add(Elementwise(function), net.last, first)
    check(net.done(), made, (70,))


@pytest.mark.parametrize("function", PoolFunction)
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_pools(function, stride, made):
    accum = FixedPoint.parse("fixed<12,8>") if function is PoolFunction.SUM else None
    pool = Pool(function, (2, 3), (stride, stride), accum)
    check(stack("fixed<6,3,RND_CONV,SAT>", pool, Cast(FixedPoint.parse("fixed<5,3,RND,SAT>")), shape=(7, 9, 5)), made)
    check(stack("fixed<6,3,RND_CONV,SAT>", pool, product(5, 3), shape=(7, 9, 5)), made)


@pytest.mark.parametrize("padding", [(0, 0), (2, 1)])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("stride", [1, 3])
def test_convolutions_of_signed_numbers(padding, dilation, stride, made):
    view = Window((3, 2), (stride, 1), (padding, padding), (1, dilation))
    flow = stack("fixed<8,3,RND_CONV,SAT>", view, product(18, 6), Clamp(0, 900), shape=(9, 8, 3))
    check(flow, made, (1, 70))


def test_what_keeps_the_first_values_is_no_reshape(made):
    first, to = Permute(np.arange(30)), Cast(FixedPoint.parse("fixed<6,3,RND,SAT>"))
    check(stack("fixed<8,3,RND_CONV,SAT>", first, to), made)
    check(stack("fixed<8,3,RND_CONV,SAT>", product(40, 40), to, first), made)
    check(stack("fixed<8,3,RND_CONV,SAT>", first, product(30, 3)), made)


def test_moves_with_gaps_and_of_several_tensors(made):
    places = np.array([3, -1, 0, 7, 12, -1, 20, 9])
    check(stack("fixed<8,3,RND_CONV,SAT>", Permute(places), product(8, 3)), made)
    net = Network((5,), "fixed<6,3>")
    net.add(Permute(np.array([9, -1, 0, 5, 3])), net.last, net.last)
    check(net.done(), made)


def test_results_read_twice_stay_as_they_are(made):
    """A cast is part of the product before it only where nobody else reads the product."""
    net = Network((16,), "fixed<6,3,RND_CONV,SAT>")
    net.add(product(16, 8))
    sums = net.last
    net.add(Permute(np.arange(8)))
    net.add(Cast(FixedPoint.parse("fixed<6,2,RND,SAT>")))
    net.add(Elementwise(ElementwiseFunction.ADD), net.last, sums)
    check(net.done(), made)


def engine(flow):
    """`fixed` on a graph; it reads nothing else of a conversion."""
    return FixedEngine(SimpleNamespace(dataflow=flow))


def test_without_a_compiler_numpy_computes(monkeypatch):
    flow = DATAFLOWS["conv2d"]()
    x, quick = samples(flow, 20), engine(flow)
    assert quick.native is not None
    expected = quick.predict(x)
    monkeypatch.setattr(program, "native_library", lambda: None)
    plain = engine(flow)
    assert plain.native is None
    assert (plain.predict(x) == expected).all()


def test_the_engine_takes_the_quick_way(monkeypatch):
    flow = DATAFLOWS["conv2d"]()
    quick = engine(flow)
    monkeypatch.setattr(quick.native, "run", lambda inputs, progress: [np.full(1, 7.0)])
    assert quick.predict(samples(flow, 3)) == 7


def test_samples_in_parts_are_told_of():
    flow, seen = DATAFLOWS["conv2d"](), []
    x = [np.tile(one, (200, 1, 1, 1)) for one in samples(flow, 50)]
    whole = engine(flow).predict(x, lambda done, total: seen.append((done, total)))
    assert len(seen) > 1
    assert seen[-1] == (10_000, 10_000)
    assert (whole.reshape(200, 50, -1) == whole[:50].reshape(50, -1)).all()


def test_the_machine_is_part_of_the_name(tmp_path, monkeypatch):
    """Another machine may share the cache, and have other instructions."""
    from netloom.common import compiled

    monkeypatch.setenv("NETLOOM_CACHE", str(tmp_path))
    source = tmp_path / "one.cpp"
    source.write_text('extern "C" int one() { return 1; }\n', encoding="utf-8")
    for flags in ("flags: avx", "flags: sse"):
        monkeypatch.setattr(compiled, "processor", lambda flags=flags: flags)
        compiled.load.cache_clear()
        assert compiled.load(source, tuned=True) is not None
    compiled.load.cache_clear()
    assert len(list((tmp_path / "compiled").glob("*.so"))) == 2
