"""`OperationSite`: an operation where it stands in a graph, with what its form in another language depends on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from netloom.hls.dataflow import Bounds, TensorType


@dataclass(frozen=True)
class OperationSite:
    """One operation with what reaches it.

    Attributes:
        operation: the operation.
        types: of its inputs.
        bounds: their proven ranges.
    """

    operation: Any
    types: Sequence[TensorType]
    bounds: Sequence[Bounds]

    @property
    def fraction(self) -> int:
        """Fraction bits of the first input."""
        return self.types[0].element.fraction

    @property
    def may_overflow(self) -> bool:
        """Whether the result's type is not proven to hold every result."""
        return bool(self.operation.may_overflow(self.types, self.bounds))

    @property
    def takes_terms_in_order(self) -> bool:
        """Whether a product must be taken term by term."""
        return bool(self.operation.takes_terms_in_order(self.types, self.bounds))

    @property
    def exact_in_float32(self) -> bool:
        """Whether float32 holds all that the operation meets."""
        return self.operation.prepare(self.types, self.bounds)[1] is np.float32
