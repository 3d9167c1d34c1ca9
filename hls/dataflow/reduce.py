"""`Reduce`: maximum or sum along one axis, and how fixed-point sums are taken in a given order."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from netloom.hls.dataflow.operation import Bounds, Kernel, Operation, TensorType
from netloom.quantize.fixed_point import FixedPoint, round_raw


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
        np.sum([np.minimum(raw, 0) for raw in _rounded(low, fraction, accum)], axis=0),
        np.sum([np.maximum(raw, 0) for raw in _rounded(high, fraction, accum)], axis=0),
    )


def confined_sum_bounds(
    low: Sequence[np.ndarray], high: Sequence[np.ndarray], fraction: int, accum: FixedPoint
) -> Bounds:
    """Range of `accumulate` in any order: the exact one, or all of `accum` if any partial sum may leave it."""
    if partial_sum_bounds(low, high, fraction, accum).exceeds(accum):
        return Bounds(np.full(low[0].shape, accum.raw_min), np.full(low[0].shape, accum.raw_max))
    return Bounds(np.sum(_rounded(low, fraction, accum), axis=0), np.sum(_rounded(high, fraction, accum), axis=0))


@dataclass(frozen=True)
class Reduce(Operation):
    """Maximum (if `accum` is None) or sum in `accum` along the last axis, which becomes 1."""

    accum: FixedPoint | None = None
    summation: Summation = Summation.TREE

    def output(self, inputs: Sequence[TensorType]) -> TensorType:
        """Last axis 1."""
        return TensorType((*inputs[0].shape[:-1], 1), self.accum or inputs[0].element)

    def bounds(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> Bounds:
        """Maximum and sum are both monotone."""
        low, high = bounds[0].low, bounds[0].high
        if self.accum is None:
            return Bounds(low.max(axis=-1, keepdims=True), high.max(axis=-1, keepdims=True))
        return confined_sum_bounds(_split(low), _split(high), inputs[0].element.fraction, self.accum)

    def headroom(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> int:
        """For a sum: all elements at their largest, and the wrap's modulus."""
        if self.accum is None:
            return bounds[0].magnitude
        gain = max(self.accum.fraction - inputs[0].element.fraction, 0)
        modulus = 2**self.accum.width if self.may_overflow(inputs, bounds) else 0
        return ((bounds[0].magnitude << gain) + 1) * inputs[0].shape[-1] + modulus

    def kernel(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds], dtype: type) -> Kernel:
        """Elementwise over the axis."""
        del bounds, dtype
        if self.accum is None:
            return lambda arrays: arrays[0].max(axis=-1, keepdims=True)
        accum, fraction, summation = self.accum, inputs[0].element.fraction, self.summation
        return lambda arrays: accumulate(_split(arrays[0]), fraction, accum, summation)

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
        return self.accum.overflows(arrays[0].sum(axis=-1, keepdims=True), inputs[0].element.fraction)


def _split(x: np.ndarray) -> list[np.ndarray]:
    return [x[..., index : index + 1] for index in range(x.shape[-1])]
