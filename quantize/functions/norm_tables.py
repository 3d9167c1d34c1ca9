"""Normalization by layer, group, root mean square or length as the firmware computes it: its types and its table.

On raws, over the n elements that are normalized together: d = n * x - sum(x) (or x, where nothing is subtracted),
v = sum(d * d), both exact; y = d * r(v), rounded once. r is a table of 1/sqrt in segments that grow coarser with v, so
that an entry is wrong by at most about one part in 2**10, for small v and for large.
"""

from dataclasses import dataclass
from functools import cached_property
from math import log2, sqrt
from typing import Literal

import numpy as np

from netloom.errors import LayerNotSupportedError
from netloom.fixed_point import FixedPoint, Overflow
from netloom.rounding import Rounding

NormMode = Literal["layer", "rms", "unit"]
"""(x - mean) / sqrt(variance + epsilon); x / sqrt(mean of squares + epsilon); x / sqrt(max(sum of squares, epsilon))"""

ENTRIES = 2048
"""Most entries of a segment."""

POWER_BITS = 48
"""Widest sum of squares that addresses a table; float64 holds it, and its products, exactly."""

RESULT_BITS = 16
"""Of the result: with an 8-bit scale, its product still fits float32."""

_ERROR_BITS = 10
_ENTRY_BITS = 12
"""Significant bits of the smallest entry."""


@dataclass(frozen=True)
class Segment:
    """Entries for `start`, `start + 2**shift`, ... up to the next segment's start."""

    start: int
    shift: int
    entries: np.ndarray


@dataclass(frozen=True)
class Norm:
    """A normalization of `size` elements of one type.

    Attributes:
        element: of the input.
        size: of elements that are normalized together.
        mode: what it computes.
        epsilon: Keras's.
    """

    element: FixedPoint
    size: int
    mode: NormMode
    epsilon: float

    def check(self, where: str) -> None:
        """Refuse sums of squares that no table takes.

        Raises:
            LayerNotSupportedError: starting with `where`.
        """
        bits = self.largest_power.bit_length()
        if bits > POWER_BITS:
            raise LayerNotSupportedError(
                f"{where}: the squares of {self.size} values of {self.element.width} bits sum to {bits} bits, and its "
                f"table takes {POWER_BITS}: give its quantizer fewer bits, or normalize fewer values together"
            )

    @property
    def centred(self) -> bool:
        """Whether the mean is subtracted."""
        return self.mode == "layer"

    @property
    def largest_power(self) -> int:
        """The greatest v: half of the elements at each end, or all at the greatest magnitude."""
        plain = self.element.with_modes()
        if self.centred:
            return max(self.size**3 * (plain.raw_max - plain.raw_min) ** 2 // 4, 1)
        return max(self.size * max(plain.raw_max, -plain.raw_min) ** 2, 1)

    @property
    def deviation(self) -> FixedPoint:
        """Type of d."""
        plain = self.element.with_modes()
        if not self.centred:
            return plain
        most = self.size * (plain.raw_max - plain.raw_min)
        return FixedPoint.containing(-most, most, plain.fraction)

    @property
    def power(self) -> FixedPoint:
        """Type of v."""
        return FixedPoint.containing(0, self.largest_power, 2 * self.element.fraction)

    @property
    def result(self) -> FixedPoint:
        """Type of y. It holds all of them: their squares sum to `size` at most, or to 1, and entries are that exact."""
        most = (1.0 if self.mode == "unit" else sqrt(self.size)) * (1 + 2.0**-7)
        integer = int(np.ceil(log2(most))) + 1
        return FixedPoint(RESULT_BITS, integer, True, Rounding.RND, Overflow.SAT)

    @property
    def entry(self) -> FixedPoint:
        """Type of the entries."""
        least, most = self._root(np.array([self.largest_power, 1]))
        fraction = _ENTRY_BITS - int(np.floor(log2(least)))
        return FixedPoint.containing(0, int(np.ceil(np.ldexp(most, fraction))), fraction)

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """The table, raws of `entry`, for every v there is."""
        segments = []
        start, shift = 0, 0
        while True:
            end = start + (ENTRIES << shift)
            following = shift
            while self._exact_enough(end >> (following + 1) << (following + 1), following + 1):
                following += 1
            end = end >> following << following
            last = end > self.largest_power
            count = ((self.largest_power - start) >> shift) + 1 if last else (end - start) >> shift
            segments.append(Segment(start, shift, self._entries(start, shift, count)))
            if last:
                return tuple(segments)
            start, shift = end, following

    def _exact_enough(self, start: int, shift: int) -> bool:
        """Whether one entry for `2**shift` values from `start` on is exact enough for them all."""
        high, low = self._root(np.array([max(start, 1), start + 2**shift - 1]))
        return bool(shift <= POWER_BITS and (high - low) / low <= 2.0 ** (1 - _ERROR_BITS))

    def _entries(self, start: int, shift: int, count: int) -> np.ndarray:
        """Half-way between the values at both ends. Where v is 0 d is too, and the entry that of 1."""
        first = start + (np.arange(count, dtype=np.int64) << shift)
        ends = np.maximum(first, 1), np.clip(first + (1 << shift) - 1, 1, self.largest_power)
        middle = (self._root(ends[0]) + self._root(ends[1])) / 2
        return np.floor(np.ldexp(middle, self.entry.fraction) + 0.5).astype(np.int64)

    def _root(self, power: np.ndarray) -> np.ndarray:
        """r(v) for raws of v, in float64."""
        value = np.ldexp(power.astype(np.float64), -2 * self.element.fraction)
        if self.mode == "unit":
            return 1 / np.sqrt(np.maximum(value, self.epsilon))
        if self.mode == "rms":
            return 1 / np.sqrt(value / self.size + self.epsilon)
        return 1 / (self.size * np.sqrt(value / float(self.size) ** 3 + self.epsilon))


def grouped(shape: tuple[int, ...], groups: int | None) -> np.ndarray:
    """Indices that put the elements normalized together on the last axis.

    Args:
        shape: of the tensor, without the batch.
        groups: of channels, each with all positions; None where every position is normalized by itself.
    """
    indices = np.arange(int(np.prod(shape)), dtype=np.int64)
    if groups is None:
        return indices.reshape(shape)
    by_group = indices.reshape(-1, groups, shape[-1] // groups)
    return np.ascontiguousarray(np.moveaxis(by_group, 1, 0)).reshape(groups, -1)
