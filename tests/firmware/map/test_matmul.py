"""Whole designs with products of two streams, `matmul`: every folding, both orders of the second, DSP blocks."""

import pytest
from designs import Network, check_design

from netloom.firmware.families import ECP5
from netloom.firmware.map.folding.folding import fold_for_interval, intervals, share_dsps
from netloom.firmware.map.folding.products import products
from netloom.firmware.map.layout import plan_design
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Cast, MatMul

ACTIVATION = FixedPoint.parse("fixed<6,3,RND_CONV,SAT>")


def product(transposed, heads=(2,), rows=3, depth=4, columns=6):
    net = Network((*heads, rows, depth), seed=3)
    first = net.last
    second = net.source((*heads, columns, depth) if transposed else (*heads, depth, columns), "fixed<5,2>")
    net.add(MatMul(transposed), first, second)
    net.add(Cast(ACTIVATION))
    return net.done()


@pytest.mark.parametrize("transposed", [False, True])
def test_every_pace_is_as_counted(transposed):
    dataflow = product(transposed)
    (one,) = products(dataflow)
    assert (one.matrices * one.rows * one.weights, one.weights) == (2 * 3 * 4 * 6, 24)
    for interval in intervals(dataflow)[::4]:
        folding = fold_for_interval(dataflow, interval)
        cycles = check_design(dataflow, plan_design(dataflow, folding), folding, samples=6, seeds=(1,))
        assert cycles.interval <= interval


@pytest.mark.parametrize("transposed", [False, True])
def test_the_second_is_brought_into_order_where_it_must_be(transposed):
    """PE and SIMD in between: groups of columns by groups of elements."""
    dataflow = product(transposed, heads=())
    (one,) = products(dataflow)
    folding = {one.node.name: next(fold for fold in one.folds if (fold.pe, fold.simd) == (2, 2))}
    plan = plan_design(dataflow, folding)
    assert any(unit.module == "permute" for unit in plan.units)
    check_design(dataflow, plan, folding, samples=6)


def test_its_multipliers_get_dsp_blocks():
    dataflow = product(True)
    folding = fold_for_interval(dataflow, 36)
    dsps = share_dsps(dataflow, folding, 3, ECP5)
    plan = plan_design(dataflow, folding, ECP5, dsps)
    assert sum(resources.dsp for resources in plan.resources.values()) == 3
    assert sum(unit.multipliers for unit in plan.units) == 4
    check_design(dataflow, plan, folding, samples=6, seeds=(1,))
