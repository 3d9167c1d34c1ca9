"""`Cast`: from one fixed-point type to another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow.operations.operation import Bounds, Operation, Ready, TensorType, exact_dtype
from netloom.rounding import round_raw


@dataclass(frozen=True)
class Cast(Operation):
    """Assign to a variable of type `to`: its rounding, then its overflow mode."""

    to: FixedPoint

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType]:
        """Same shape, type `to`."""
        return (TensorType(inputs[0].shape, self.to),)

    def _rounded(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> Bounds:
        shift = inputs[0].element.fraction - self.to.fraction
        low, high = (round_raw(raw, shift, self.to.rounding) for raw in (bounds[0].low, bounds[0].high))
        return Bounds(low, high)

    def bounds(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> tuple[Bounds]:
        """Rounding is monotone, so the ends suffice."""
        return (self._rounded(inputs, bounds).confined(self.to),)

    def may_overflow(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> bool:
        """Whether the proven range leaves the type."""
        return self._rounded(inputs, bounds).exceeds(self.to)

    def _headroom(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> int:
        """The input plus half a step of the result, the rounded value, and the wrap's modulus."""
        shift = inputs[0].element.fraction - self.to.fraction
        rounded = self._rounded(inputs, bounds)
        half = 2 ** (shift - 1) if shift > 0 else 0
        wrap = 2**self.to.width if rounded.exceeds(self.to) else 0
        return max(bounds[0].magnitude + half, rounded.magnitude + wrap)

    def prepare(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds], least: type = np.float32) -> Ready:
        """Skip whichever of rounding and overflow is proven to do nothing."""
        dtype = exact_dtype(self._headroom(inputs, bounds), least)
        fraction = inputs[0].element.fraction
        to = self.to
        shift = fraction - to.fraction
        if self.may_overflow(inputs, bounds):
            return lambda arrays: (to.cast(arrays[0], fraction),), dtype
        if shift == 0:
            return lambda arrays: (arrays[0],), dtype
        return lambda arrays: (round_raw(arrays[0], shift, to.rounding),), dtype

    def overflows(self, inputs: Sequence[TensorType], arrays: Sequence[np.ndarray]) -> np.ndarray | None:
        """Where the rounded value lies outside the type."""
        return self.to.overflows(arrays[0], inputs[0].element.fraction)
