"""`Pool`: maximum or sum over windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

import numpy as np

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow.operations.operation import TensorType
from netloom.hls.dataflow.operations.reduce import Summation, SumOrMaximum
from netloom.hls.dataflow.operations.window import LARGEST_WINDOW


class PoolFunction(StrEnum):
    """What is taken of a window."""

    MAX = "max"
    SUM = "sum"


@dataclass(frozen=True)
class Pool(SumOrMaximum):
    """Maximum or sum over windows that tile without padding: (*spatial, C) -> (*positions, C).

    A maximum keeps the input's type.
    """

    function: PoolFunction
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    accum: FixedPoint | None = None
    summation: Summation = Summation.SEQUENTIAL

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType]:
        """Positions that fit whole; the accumulator's type for a sum."""
        *spatial, channels = inputs[0].shape
        return (TensorType((*self._positions(spatial), channels), self.accum or inputs[0].element),)

    def _positions(self, spatial: Sequence[int]) -> list[int]:
        return [
            (size - kernel) // stride + 1
            for size, kernel, stride in zip(spatial, self.kernel_size, self.stride, strict=True)
        ]

    def _terms(self, x: np.ndarray) -> list[np.ndarray]:
        """For every kernel position the view of the input that it visits."""
        steps = list(zip(self.stride, self._positions(x.shape[1:-1]), strict=True))
        return [
            x[
                :,
                *(
                    slice(start, start + stride * (count - 1) + 1, stride)
                    for start, (stride, count) in zip(offset, steps, strict=True)
                ),
            ]
            for offset in product(*(range(size) for size in self.kernel_size))
        ]

    def holds(self, inputs: Sequence[TensorType]) -> bool:
        """Whether windows and strides have a size."""
        del inputs
        return all(1 <= size <= LARGEST_WINDOW for size in (*self.kernel_size, *self.stride))
