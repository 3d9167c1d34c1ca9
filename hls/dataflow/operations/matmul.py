"""`MatMul`: the product of two tensors that both change, as attention has."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from netloom.hls.dataflow.operations.operation import (
    Bounds,
    Cost,
    Operation,
    Ready,
    TensorType,
    exact_dtype,
    exact_type,
)
from netloom.rounding import integers


@dataclass(frozen=True)
class MatMul(Operation):
    """(..., M, K) times (..., K, N), or (..., N, K) if `transposed`: (..., M, N), the leading axes equal.

    Sums are whole: in the narrowest type that holds any partial sum of products, in any order.
    """

    transposed: bool = False

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType]:
        """Rows of the first, columns of the second; the narrowest type for all that the inputs' types can give."""
        a, b = (tensor.element for tensor in inputs)
        corners = [x * y for x in (a.raw_min, a.raw_max) for y in (b.raw_min, b.raw_max)]
        depth = inputs[0].shape[-1]
        low, high = depth * min(0, *corners), depth * max(0, *corners)
        element = exact_type(low, high, a.fraction + b.fraction, f"matrix product of {a} and {b} over {depth} terms")
        columns = inputs[1].shape[-2 if self.transposed else -1]
        return (TensorType((*inputs[0].shape[:-1], columns), element),)

    def bounds(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> tuple[Bounds]:
        """Sums of the extremes of every product."""
        limit = inputs[0].shape[-1] * max(bounds[0].magnitude, 1) * max(bounds[1].magnitude, 1)
        rows = [integers(end, limit)[..., :, :, None] for end in (bounds[0].low, bounds[0].high)]
        columns = [self._columns(integers(end, limit))[..., None, :, :] for end in (bounds[1].low, bounds[1].high)]
        low, high = 0, 0
        for k in range(inputs[0].shape[-1]):
            corners = np.array([x[..., k, :] * y[..., k, :] for x in rows for y in columns])
            low, high = low + corners.min(axis=0), high + corners.max(axis=0)
        return (Bounds(np.asarray(low), np.asarray(high)),)

    def prepare(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds], least: type = np.float32) -> Ready:
        """One matrix product; no partial sum exceeds that of the greatest products."""
        del inputs
        limit = bounds[0].low.shape[-1] * max(bounds[0].magnitude, 1) * max(bounds[1].magnitude, 1)
        a, b = (integers(np.maximum(np.abs(bound.low), np.abs(bound.high)), limit) for bound in bounds)
        sums = a @ self._columns(b)
        headroom = max(int(sums.max()), *(bound.magnitude for bound in bounds))
        return lambda arrays: (arrays[0] @ self._columns(arrays[1]),), exact_dtype(headroom, least)

    def _columns(self, second: np.ndarray) -> np.ndarray:
        return second.swapaxes(-1, -2) if self.transposed else second

    def holds(self, inputs: Sequence[TensorType]) -> bool:
        """Whether there are two tensors, whose axes match."""
        if len(inputs) != 2 or min(len(tensor.shape) for tensor in inputs) < 2:
            return False
        first, second = inputs[0].shape, inputs[1].shape
        return first[:-2] == second[:-2] and first[-1] == second[-1 if self.transposed else -2]

    def cost(self, inputs: Sequence[TensorType]) -> Cost:
        """A multiplication a term of every sum."""
        return Cost(multiply_accumulates=self.outputs(inputs)[0].size * inputs[0].shape[-1])
