"""`Cast`: from one fixed-point type to another. `Clamp`: limit to a range, as ReLU does."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from netloom.fixed_point import FixedPoint, integers, round_raw
from netloom.hls.dataflow.operation import Bounds, Kernel, Operation, TensorType


@dataclass(frozen=True)
class Cast(Operation):
    """Assign to a variable of type `to`: its rounding, then its overflow mode."""

    to: FixedPoint

    def output(self, inputs: Sequence[TensorType]) -> TensorType:
        """Same shape, type `to`."""
        return TensorType(inputs[0].shape, self.to)

    def _rounded(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> Bounds:
        shift = inputs[0].element.fraction - self.to.fraction
        low, high = (round_raw(raw, shift, self.to.rounding) for raw in (bounds[0].low, bounds[0].high))
        return Bounds(low, high)

    def bounds(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> Bounds:
        """Rounding is monotone, so the ends suffice."""
        return self._rounded(inputs, bounds).confined(self.to)

    def may_overflow(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> bool:
        """Whether the proven range leaves the type."""
        return self._rounded(inputs, bounds).exceeds(self.to)

    def headroom(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> int:
        """The input plus half a step of the result, the rounded value, and the wrap's modulus."""
        shift = inputs[0].element.fraction - self.to.fraction
        rounded = self._rounded(inputs, bounds)
        half = 2 ** (shift - 1) if shift > 0 else 0
        wrap = 2**self.to.width if rounded.exceeds(self.to) else 0
        return max(bounds[0].magnitude + half, rounded.magnitude + wrap)

    def kernel(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds], dtype: type) -> Kernel:
        """Skip whichever of rounding and overflow is proven to do nothing."""
        del dtype
        fraction = inputs[0].element.fraction
        to = self.to
        shift = fraction - to.fraction
        if self.may_overflow(inputs, bounds):
            return lambda arrays: to.cast(arrays[0], fraction)
        if shift == 0:
            return lambda arrays: arrays[0]
        return lambda arrays: round_raw(arrays[0], shift, to.rounding)

    def overflows(self, inputs: Sequence[TensorType], arrays: Sequence[np.ndarray]) -> np.ndarray | None:
        """Where the rounded value lies outside the type."""
        return self.to.overflows(arrays[0], inputs[0].element.fraction)


@dataclass(frozen=True)
class Clamp(Operation):
    """Limit raws to `low` (and to `high`, if given), in the input's step; ReLU is `Clamp(0)`.

    The result is unsigned if `low` is not negative.
    """

    low: int
    high: int | None = None

    def output(self, inputs: Sequence[TensorType]) -> TensorType:
        """Same shape and step, as many bits as the limits leave."""
        element = inputs[0].element
        high = max(element.raw_max if self.high is None else min(self.high, element.raw_max), self.low)
        return TensorType(
            inputs[0].shape, FixedPoint.containing(max(self.low, element.raw_min), high, element.fraction)
        )

    def bounds(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> Bounds:
        """The limits applied to both ends."""
        del inputs
        limit = max(abs(self.low), abs(self.high or 0))
        low, high = (np.clip(integers(end, limit), self.low, self.high) for end in (bounds[0].low, bounds[0].high))
        return Bounds(low, high)

    def kernel(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds], dtype: type) -> Kernel:
        """Nothing to do where the range is proven to lie within the limits."""
        del inputs
        low = dtype(self.low) if (bounds[0].low < self.low).any() else None
        high = dtype(self.high) if self.high is not None and (bounds[0].high > self.high).any() else None
        if low is None and high is None:
            return lambda arrays: arrays[0]
        return lambda arrays: np.clip(arrays[0], low, high)
