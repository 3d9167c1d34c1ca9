"""`Pool`: maximum or sum over windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

import numpy as np

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow.operations.operation import Bounds, Operation, Ready, TensorType, exact_dtype
from netloom.hls.dataflow.operations.reduce import (
    Summation,
    accumulate,
    confined_sum_bounds,
    partial_sum_bounds,
    sum_headroom,
    sum_overflows,
)


class PoolFunction(StrEnum):
    """What is taken of a window."""

    MAX = "max"
    SUM = "sum"


@dataclass(frozen=True)
class Pool(Operation):
    """Maximum or sum over windows that tile without padding: (*spatial, C) -> (*positions, C).

    A maximum keeps the input's type. A sum is taken in `accum`: each element is cast to it, then they are added in the
    order `summation` says, each sum cast to `accum` again.
    """

    function: PoolFunction
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    accum: FixedPoint | None = None
    summation: Summation = Summation.SEQUENTIAL

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType]:
        """Positions that fit whole; the accumulator's type for a sum."""
        *spatial, channels = inputs[0].shape
        positions = tuple(
            (size - kernel) // stride + 1
            for size, kernel, stride in zip(spatial, self.kernel_size, self.stride, strict=True)
        )
        return (TensorType((*positions, channels), self.accum or inputs[0].element),)

    def _slices(self, inputs: Sequence[TensorType]) -> list[tuple[slice, ...]]:
        """For every kernel position the view of the input that it visits, batch first."""
        positions = self.outputs(inputs)[0].shape[:-1]
        return [
            (
                slice(None),
                *(
                    slice(start, start + stride * (count - 1) + 1, stride)
                    for start, stride, count in zip(offset, self.stride, positions, strict=True)
                ),
            )
            for offset in product(*(range(size) for size in self.kernel_size))
        ]

    def bounds(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> tuple[Bounds]:
        """Maximum and sum are both monotone."""
        slices = self._slices(inputs)
        low, high = ([raw[None][at][0] for at in slices] for raw in (bounds[0].low, bounds[0].high))
        if self.accum is None:
            return (Bounds(np.max(low, axis=0), np.max(high, axis=0)),)
        return (confined_sum_bounds(low, high, inputs[0].element.fraction, self.accum),)

    def _headroom(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> int:
        """For a sum: as many of the largest elements as the window has, and the wrap's modulus."""
        if self.accum is None:
            return bounds[0].magnitude
        wraps = self.may_overflow(inputs, bounds)
        fraction = inputs[0].element.fraction
        return sum_headroom(bounds[0].magnitude, int(np.prod(self.kernel_size)), fraction, self.accum, wraps)

    def prepare(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds], least: type = np.float32) -> Ready:
        """Elementwise over the window's positions."""
        dtype = exact_dtype(self._headroom(inputs, bounds), least)
        slices = self._slices(inputs)
        if self.accum is None:

            def maximum(arrays: Sequence[np.ndarray]) -> tuple[np.ndarray]:
                result = arrays[0][slices[0]].copy()
                for at in slices[1:]:
                    np.maximum(result, arrays[0][at], out=result)
                return (result,)

            return maximum, dtype
        accum, fraction, summation = self.accum, inputs[0].element.fraction, self.summation
        return lambda arrays: (accumulate([arrays[0][at] for at in slices], fraction, accum, summation),), dtype

    def holds(self, inputs: Sequence[TensorType]) -> bool:
        """Whether windows and strides have a size."""
        del inputs
        return all(1 <= size <= 2**16 for size in (*self.kernel_size, *self.stride))

    def may_overflow(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> bool:
        """Whether a sum may leave the accumulator."""
        if self.accum is None:
            return False
        slices = self._slices(inputs)
        low, high = ([raw[None][at][0] for at in slices] for raw in (bounds[0].low, bounds[0].high))
        return partial_sum_bounds(low, high, inputs[0].element.fraction, self.accum).exceeds(self.accum)

    def overflows(self, inputs: Sequence[TensorType], arrays: Sequence[np.ndarray]) -> np.ndarray | None:
        """Where a sum ends outside the accumulator."""
        if self.accum is None:
            return None
        return sum_overflows([arrays[0][at] for at in self._slices(inputs)], inputs[0].element.fraction, self.accum)
