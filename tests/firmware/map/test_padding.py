"""Zero padding in front of windows: put in as pixels come, where nothing else reads what is padded."""

import numpy as np
import pytest
from dataflows import DATAFLOWS, padded
from designs import Network, check_design

from netloom.firmware.map.folding.folding import fold_for_interval, intervals
from netloom.firmware.map.layout import plan_design
from netloom.firmware.units.elements.permute import PermuteUnit
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Permute, TensorType

ELEMENT = FixedPoint.parse("fixed<6,3>")


def planned(dataflow):
    choices = intervals(dataflow)
    folding = fold_for_interval(dataflow, choices[len(choices) // 2])
    return plan_design(dataflow, folding), folding


def buffers(design):
    return [unit for unit in design.units if isinstance(unit, PermuteUnit)]


def convolution(*, apart: bool, depthwise: bool = False):
    """Padded by itself, or by its window."""
    net = Network((6, 5, 4), seed=1)
    if apart:
        net.pad((1, 1), (2, 1))
    net.window((3, 3), (1, 1), ((0, 0), (0, 0)) if apart else ((1, 1), (2, 1)))
    net.matvec(4, depthwise=depthwise)
    return net.done()


def test_no_picture_is_kept_to_pad_it():
    design, _ = planned(padded())
    assert not buffers(design)
    assert "padded" in DATAFLOWS  # so that it runs in Verilator, with stalls: tests/firmware/test_designs.py


@pytest.mark.parametrize("depthwise", [False, True])
def test_padding_by_itself_takes_no_longer_than_that_of_windows(depthwise):
    alone, folding = planned(convolution(apart=True, depthwise=depthwise))
    cycles = check_design(convolution(apart=True, depthwise=depthwise), alone, folding)
    dataflow = convolution(apart=False, depthwise=depthwise)
    joined, folding = planned(dataflow)
    assert cycles == check_design(dataflow, joined, folding)


def test_what_something_else_reads_is_padded_for_all():
    net = Network((4, 4, 2), seed=2)
    both = net.pad((1, 1), (1, 1))
    net.window((3, 3), (1, 1), ((0, 0), (0, 0)))
    product = net.matvec(2)
    dataflow = net.done(product, both)
    design, folding = planned(dataflow)
    assert len(buffers(design)) == 1
    check_design(dataflow, design, folding)


@pytest.mark.parametrize(
    ("indices", "padding"),
    [
        (np.pad(np.arange(12).reshape(2, 3, 2), ((1, 0), (2, 3), (0, 0)), constant_values=-1), ((1, 0), (2, 3))),
        (np.pad(np.arange(12).reshape(2, 3, 2), ((0, 0), (0, 0), (1, 0)), constant_values=-1), None),
        (np.pad(np.arange(12).reshape(2, 3, 2)[::-1], ((1, 0), (2, 3), (0, 0)), constant_values=-1), None),
        (np.pad(np.arange(12).reshape(2, 3, 2)[:1], ((1, 0), (2, 3), (0, 0)), constant_values=-1), None),
        (np.arange(12).reshape(6, 2), None),
        (np.full((2, 3, 2), -1), None),
    ],
)
def test_padding_is_told_from_other_moves(indices, padding):
    assert Permute(indices).padding([TensorType((2, 3, 2), ELEMENT)]) == padding


def test_a_picture_of_one_pixel_is_padded():
    """Its first rows are one beat, and no FIFO holds less than two: found by a random ONNX model."""
    net = Network((1, 1, 1), seed=3)
    net.relu()
    net.window((1, 1), (1, 1), ((1, 1), (0, 1)))
    net.matvec(2)
    dataflow = net.done()
    check_design(dataflow, *planned(dataflow))
