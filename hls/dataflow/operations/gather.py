"""`Gather`: rows of a constant table, or of a tensor, read at indices; an embedding is the former."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow.operations.operation import Bounds, Cost, Operation, Ready, TensorType, exact_dtype
from netloom.rounding import magnitude

FARTHEST_POINT = 30
"""Beyond 2**30 rows there are none: an index is not shifted further than that."""


@dataclass(frozen=True, eq=False)
class Gather(Operation):
    """result[i] = row `indices[i]` of `table`, whose raws are of type `element`; rows lie along the first axis.

    The last input holds the indices: (*I) and rows (R, *row) give (*I, *row). Without a table the first input is what
    is read. An index is a value rounded down; one before the first row reads the first, one beyond the last the last.
    """

    table: np.ndarray | None = None
    element: FixedPoint | None = None

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType]:
        """A row for every index, in the type of the rows."""
        rows = self._rows(inputs)
        return (TensorType((*inputs[-1].shape, *rows.shape[1:]), rows.element),)

    def _rows(self, inputs: Sequence[TensorType]) -> TensorType:
        if self.table is None or self.element is None:
            return inputs[0]
        return TensorType(self.table.shape, self.element)

    def _index(self, raw: np.ndarray, fraction: int, count: int) -> np.ndarray:
        """Which row an index's raw reads, of `count`."""
        if raw.dtype.kind == "f":
            return np.clip(np.floor(np.ldexp(raw, -fraction)), 0, count - 1).astype(np.int64)
        if fraction < 0:
            return np.clip(np.clip(raw, 0, count) << min(-fraction, FARTHEST_POINT), 0, count - 1).astype(np.int64)
        return np.clip(raw >> fraction, 0, count - 1).astype(np.int64)

    def bounds(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> tuple[Bounds]:
        """Of every element the extremes over the rows that its index may read."""
        rows, fraction = self._rows(inputs), inputs[-1].element.fraction
        low, high = (self.table, self.table) if self.table is not None else (bounds[0].low, bounds[0].high)
        first, last = (self._index(end, fraction, rows.shape[0]).ravel() for end in (bounds[-1].low, bounds[-1].high))
        reached: dict[tuple[int, int], tuple[np.ndarray, np.ndarray]] = {}
        for span in set(zip(first.tolist(), last.tolist(), strict=True)):
            read = slice(span[0], span[1] + 1)
            reached[span] = low[read].min(axis=0), high[read].max(axis=0)
        ends = zip(*(reached[span] for span in zip(first.tolist(), last.tolist(), strict=True)), strict=True)
        shape = (*inputs[-1].shape, *rows.shape[1:])
        return (Bounds(*(np.array(end).reshape(shape) for end in ends)),)

    def prepare(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds], least: type = np.float32) -> Ready:
        """One read; only the indices become integers."""
        table = magnitude(self.table) if self.table is not None else 0
        dtype = exact_dtype(max(table, *(bound.magnitude for bound in bounds)), least)
        count, fraction = self._rows(inputs).shape[0], inputs[-1].element.fraction
        if self.table is not None:
            rows: np.ndarray = self.table.astype(dtype)
            return lambda arrays: (rows[self._index(arrays[0], fraction, count)],), dtype

        def run(arrays: Sequence[np.ndarray]) -> tuple[np.ndarray]:
            index = self._index(arrays[1], fraction, count)
            sample = np.arange(len(index)).reshape(-1, *(1,) * (index.ndim - 1))
            return (arrays[0][sample, index],)

        return run, dtype

    def holds(self, inputs: Sequence[TensorType]) -> bool:
        """Whether there are rows and indices, and the table is of its type."""
        if self.table is None or self.element is None:
            return self.table is None and self.element is None and len(inputs) == 2 and len(inputs[0].shape) >= 1
        fits = self.table.ndim >= 1 and self.table.size >= 1
        return len(inputs) == 1 and fits and not Bounds(self.table, self.table).exceeds(self.element)

    def cost(self, inputs: Sequence[TensorType]) -> Cost:
        """The table's bits."""
        del inputs
        if self.table is None or self.element is None:
            return Cost()
        return Cost(weight_bits=self.table.size * self.element.width, parameters=self.table.size)
