"""`permute`: elements moved as the operation says, clock by clock as the timing says."""

import numpy as np
import pytest
from element_cases import check_element_unit, stream_of

from netloom.errors import FoldingError
from netloom.firmware.families import ECP5, FAMILIES
from netloom.firmware.units.elements.permute import PermuteUnit, widest_lanes
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Permute, TensorType

ELEMENT = FixedPoint(7, 3)


def images(height: int, width: int, channels: int) -> np.ndarray:
    return np.arange(height * width * channels).reshape(height, width, channels)


def concatenation(a: tuple[int, ...], b: tuple[int, ...], axis: int) -> np.ndarray:
    first = np.arange(np.prod(a)).reshape(a)
    return np.concatenate([first, first.size + np.arange(np.prod(b)).reshape(b)], axis=axis)


CASES = {
    # shapes of the sources, indices, widest lanes
    "reshape": ([(4, 6)], np.arange(24).reshape(2, 12), 24),
    "transpose": ([(4, 6)], np.arange(24).reshape(4, 6).T, 1),
    "transpose of pixels": ([(4, 6, 3)], images(4, 6, 3).transpose(1, 0, 2), 3),
    "reversed": ([(5, 2)], np.arange(10).reshape(5, 2)[::-1], 2),
    "slice": ([(6, 4)], np.arange(24).reshape(6, 4)[1:3], 4),
    "upsample": ([(3, 3, 2)], images(3, 3, 2).repeat(2, 0).repeat(2, 1), 2),
    "zero padding": ([(3, 3, 2)], np.pad(images(3, 3, 2), ((1, 1), (1, 2), (0, 0)), constant_values=-1), 2),
    "all zero": ([(4,)], np.full((8,), -1), 4),
    "concatenate": ([(3, 4), (2, 4)], concatenation((3, 4), (2, 4), 0), 4),
    "concatenate channels": ([(3, 3, 2), (3, 3, 4)], concatenation((3, 3, 2), (3, 3, 4), 2), 2),
    "concatenate uneven": ([(3, 1), (3, 8)], concatenation((3, 1), (3, 8), 1), 1),
    "one element": ([(1,)], np.array([0]), 1),
    "one element each": ([(1,), (1,)], np.array([1, 0]), 1),
    "many": ([(20, 20)], np.arange(400).reshape(20, 20).T, 1),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_elements(case):
    shapes, indices, widest = case
    tensors = [TensorType(shape, ELEMENT) for shape in shapes]
    operation = Permute(indices)
    assert widest_lanes(operation, [tensor.size for tensor in tensors]) == widest
    for lanes in {1, widest}:
        streams = tuple(stream_of(tensor, lanes, name) for tensor, name in zip(tensors, "ab", strict=False))
        unit = PermuteUnit("unit", streams, operation)
        check_element_unit(unit, operation, tensors, samples=12)


def test_latency_and_interval():
    tensor = TensorType((4, 6), ELEMENT)
    operation = Permute(np.arange(24).reshape(4, 6).T)
    unit = PermuteUnit("unit", (stream_of(tensor, 1),), operation)
    flowing = check_element_unit(unit, operation, [tensor], samples=20)[0]
    assert flowing.given[0][0] == flowing.taken[0][23] + 3
    # Once it runs, one tensor is read while the next is written.
    steady = flowing.given[0][-1] - flowing.given[0][23]
    assert steady == 19 * unit.interval


def test_memories_by_target():
    tensor = TensorType((200, 4), ELEMENT)
    operation = Permute(np.arange(800).reshape(200, 4)[::-1])
    for target in tuple(FAMILIES.values()):
        unit = PermuteUnit("unit", (stream_of(tensor, 4),), operation, target=target)
        assert sum(depth * width for depth, width in unit.resources().rams) >= 2 * 200 * 28
    small = PermuteUnit("unit", (stream_of(tensor, 4),), operation, target=ECP5)
    check_element_unit(small, operation, [tensor], samples=3, seeds=(1,))


def test_refuses_lanes_that_split_runs():
    tensor = TensorType((3, 4), ELEMENT)
    operation = Permute(np.arange(12).reshape(3, 4)[:, [2, 3, 0, 1]])
    with pytest.raises(FoldingError, match="unit: elements move in runs of 2, so lanes must be that or a divisor"):
        PermuteUnit("unit", (stream_of(tensor, 4),), operation)


def test_refuses_unequal_streams():
    streams = tuple(stream_of(TensorType((4,), ELEMENT), lanes) for lanes in (1, 2))
    with pytest.raises(FoldingError, match="unit: one or two streams of equal lanes"):
        PermuteUnit("unit", streams, Permute(np.arange(8)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(30))
def test_random_indices(seed):
    rng = np.random.default_rng(seed)
    lanes = int(rng.integers(1, 4))
    sizes = [int(size) * lanes for size in rng.integers(1, 40, rng.integers(1, 3))]
    runs = rng.integers(-1, sum(sizes) // lanes, rng.integers(1, 60))
    indices = np.where(runs[:, None] < 0, -1, runs[:, None] * lanes + np.arange(lanes)).ravel()
    tensors = [TensorType((size,), ELEMENT) for size in sizes]
    operation = Permute(indices)
    streams = tuple(stream_of(tensor, lanes, name) for tensor, name in zip(tensors, "ab", strict=False))
    unit = PermuteUnit("unit", streams, operation, target=list(FAMILIES.values())[seed % 3])
    check_element_unit(unit, operation, tensors, seed, samples=12, seeds=range(4))
