"""`Clamp`: limit to a range, as ReLU does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow.operations.operation import Bounds, Operation, Ready, TensorType, exact_dtype
from netloom.rounding import integers


@dataclass(frozen=True)
class Clamp(Operation):
    """Limit raws to `low` (and to `high`, if given), in the input's step; ReLU is `Clamp(0)`.

    The result is unsigned if `low` is not negative.
    """

    low: int
    high: int | None = None

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType]:
        """Same shape and step, as many bits as the limits leave."""
        element = inputs[0].element
        high = max(element.raw_max if self.high is None else min(self.high, element.raw_max), self.low)
        type_ = FixedPoint.containing(max(self.low, element.raw_min), high, element.fraction)
        return (TensorType(inputs[0].shape, type_),)

    def bounds(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> tuple[Bounds]:
        """The limits applied to both ends."""
        del inputs
        limit = max(abs(self.low), abs(self.high or 0))
        low, high = (np.clip(integers(end, limit), self.low, self.high) for end in (bounds[0].low, bounds[0].high))
        return (Bounds(low, high),)

    def prepare(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds], least: type = np.float32) -> Ready:
        """Nothing to do where the range is proven to lie within the limits."""
        headroom = max(bounds[0].magnitude, self.bounds(inputs, bounds)[0].magnitude)
        dtype: Any = exact_dtype(headroom, least)
        low = dtype(self.low) if (bounds[0].low < self.low).any() else None
        high = dtype(self.high) if self.high is not None and (bounds[0].high > self.high).any() else None
        if low is None and high is None:
            return lambda arrays: (arrays[0],), dtype
        return lambda arrays: (np.clip(arrays[0], low, high),), dtype
