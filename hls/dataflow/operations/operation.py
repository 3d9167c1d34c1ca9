"""What every operation of the dataflow graph is: shapes and types, exact meaning on integers, proven range, cost.

An operation's meaning stands once, in `prepare`: a function that gets arrays of raws and gives arrays of raws, in the
cheapest dtype that is proven exact for the ranges it will meet (`EXACT_LIMIT`). An operation has one result or several.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from netloom.errors import PrecisionError
from netloom.fixed_point import FixedPoint, Overflow
from netloom.rounding import INT64_LIMIT, integers, magnitude

if TYPE_CHECKING:
    from netloom.hls.dataflow.graph import Dataflow

Compute = Callable[[Sequence[np.ndarray]], Sequence[np.ndarray]]
"""From input raws (batch first) to new arrays of result raws, or to the inputs themselves, which it leaves alone."""

Ready = tuple[Compute, type]
"""What runs, and the dtype it takes its inputs in."""

EXACT_LIMIT: dict[type, int] = {np.float32: 2**24, np.float64: 2**53, np.int64: INT64_LIMIT}
"""Up to this magnitude every integer, and every sum or product that stays below it, is exact in the dtype. Beyond all
of them there are Python's own integers, dtype `np.object_`."""


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
    """Proven range of a tensor: for every element the least and greatest raw it can come to hold.

    int64 where that holds both ends of all elements, else Python integers (dtype object).
    """

    low: np.ndarray
    high: np.ndarray

    def __post_init__(self) -> None:
        dtype = integer_dtype(self.magnitude)
        for end in ("low", "high"):
            object.__setattr__(self, end, np.asarray(getattr(self, end)).astype(dtype, copy=False))

    @classmethod
    def of(cls, tensor: TensorType) -> "Bounds":
        """All that the element type can hold."""
        return cls.whole(tensor.shape, tensor.element)

    @classmethod
    def whole(cls, shape: tuple[int, ...], element: FixedPoint) -> "Bounds":
        """All that a type can hold, for every element of a shape."""
        return cls(np.full(shape, element.raw_min), np.full(shape, element.raw_max))

    @property
    def magnitude(self) -> int:
        """The greatest absolute raw."""
        return max(magnitude(self.low), magnitude(self.high))

    def confined(self, element: FixedPoint) -> "Bounds":
        """What is left of this range, in raws of `element`'s own step, after `element`'s overflow mode."""
        limit = max(-element.raw_min, element.raw_max)
        low, high = integers(self.low, limit), integers(self.high, limit)
        if element.overflow in (Overflow.SAT, Overflow.SAT_SYM):
            return Bounds(*(np.clip(end, element.raw_min, element.raw_max) for end in (low, high)))
        outside = (low < element.raw_min) | (high > element.raw_max)
        return Bounds(np.where(outside, element.raw_min, low), np.where(outside, element.raw_max, high))

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


class Keeping(ABC):
    """A `Compute` that keeps something from sample to sample, and from call to call."""

    @abstractmethod
    def __call__(self, arrays: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
        """Results of all samples."""

    @abstractmethod
    def reset(self) -> None:
        """Begin anew with the next sample."""


class Operation(ABC):
    """One exact primitive. Subclasses are frozen dataclasses whose fields are the hardware module's parameters.

    One that holds graphs has `bodies`, `within` and `watched`; one that goes through them as often as there are steps,
    `interleave` and `interleaved`.
    """

    interleave = 1
    """Samples that its hardware works on in turn."""

    @property
    def results(self) -> int:
        """The number of results."""
        return 1

    @property
    def keeps(self) -> bool:
        """Whether what it gives for a sample depends on the samples before it."""
        return False

    @property
    def bodies(self) -> tuple["Dataflow", ...]:
        """The graphs it holds."""
        return ()

    def within(self, bounds: Sequence[Bounds]) -> tuple[Mapping[str, Bounds], ...]:
        """Proven ranges of everything in each of the bodies, from those of the inputs."""
        del bounds
        return ()

    def watched(self, bodies: Sequence["Dataflow"]) -> "Operation":
        """The same operation with these bodies, whose layers are results, of all steps, behind its own."""
        del bodies
        return self

    def interleaved(self, sequences: int) -> "Operation":
        """The same operation, a step of so many samples at a time; itself where there are no steps."""
        del sequences
        return self

    @abstractmethod
    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """Shape and type of every result.

        Raises:
            PrecisionError: if no type holds it.
        """

    @abstractmethod
    def bounds(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> tuple[Bounds, ...]:
        """Proven range of every result, from those of the inputs."""

    @abstractmethod
    def prepare(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds], least: type = np.float32) -> Ready:
        """Make the operation ready for inputs within `bounds`.

        Args:
            inputs: types of the inputs.
            bounds: their proven ranges.
            least: the cheapest dtype that may be chosen.

        Returns:
            The meaning as a function, and the dtype in which it takes its inputs: no number that it meets on the way
            is inexact there. On the way and in its results it may use others.
        """

    def holds(self, inputs: Sequence[TensorType]) -> bool:
        """Whether parameters and inputs fit each other: what the rest of the code relies on."""
        del inputs
        return True

    def may_overflow(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> bool:
        """Whether the result's type is not proven to hold every result."""
        del inputs, bounds
        return False

    def overflows(self, inputs: Sequence[TensorType], arrays: Sequence[np.ndarray]) -> np.ndarray | None:
        """Where the first result met its type's overflow mode: boolean, shaped as it; None if it never can.

        Of an operation with a body it is where that is within, (samples, places).

        Args:
            inputs: types of the inputs.
            arrays: input raws, batch first, in the dtype that `prepare` asks for where int64 is the least.
        """
        del inputs, arrays
        return None

    def cost(self, inputs: Sequence[TensorType]) -> Cost:
        """What one inference costs."""
        del inputs
        return Cost()


def exact_dtype(headroom: int, *least: type) -> type:
    """The cheapest dtype, from all of `least` on, in which every integer up to `headroom` is exact."""
    dtypes = [*EXACT_LIMIT, np.object_]
    first = max((dtypes.index(dtype) for dtype in least), default=0)
    return next((dtype for dtype in dtypes[first:] if headroom <= EXACT_LIMIT.get(dtype, headroom)), np.object_)


def integer_dtype(headroom: int) -> type:
    """The same among integer dtypes: int64 or Python's own."""
    return np.int64 if headroom < INT64_LIMIT else np.object_


def in_dtype(raw: np.ndarray, dtype: type) -> np.ndarray:
    """Raws in another dtype, which holds them; the array itself if it has that dtype."""
    if dtype is np.object_ and raw.dtype.kind == "f":
        raw = raw.astype(np.int64)
    return raw.astype(dtype, copy=False)


def exact_type(low: int, high: int, fraction: int, where: str) -> FixedPoint:
    """The narrowest type for raws from `low` to `high`, with a readable refusal where there is none."""
    try:
        return FixedPoint.containing(low, high, fraction)
    except PrecisionError as error:
        raise PrecisionError(f"{where}: {error}") from None
