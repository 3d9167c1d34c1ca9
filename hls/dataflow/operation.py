"""What every operation of the dataflow graph is: shapes and types, exact meaning on integers, proven range, cost.

An operation's meaning stands once, in `kernel`: it gets arrays of raws and gives arrays of raws. It works in the dtype
asked for, and is exact there as long as no number met on the way exceeds `headroom`: the caller compares that with
`EXACT_LIMIT` and picks the cheapest dtype that is proven exact.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from netloom.errors import PrecisionError
from netloom.quantize.fixed_point import MAX_WIDTH, FixedPoint, Overflow

Kernel = Callable[[Sequence[np.ndarray]], np.ndarray]

EXACT_LIMIT: dict[type, int] = {np.float32: 2**24, np.float64: 2**53, np.int64: 2**MAX_WIDTH}
"""Up to this magnitude every integer, and every sum or product that stays below it, is exact in the dtype."""

INTEGERS_ONLY = 2**53 + 1
"""Headroom of kernels that need integer instructions, whatever their range."""


@dataclass(frozen=True)
class TensorType:
    """Shape (without the batch axis) and element type of one edge of the graph."""

    shape: tuple[int, ...]
    element: FixedPoint

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape))


@dataclass(frozen=True)
class Bounds:
    """Proven range of a tensor: for every element the least and greatest raw it can come to hold."""

    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, tensor: TensorType) -> "Bounds":
        """All that the element type can hold."""
        element = tensor.element
        return cls(
            np.full(tensor.shape, element.raw_min, dtype=np.int64),
            np.full(tensor.shape, element.raw_max, dtype=np.int64),
        )

    @property
    def magnitude(self) -> int:
        """The greatest absolute raw."""
        return max(abs(int(self.low.min())), abs(int(self.high.max())))

    def confined(self, element: FixedPoint) -> "Bounds":
        """What is left of this range, in raws of `element`'s own step, after `element`'s overflow mode."""
        if element.overflow in (Overflow.SAT, Overflow.SAT_SYM):
            return Bounds(
                np.clip(self.low, element.raw_min, element.raw_max),
                np.clip(self.high, element.raw_min, element.raw_max),
            )
        outside = (self.low < element.raw_min) | (self.high > element.raw_max)
        return Bounds(np.where(outside, element.raw_min, self.low), np.where(outside, element.raw_max, self.high))

    def exceeds(self, element: FixedPoint) -> bool:
        """Whether any element may lie outside `element`'s range, in raws of its own step."""
        return bool((self.low < element.raw_min).any() or (self.high > element.raw_max).any())


@dataclass(frozen=True)
class Cost:
    """What one inference asks of the hardware."""

    multiply_accumulates: int = 0
    weight_bits: int = 0
    parameters: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.multiply_accumulates + other.multiply_accumulates,
            self.weight_bits + other.weight_bits,
            self.parameters + other.parameters,
        )


class Operation(ABC):
    """One exact primitive. Subclasses are frozen dataclasses whose fields are the hardware module's parameters."""

    @abstractmethod
    def output(self, inputs: Sequence[TensorType]) -> TensorType:
        """Shape and type of the result.

        Raises:
            PrecisionError: if no type within 62 bits holds it.
        """

    @abstractmethod
    def bounds(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> Bounds:
        """Proven range of the result, from those of the inputs."""

    def headroom(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> int:
        """The greatest magnitude of any raw the kernel meets: inputs, intermediates, result."""
        return max(*(bound.magnitude for bound in bounds), self.bounds(inputs, bounds).magnitude)

    @abstractmethod
    def kernel(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds], dtype: type) -> Kernel:
        """The meaning: a function from input raws (batch first, in `dtype`) to a new array of result raws."""

    def may_overflow(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> bool:
        """Whether the result's type is not proven to hold every result."""
        del inputs, bounds
        return False

    def overflows(self, inputs: Sequence[TensorType], arrays: Sequence[np.ndarray]) -> np.ndarray | None:
        """Where the result met its type's overflow mode: boolean, shaped as the result; None if it never can.

        Args:
            inputs: types of the inputs.
            arrays: input raws, int64, batch first.
        """
        del inputs, arrays
        return None

    def cost(self, inputs: Sequence[TensorType]) -> Cost:
        """What one inference costs."""
        del inputs
        return Cost()


def exact_dtype(headroom: int) -> type:
    """The cheapest dtype in which every integer up to `headroom` is exact.

    Raises:
        PrecisionError: if not even int64 is.
    """
    for dtype, limit in EXACT_LIMIT.items():
        if headroom <= limit:
            return dtype
    raise PrecisionError(f"numbers on the way need more than {MAX_WIDTH} bits; use narrower types")


def exact_type(low: int, high: int, fraction: int, where: str) -> FixedPoint:
    """The narrowest type for raws from `low` to `high`, with a readable refusal beyond 62 bits."""
    try:
        return FixedPoint.containing(low, high, fraction)
    except PrecisionError as error:
        raise PrecisionError(f"{where}: {error}; use fewer bits in the layers before it") from None
