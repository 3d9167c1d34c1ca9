"""`Reduce`: maximum or sum along one axis; how both are taken of elements, in any order, by `Pool` too."""

from abc import abstractmethod
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


class SumOrMaximum(Operation):
    """Groups of as many elements each; of each the maximum (if `accum` is None), or the sum in `accum`.

    For a sum each element is cast to `accum`, then they are added in the order that `summation` says, each sum cast to
    `accum` again. Maximum and sum are both monotone.
    """

    accum: FixedPoint | None
    summation: Summation

    @abstractmethod
    def _terms(self, x: np.ndarray) -> list[np.ndarray]:
        """The first element of all groups, the second, ...: batch first."""

    def _greatest(self, x: np.ndarray) -> np.ndarray:
        first, *others = self._terms(x)
        result = first.copy()
        for term in others:
            np.maximum(result, term, out=result)
        return result

    def _ends(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> list[list[np.ndarray]]:
        """The least and the greatest terms of sums, rounded as `accum` does."""
        assert self.accum is not None
        return [
            _rounded([term[0] for term in self._terms(end[None])], inputs, self.accum)
            for end in (bounds[0].low, bounds[0].high)
        ]

    def bounds(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> tuple[Bounds]:
        """Those of the extremes; of a sum all of `accum` if any partial sum may leave it."""
        if self.accum is None:
            return (Bounds(*(self._greatest(end[None])[0] for end in (bounds[0].low, bounds[0].high))),)
        low, high = self._ends(inputs, bounds)
        if _partial(low, high).exceeds(self.accum):
            return (Bounds.whole(low[0].shape, self.accum),)
        return (Bounds(_total(low), _total(high)),)

    def _headroom(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> int:
        """For a sum: all terms at their largest, half a step, and the wrap's modulus."""
        if self.accum is None:
            return bounds[0].magnitude
        gain = self.accum.fraction - inputs[0].element.fraction
        count = len(self._terms(bounds[0].low[None]))
        half = 2 ** max(-gain - 1, 0) if gain < 0 else 0
        wrap = 2**self.accum.width if self.may_overflow(inputs, bounds) else 0
        return ((bounds[0].magnitude << max(gain, 0)) + 1) * count + half + wrap

    def prepare(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds], least: type = np.float32) -> Ready:
        """Term by term, all groups at once."""
        dtype = exact_dtype(self._headroom(inputs, bounds), least)
        if self.accum is None:
            return lambda arrays: (self._greatest(arrays[0]),), dtype
        accum, fraction = self.accum, inputs[0].element.fraction
        return lambda arrays: (accumulate(self._terms(arrays[0]), fraction, accum, self.summation),), dtype

    def may_overflow(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> bool:
        """Whether a sum may leave the accumulator."""
        return self.accum is not None and _partial(*self._ends(inputs, bounds)).exceeds(self.accum)

    def overflows(self, inputs: Sequence[TensorType], arrays: Sequence[np.ndarray]) -> np.ndarray | None:
        """Where a sum ends outside the accumulator."""
        if self.accum is None:
            return None
        total = _total(_rounded(self._terms(arrays[0]), inputs, self.accum))
        return (total < self.accum.raw_min) | (total > self.accum.raw_max)


@dataclass(frozen=True)
class Reduce(SumOrMaximum):
    """Maximum (if `accum` is None) or sum in `accum` along the last axis, which becomes 1."""

    accum: FixedPoint | None = None
    summation: Summation = Summation.TREE

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType]:
        """Last axis 1."""
        return (TensorType((*inputs[0].shape[:-1], 1), self.accum or inputs[0].element),)

    def _terms(self, x: np.ndarray) -> list[np.ndarray]:
        return [x[..., index : index + 1] for index in range(x.shape[-1])]

    def _greatest(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(x.max(axis=-1, keepdims=True))


def _rounded(terms: Sequence[np.ndarray], inputs: Sequence[TensorType], accum: FixedPoint) -> list[np.ndarray]:
    return [round_raw(raw, inputs[0].element.fraction - accum.fraction, accum.rounding) for raw in terms]


def _partial(low: Sequence[np.ndarray], high: Sequence[np.ndarray]) -> Bounds:
    """Range of any partial sum, were nothing lost to overflow."""
    return Bounds(_total([np.minimum(raw, 0) for raw in low]), _total([np.maximum(raw, 0) for raw in high]))


def _total(terms: Sequence[np.ndarray]) -> np.ndarray:
    limit = len(terms) * max(magnitude(term) for term in terms)
    return np.asarray(sum(integers(term, limit) for term in terms))
