"""Element units against the kernels of their operations."""

from collections.abc import Sequence

import numpy as np

from netloom.firmware.stream import Stream
from netloom.firmware.units.unit import Unit
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Operation, TensorType
from netloom.sim.hardware.verilator import Result
from netloom.testing.operations import random_raws, run_in_integers
from netloom.testing.unit_bench import STALL_SEEDS, check_unit


def stream_of(tensor: TensorType, lanes: int, name: str = "source") -> Stream:
    """A tensor's elements, `lanes` a beat."""
    assert tensor.size % lanes == 0
    return Stream(name, tensor.element, lanes, tensor.size // lanes)


def check_element_unit(
    unit: Unit,
    operation: Operation,
    tensors: Sequence[TensorType],
    seed: int = 0,
    samples: int = 24,
    seeds: Sequence[int] = STALL_SEEDS,
    arrays: Sequence[np.ndarray] | None = None,
) -> list[Result]:
    """Simulate a unit on raws that reach the ends of their types: results, type and clock cycles as they must be."""
    if arrays is None:
        arrays = random_raws(tensors, seed, samples)
    expected = run_in_integers(operation, tensors, arrays)
    (output,) = unit.outputs
    (declared,) = operation.outputs(tensors)
    assert output.element == declared.element
    assert output.beats * output.lanes == declared.size
    flat = [array.reshape(len(array), -1) for array in arrays]
    return check_unit(unit, flat, [expected.reshape(len(expected), -1)], seeds)


def all_raws(element: FixedPoint) -> np.ndarray:
    """Every raw of a type, as one sample."""
    return np.arange(element.raw_min, element.raw_max + 1, dtype=np.int64)[None]
