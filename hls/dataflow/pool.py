"""`Pool`: maximum or sum over windows. `Divide`: by a constant, as average pooling does."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

import numpy as np

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow.operation import Bounds, Kernel, Operation, TensorType
from netloom.hls.dataflow.reduce import (
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

    def output(self, inputs: Sequence[TensorType]) -> TensorType:
        """Positions that fit whole; the accumulator's type for a sum."""
        *spatial, channels = inputs[0].shape
        positions = tuple(
            (size - kernel) // stride + 1
            for size, kernel, stride in zip(spatial, self.kernel_size, self.stride, strict=True)
        )
        return TensorType((*positions, channels), self.accum or inputs[0].element)

    def _slices(self, inputs: Sequence[TensorType]) -> list[tuple[slice, ...]]:
        """For every kernel position the view of the input that it visits, batch first."""
        positions = self.output(inputs).shape[:-1]
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

    def bounds(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> Bounds:
        """Maximum and sum are both monotone."""
        slices = self._slices(inputs)
        low, high = ([raw[None][at][0] for at in slices] for raw in (bounds[0].low, bounds[0].high))
        if self.accum is None:
            return Bounds(np.max(low, axis=0), np.max(high, axis=0))
        return confined_sum_bounds(low, high, inputs[0].element.fraction, self.accum)

    def headroom(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> int:
        """For a sum: as many of the largest elements as the window has, and the wrap's modulus."""
        if self.accum is None:
            return bounds[0].magnitude
        wraps = self.may_overflow(inputs, bounds)
        fraction = inputs[0].element.fraction
        return sum_headroom(bounds[0].magnitude, int(np.prod(self.kernel_size)), fraction, self.accum, wraps)

    def kernel(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds], dtype: type) -> Kernel:
        """Elementwise over the window's positions."""
        del bounds, dtype
        slices = self._slices(inputs)
        if self.accum is None:

            def maximum(arrays: Sequence[np.ndarray]) -> np.ndarray:
                result = arrays[0][slices[0]].copy()
                for at in slices[1:]:
                    np.maximum(result, arrays[0][at], out=result)
                return result

            return maximum
        accum, fraction, summation = self.accum, inputs[0].element.fraction, self.summation
        return lambda arrays: accumulate([arrays[0][at] for at in slices], fraction, accum, summation)

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


@dataclass(frozen=True)
class Divide(Operation):
    """Divide raws by a positive constant, dropping the remainder (towards zero), in the input's own type."""

    divisor: int

    def output(self, inputs: Sequence[TensorType]) -> TensorType:
        """Same shape and type."""
        element = inputs[0].element
        return TensorType(inputs[0].shape, element.with_modes())

    def bounds(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> Bounds:
        """Division is monotone."""
        del inputs
        return Bounds(self._divide(bounds[0].low), self._divide(bounds[0].high))

    def headroom(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> int:
        """Float division is exact enough to truncate only with bits to spare for the quotient."""
        del inputs
        return (bounds[0].magnitude + 1) * self.divisor * 2

    def kernel(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds], dtype: type) -> Kernel:
        """Truncated quotient."""
        del inputs, bounds, dtype
        return lambda arrays: self._divide(arrays[0])

    def _divide(self, raw: np.ndarray) -> np.ndarray:
        if raw.dtype.kind == "f":
            return np.trunc(raw / raw.dtype.type(self.divisor))
        return np.sign(raw) * (np.abs(raw) // self.divisor)
