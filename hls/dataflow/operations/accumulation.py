"""`Accumulation`: products with constant weights, summed in an accumulator. `MatVec` and `DepthwiseMatVec` are such."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow.operations.operation import (
    Bounds,
    Compute,
    Cost,
    Operation,
    Ready,
    TensorType,
    exact_dtype,
)
from netloom.rounding import EXACT_LIMIT, INT64_LIMIT, Rounding, integers, magnitude, round_raw


@dataclass(frozen=True, eq=False)
class Accumulation(Operation):
    """Products cast to the accumulator one by one, summed there from the bias on.

    `weights` and `bias` are raws, in integers. `order` is the order in which inputs are accumulated; it matters only
    where the accumulator saturates on the way. None is the natural order.
    """

    weights: np.ndarray
    weight_type: FixedPoint
    bias: np.ndarray
    bias_type: FixedPoint
    accum: FixedPoint
    order: tuple[int, ...] | None = None

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType]:
        """Last axis replaced, accumulator's type."""
        return (TensorType((*inputs[0].shape[:-1], self.weights.shape[1]), self.accum),)

    @abstractmethod
    def _sum(self, x: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The sums of products, in the arrays' common float dtype or int64."""

    @abstractmethod
    def _term(self, x: np.ndarray, index: int) -> np.ndarray:
        """The products of input `index`, integers."""

    def _exact_sum(self, x: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """`_sum` of integers: on BLAS where float64 is exact, in int64 where that is, else in parts that are."""
        columns = np.abs(integers(weights, magnitude(weights) * self._depth)).sum(axis=0)
        worst = magnitude(x) * magnitude(columns)
        if worst < EXACT_LIMIT[np.float64]:
            return self._sum(x.astype(np.float64), weights.astype(np.float64)).astype(np.int64)
        if worst < INT64_LIMIT:
            return self._sum(x.astype(np.int64), weights.astype(np.int64))
        bits = (53 - self._depth.bit_length()) // 2
        total: np.ndarray = np.zeros((), dtype=object)
        for i, x_part in enumerate(_parts(x, bits)):
            for j, part in enumerate(_parts(weights, bits)):
                total = total + (self._sum(x_part, part).astype(np.int64).astype(object) << bits * (i + j))
        return total

    @property
    def _depth(self) -> int:
        return self.weights.shape[0]

    def product_fraction(self, inputs: Sequence[TensorType]) -> int:
        """Fraction bits of a full product."""
        return inputs[0].element.fraction + self.weight_type.fraction

    def start(self) -> np.ndarray:
        """The accumulator's initial raws: the bias, cast."""
        return self.accum.cast(self.bias, self.bias_type.fraction)

    def _gain(self, inputs: Sequence[TensorType]) -> int:
        """Accumulator steps per product step, as a shift; negative if products lose bits."""
        return self.accum.fraction - self.product_fraction(inputs)

    def _extremes(self, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Least and greatest sum of products, in product steps."""
        positive, negative = np.maximum(self.weights, 0), np.minimum(self.weights, 0)
        return (
            self._exact_sum(low, positive) + self._exact_sum(high, negative),
            self._exact_sum(high, positive) + self._exact_sum(low, negative),
        )

    def _partial_extremes(self, bounds: Bounds) -> tuple[np.ndarray, np.ndarray]:
        """Least and greatest sum over any subset of the products."""
        return self._extremes(np.minimum(bounds.low, 0), np.maximum(bounds.high, 0))

    def _sums(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> tuple[Bounds, Bounds]:
        """Ranges of the final sum and of any partial sum, were nothing lost to overflow; products rounded down/up."""
        extremes = (*self._extremes(bounds[0].low, bounds[0].high), *self._partial_extremes(bounds[0]))
        gain, start = self._gain(inputs), self.start()
        # Where products are rounded, each may be off by one accumulator step.
        slack = self._depth if gain < 0 else 0
        low, high, part_low, part_high = (round_raw(raw, -gain, Rounding.TRN) for raw in extremes)
        final = Bounds(low + start - slack, high + start + slack)
        # Products meet the accumulator alone before they meet the bias: count it only where it widens the range.
        return final, Bounds(part_low + np.minimum(start, 0) - slack, part_high + np.maximum(start, 0) + slack)

    def _loses_bits(self, inputs: Sequence[TensorType]) -> bool:
        return self._gain(inputs) < 0

    def exact_sum(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> FixedPoint:
        """The narrowest accumulator that loses nothing, whatever the inputs within `bounds`.

        Holds every partial sum in any order, every product and the bias.

        Raises:
            PrecisionError: if no type has so many bits.
        """
        fraction = max(self.product_fraction(inputs), self.bias_type.fraction)
        part_low, part_high = self._partial_extremes(bounds[0])
        shift = self.product_fraction(inputs) - fraction
        low, high = (round_raw(raw, shift, Rounding.TRN) for raw in (part_low, part_high))
        bias = round_raw(self.bias, self.bias_type.fraction - fraction, Rounding.TRN)
        low, high = low + np.minimum(bias, 0), high + np.maximum(bias, 0)
        return FixedPoint.containing(int(low.min()), int(high.max()), fraction)

    def bounds(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> tuple[Bounds]:
        """From the extremes of every product; the whole accumulator where a partial sum may overflow."""
        final, partial = self._sums(inputs, bounds)
        if self.accum.overflow is Overflow.WRAP:
            return (final.confined(self.accum),)
        return (Bounds.whole(final.low.shape, self.accum) if partial.exceeds(self.accum) else final,)

    def may_overflow(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> bool:
        """Whether a sum may leave the accumulator; for a saturating one, any partial sum."""
        final, partial = self._sums(inputs, bounds)
        return (final if self.accum.overflow is Overflow.WRAP else partial).exceeds(self.accum)

    def takes_terms_in_order(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> bool:
        """Whether the sum must be taken product by product: bits are lost, or saturation on the way is possible."""
        if self._loses_bits(inputs):
            return True
        if self.accum.overflow is Overflow.WRAP:
            return False
        return self._sums(inputs, bounds)[1].exceeds(self.accum)

    def _headroom(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> int:
        """The greatest number that any order of summation can meet; inputs count where all weights are zero, too."""
        if self.takes_terms_in_order(inputs, bounds):
            gain = self._gain(inputs)
            product = bounds[0].magnitude * magnitude(self.weights)
            half = 2 ** (-gain - 1) if gain < 0 else 0
            met = max(bounds[0].magnitude, (product << max(gain, 0)) + half)
            return max(met, 2 * max(-self.accum.raw_min, self.accum.raw_max))
        partial = self._sums(inputs, bounds)[1]
        wrap = 2**self.accum.width if partial.exceeds(self.accum) else 0
        scaled_weights = magnitude(self.weights) << self._gain(inputs)
        return max(bounds[0].magnitude, partial.magnitude + wrap, scaled_weights, magnitude(self.start()))

    def prepare(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds], least: type = np.float32) -> Ready:
        """One matrix product where that is exact, else a loop over the inputs in their order."""
        if self.takes_terms_in_order(inputs, bounds):
            dtype = exact_dtype(self._headroom(inputs, bounds), least, np.int64)
            return self._in_order(self.product_fraction(inputs)), dtype
        dtype = exact_dtype(self._headroom(inputs, bounds), least)
        weights: np.ndarray = self.scaled_weights(inputs).astype(dtype)
        sum_ = self._sum if np.dtype(dtype).kind == "f" else self._exact_sum
        start: np.ndarray = self.start().astype(dtype)
        has_bias, accum, confine = bool(start.any()), self.accum, self.may_overflow(inputs, bounds)

        def run(arrays: Sequence[np.ndarray]) -> tuple[np.ndarray]:
            total: np.ndarray = sum_(arrays[0], weights).astype(dtype, copy=False)
            if has_bias:
                total += start
            return (accum.confine(total) if confine else total,)

        return run, dtype

    def scaled_weights(self, inputs: Sequence[TensorType]) -> np.ndarray:
        """The weights in accumulator steps per input step."""
        return round_raw(self.weights, -self._gain(inputs), Rounding.TRN)

    def _in_order(self, product_fraction: int) -> Compute:
        accum, start = self.accum, self.start()
        order = self.order if self.order is not None else range(self._depth)

        def run(arrays: Sequence[np.ndarray]) -> tuple[np.ndarray]:
            x = arrays[0]
            total = np.broadcast_to(start, (*x.shape[:-1], start.size)).copy()
            for index in order:
                total = accum.confine(total + accum.cast(self._term(x, index), product_fraction))
            return (total,)

        return run

    def overflows(self, inputs: Sequence[TensorType], arrays: Sequence[np.ndarray]) -> np.ndarray | None:
        """Where the sum, with products rounded as the accumulator does, ends outside the accumulator."""
        x = arrays[0]
        if self._loses_bits(inputs):
            total = self.start() + sum(
                round_raw(self._term(x, index), -self._gain(inputs), self.accum.rounding)
                for index in range(self._depth)
            )
        else:
            total = self._exact_sum(x, self.scaled_weights(inputs)) + self.start()
        return (total < self.accum.raw_min) | (total > self.accum.raw_max)

    @abstractmethod
    def _taken(self) -> int:
        """The length of the last axis."""

    def holds(self, inputs: Sequence[TensorType]) -> bool:
        """Whether weights, bias and order fit each other and the last axis."""
        depth, width = self.weights.shape
        shapes = self.bias.shape == (width,) and inputs[0].shape[-1:] == (self._taken(),) and depth >= 1
        return shapes and (self.order is None or sorted(self.order) == list(range(depth)))

    def cost(self, inputs: Sequence[TensorType]) -> Cost:
        """One multiply-accumulate a weight and output position; bias bits where there is a bias."""
        positions = inputs[0].size // inputs[0].shape[-1]
        has_bias = bool(self.bias.any())
        return Cost(
            positions * self.weights.size,
            self.weights.size * self.weight_type.width + has_bias * self.bias.size * self.bias_type.width,
            self.weights.size + has_bias * self.bias.size,
        )


def _parts(raw: np.ndarray, bits: int) -> list[np.ndarray]:
    """Integers as parts of `bits` bits, the lowest first, in float64: raw = sum of parts[i] * 2**(bits * i)."""
    parts: list[np.ndarray] = []
    while magnitude(raw) >= 1 << bits:
        parts.append((raw & ((1 << bits) - 1)).astype(np.float64))
        raw = raw >> bits
    return [*parts, raw.astype(np.float64)]
