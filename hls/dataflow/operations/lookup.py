"""`Lookup`: a table of a function of one argument. Sigmoid, tanh, exp and 1/x are all this."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow.operations.operation import Bounds, Operation, Ready, TensorType, exact_dtype


@dataclass(frozen=True, eq=False)
class Lookup(Operation):
    """result = table[clamp(trunc(raw * scale / 2**shift) + offset)]

    `trunc` is towards zero if `toward_zero`, else down; the clamp is to the table's ends. A table addressed by the top
    bits of an unsigned word is `scale=1, shift=width - log2(size), offset=0`.

    `table` holds raws of type `element`.
    """

    table: np.ndarray
    element: FixedPoint
    scale: int = 1
    shift: int = 0
    offset: int = 0
    toward_zero: bool = False

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType]:
        """Same shape, the table's type."""
        return (TensorType(inputs[0].shape, self.element),)

    def index(self, raw: np.ndarray) -> np.ndarray:
        """The table's index for every raw: integers, int64 or Python's own."""
        index = raw * self.scale
        if self.toward_zero:
            index = np.sign(index) * (np.abs(index) >> self.shift)
        else:
            index = index >> self.shift
        return np.clip(index + self.offset, 0, self.table.size - 1).astype(np.int64, copy=False)

    def bounds(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> tuple[Bounds]:
        """The least and greatest entry of the whole table."""
        del bounds
        shape = inputs[0].shape
        return (Bounds(np.full(shape, int(self.table.min())), np.full(shape, int(self.table.max()))),)

    def prepare(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds], least: type = np.float32) -> Ready:
        """One gather; indices are integers."""
        del inputs
        dtype = exact_dtype(self.headroom(bounds), least, np.int64)
        return lambda arrays: (self.table[self.index(arrays[0])],), dtype

    def headroom(self, bounds: Sequence[Bounds]) -> int:
        """The largest number on the way to an index, or in the table."""
        largest = bounds[0].magnitude * self.scale + abs(self.offset)
        return max(largest, 1 << self.shift, int(self.table.max()), -int(self.table.min()))

    def holds(self, inputs: Sequence[TensorType]) -> bool:
        """Whether there is a table, and the shift is in range."""
        del inputs
        return self.table.ndim == 1 and self.table.size >= 1 and 0 <= self.shift <= 1024
