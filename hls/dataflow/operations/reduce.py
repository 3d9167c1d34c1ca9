"""`Reduce`: maximum or sum along one axis, and how fixed-point sums are taken in a given order."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow.operations.operation import Bounds, Operation, Ready, TensorType, exact_dtype
from netloom.rounding import integers, magnitude, round_raw


class Summation(StrEnum):
    """The order in which a sum is taken: one after the other, or as a tree split at powers of two."""

    SEQUENTIAL = "sequential"
    TREE = "tree"


def accumulate(terms: Sequence[np.ndarray], fraction: int, accum: FixedPoint, order: Summation) -> np.ndarray:
    """Sum arrays of raws in `accum`: every term cast to it, every sum confined by it.

    Args:
        terms: raws of equal shape.
        fraction: their fraction bits.
        accum: the accumulator's type.
        order: which terms are added first; matters only where `accum` saturates.

    Returns:
        Raws of `accum`, a new array.
    """
    cast = [accum.cast(term, fraction) for term in terms]
    if order is Summation.TREE:
        return _tree(cast, accum)
    total = cast[0]
    for term in cast[1:]:
        total = accum.confine(total + term)
    return total


def _tree(terms: Sequence[np.ndarray], accum: FixedPoint) -> np.ndarray:
    """hls4ml's `nnet::reduce`: the left part is the largest power of two below the number of terms."""
    if len(terms) == 1:
        return terms[0]
    left = 1 << ((len(terms) - 1).bit_length() - 1)
    return accum.confine(_tree(terms[:left], accum) + _tree(terms[left:], accum))


def _rounded(terms: Sequence[np.ndarray], fraction: int, accum: FixedPoint) -> list[np.ndarray]:
    return [round_raw(raw, fraction - accum.fraction, accum.rounding) for raw in terms]


def partial_sum_bounds(
    low: Sequence[np.ndarray], high: Sequence[np.ndarray], fraction: int, accum: FixedPoint
) -> Bounds:
    """Range of any partial sum of `accumulate`, were nothing lost to overflow."""
    return Bounds(
        _total([np.minimum(raw, 0) for raw in _rounded(low, fraction, accum)]),
        _total([np.maximum(raw, 0) for raw in _rounded(high, fraction, accum)]),
    )


def _total(terms: Sequence[np.ndarray]) -> np.ndarray:
    limit = len(terms) * max(magnitude(term) for term in terms)
    return np.asarray(sum(integers(term, limit) for term in terms))


def confined_sum_bounds(
    low: Sequence[np.ndarray], high: Sequence[np.ndarray], fraction: int, accum: FixedPoint
) -> Bounds:
    """Range of `accumulate` in any order: the exact one, or all of `accum` if any partial sum may leave it."""
    if partial_sum_bounds(low, high, fraction, accum).exceeds(accum):
        return Bounds.whole(low[0].shape, accum)
    return Bounds(_total(_rounded(low, fraction, accum)), _total(_rounded(high, fraction, accum)))


def sum_overflows(terms: Sequence[np.ndarray], fraction: int, accum: FixedPoint) -> np.ndarray:
    """Where `accumulate` ends outside the accumulator; integer raws."""
    total = _total(_rounded(terms, fraction, accum))
    return (total < accum.raw_min) | (total > accum.raw_max)


def sum_headroom(largest: int, count: int, fraction: int, accum: FixedPoint, wraps: bool) -> int:
    """The greatest number `accumulate` meets: all terms at their largest, half a step, and the wrap's modulus.

    Args:
        largest: magnitude of a term.
        count: of terms.
        fraction: their fraction bits.
        accum: the accumulator's type.
        wraps: whether a sum may leave it.
    """
    gain = accum.fraction - fraction
    half = 2 ** max(-gain - 1, 0) if gain < 0 else 0
    return ((largest << max(gain, 0)) + 1) * count + half + (2**accum.width if wraps else 0)


@dataclass(frozen=True)
class Reduce(Operation):
    """Maximum (if `accum` is None) or sum in `accum` along the last axis, which becomes 1."""

    accum: FixedPoint | None = None
    summation: Summation = Summation.TREE

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType]:
        """Last axis 1."""
        return (TensorType((*inputs[0].shape[:-1], 1), self.accum or inputs[0].element),)

    def bounds(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> tuple[Bounds]:
        """Maximum and sum are both monotone."""
        low, high = bounds[0].low, bounds[0].high
        if self.accum is None:
            return (Bounds(low.max(axis=-1, keepdims=True), high.max(axis=-1, keepdims=True)),)
        return (confined_sum_bounds(_split(low), _split(high), inputs[0].element.fraction, self.accum),)

    def _headroom(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> int:
        """For a sum: all elements at their largest, and the wrap's modulus."""
        if self.accum is None:
            return bounds[0].magnitude
        wraps = self.may_overflow(inputs, bounds)
        tensor = inputs[0]
        return sum_headroom(bounds[0].magnitude, tensor.shape[-1], tensor.element.fraction, self.accum, wraps)

    def prepare(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds], least: type = np.float32) -> Ready:
        """Elementwise over the axis."""
        dtype = exact_dtype(self._headroom(inputs, bounds), least)
        if self.accum is None:
            return lambda arrays: (arrays[0].max(axis=-1, keepdims=True),), dtype
        accum, fraction, summation = self.accum, inputs[0].element.fraction, self.summation
        return lambda arrays: (accumulate(_split(arrays[0]), fraction, accum, summation),), dtype

    def may_overflow(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> bool:
        """Whether a sum may leave the accumulator."""
        if self.accum is None:
            return False
        terms = _split(bounds[0].low), _split(bounds[0].high)
        return partial_sum_bounds(*terms, inputs[0].element.fraction, self.accum).exceeds(self.accum)

    def overflows(self, inputs: Sequence[TensorType], arrays: Sequence[np.ndarray]) -> np.ndarray | None:
        """Where a sum ends outside the accumulator."""
        if self.accum is None:
            return None
        return sum_overflows(_split(arrays[0]), inputs[0].element.fraction, self.accum)


def _split(x: np.ndarray) -> list[np.ndarray]:
    return [x[..., index : index + 1] for index in range(x.shape[-1])]
