"""Folding: which shares of multipliers exist, and which is chosen."""

import numpy as np
import pytest
from designs import Network, check_design

from netloom.errors import FoldingError
from netloom.firmware.families import ECP5, GENERIC
from netloom.firmware.map.folding.fold import UNROLL_LIMIT, divisors
from netloom.firmware.map.folding.folding import fold_for_interval, fold_for_reuse, intervals, share_dsps
from netloom.firmware.map.folding.products import products
from netloom.firmware.map.layout import plan_design
from netloom.firmware.units.products.shift_add import signed_digits
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Lookup


def dense():
    net = Network((16,))
    net.matvec(8)
    net.relu()
    net.matvec(6)
    return net.done()


def conv():
    net = Network((6, 7, 4))
    net.window((3, 2), (1, 1), ((1, 1), (0, 0)))
    net.matvec(6)
    return net.done()


def work(product):
    """Multiply-accumulates of an inference."""
    return product.steps * product.positions * product.weights


def test_divisors():
    assert divisors(12) == [1, 2, 3, 4, 6, 12]
    assert divisors(9) == [1, 3, 9]
    assert divisors(1) == [1]


def test_folds_of_a_dense_product_share_all_work_evenly():
    (first, second) = products(dense())
    assert (first.depth, first.outputs, work(first)) == (16, 8, 128)
    for fold in first.folds:
        assert first.depth % fold.simd == 0
        assert first.outputs % fold.pe == 0
        assert fold.unrolled or fold.multipliers * fold.interval == work(first)
    assert work(second) == 48


def test_folds_of_a_convolution_wait_for_its_pixels():
    (product,) = products(conv())
    assert (product.depth, product.outputs, product.positions) == (24, 6, 36)
    for fold in product.folds:
        assert fold.interval >= work(product) // fold.multipliers
        assert fold.interval >= 8 * 7 * 4 // fold.lanes


def test_interval_is_reached_with_the_fewest_multipliers():
    dataflow = dense()
    for interval in intervals(dataflow):
        folding = fold_for_interval(dataflow, interval)
        for product in products(dataflow):
            chosen = folding[product.node.name]
            assert chosen.interval <= interval
            fitting = [f.multipliers for f in product.folds if f.interval <= interval and not f.unrolled]
            assert chosen.unrolled or chosen.multipliers == min(fitting)


def test_constants_where_they_are_cheaper_than_multipliers():
    (product, _) = products(dense())
    assert fold_for_interval(dense(), 1)[product.node.name].unrolled
    assert not fold_for_interval(dense(), 16)[product.node.name].unrolled
    digits = sum(len(signed_digits(int(weight))) for weight in product.operation.weights.ravel())
    assert product.cost(product.folds[-1])[0] == 3 * digits


def test_a_large_layer_is_not_unrolled():
    net = Network((128,))
    net.matvec(UNROLL_LIMIT // 128 + 1)
    dataflow = net.done()
    (product,) = products(dataflow)
    assert not any(fold.unrolled for fold in product.folds)
    with pytest.raises(FoldingError, match=r"'layer1' has 8,320 weights, .* more than 8,192 is not unrolled: give it"):
        fold_for_reuse(dataflow, {}, {"layer1": True})


def test_intervals_are_those_all_layers_reach():
    dataflow = dense()
    found = intervals(dataflow)
    assert found == sorted(set(found))
    assert found[0] == 1
    assert found[-1] == 128


def test_impossible_interval_names_the_layer_and_what_is_possible():
    with pytest.raises(FoldingError, match=r"'layer2' takes at least \d+ clock cycles an inference, not 1"):
        fold_for_interval(conv(), 1)


def test_reuse_factor():
    dataflow = dense()
    folding = fold_for_reuse(dataflow, {"layer1": 32, "layer4": 1}, {"layer4": True})
    first, second = (folding[product.node.name] for product in products(dataflow))
    assert first.multipliers == 128 // 32
    assert second.unrolled
    assert not fold_for_reuse(dataflow, {"layer4": 1}, {})[products(dataflow)[1].node.name].unrolled


def test_dsps_go_where_they_save_most_and_no_further():
    dataflow = dense()
    folding = fold_for_interval(dataflow, 16)
    first, second = (product.node.name for product in products(dataflow))
    assert (folding[first].multipliers, folding[first].pe) == (8, 2)
    # Both products' weights are narrow enough for two in a block; the first one's input is wider.
    shares = share_dsps(dataflow, folding, 5, ECP5)
    assert shares == {first: 4, second: 1}
    # Nothing is known of another family's blocks.
    assert share_dsps(dataflow, folding, 9, GENERIC) == {first: 8, second: 1}


def test_saturating_accumulator_takes_one_term_at_a_time():
    net = Network((6,))
    net.matvec(4, accum="fixed<7,4,TRN,SAT>")
    (product,) = products(net.done())
    assert product.in_order
    assert {fold.simd for fold in product.folds} == {1}


def looked_up(values):
    """A saturating sum of what a table gives, whose values and not whose type keep it from its ends."""
    net = Network((2, 3))
    net.add(Lookup(np.array(values), FixedPoint.parse("ufixed<8,8>"), 1, 3, 0))
    net.matvec(2, accum="fixed<8,5,TRN,SAT>")
    return net.done()


def test_what_is_proven_never_to_saturate_is_unrolled():
    dataflow = looked_up([0, 1, 2, 1])
    folding = fold_for_interval(dataflow, 2)
    assert [fold.unrolled for fold in folding.values()] == [True]
    check_design(dataflow, plan_design(dataflow, folding), folding)


def test_what_may_saturate_comes_term_by_term():
    assert intervals(looked_up([0, 1, 255, 1])) == [6, 12]
