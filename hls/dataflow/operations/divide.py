"""`Divide`: by a constant, as average pooling does."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from netloom.hls.dataflow.operations.operation import Bounds, Operation, Ready, TensorType, exact_dtype


@dataclass(frozen=True)
class Divide(Operation):
    """Divide raws by a positive constant, dropping the remainder (towards zero), in the input's own type."""

    divisor: int

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType]:
        """Same shape and type."""
        element = inputs[0].element
        return (TensorType(inputs[0].shape, element.with_modes()),)

    def bounds(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> tuple[Bounds]:
        """Division is monotone."""
        del inputs
        return (Bounds(self._divide(bounds[0].low), self._divide(bounds[0].high)),)

    def prepare(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds], least: type = np.float32) -> Ready:
        """Truncated quotient."""
        del inputs
        # Float division is exact enough to truncate only with bits to spare for the quotient.
        dtype = exact_dtype((bounds[0].magnitude + 1) * self.divisor * 2, least)
        return lambda arrays: (self._divide(arrays[0]),), dtype

    def holds(self, inputs: Sequence[TensorType]) -> bool:
        """Whether the divisor is positive."""
        del inputs
        return self.divisor >= 1

    def _divide(self, raw: np.ndarray) -> np.ndarray:
        if raw.dtype.kind == "f":
            return np.trunc(raw / raw.dtype.type(self.divisor))
        return np.sign(raw) * (np.abs(raw) // self.divisor)
