"""What a tensor of the Keras model stands for: ONNX's values, on a grid times a scale that need be no power of two."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from netloom.errors import QuantizerNotSupportedError
from netloom.quantize.smallest_grid import is_fixed, smallest_grid

SHORT_BITS_OF_AFFINE = 16
"""Of a scale or a shift that the network computes as it is; others are left to the next quantizer."""


@dataclass(frozen=True)
class Grid:
    """Where a Keras tensor's values lie: `step` times whole numbers from `low` to `high`, each one or one a channel."""

    step: float
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, step: float, low: Any, high: Any) -> "Grid":
        """From numbers or arrays."""
        return cls(step, np.asarray(low, np.int64), np.asarray(high, np.int64))

    @classmethod
    def around(cls, grids: "Sequence[Grid | None]") -> "Grid | None":
        """One that has all values of several; None if one is not known."""
        known = [one for one in grids if one is not None]
        if len(known) < len(grids):
            return None
        step = min(one.step for one in known)
        finer = [(one, round(one.step / step)) for one in known]
        low, high = (
            min(int(one.low.min()) * more for one, more in finer),
            max(int(one.high.max()) * more for one, more in finer),
        )
        return cls.of(step, low, high)

    def plus(self, other: "Grid", sign: int = 1) -> "Grid":
        """Where sums lie, or differences."""
        step = min(self.step, other.step)
        (low, high), (less, more) = (
            (one.low.min() * round(one.step / step), one.high.max() * round(one.step / step)) for one in (self, other)
        )
        return Grid.of(step, low + min(sign * less, sign * more), high + max(sign * less, sign * more))

    @property
    def uniform(self) -> "Grid":
        """The same with one least and one greatest for all channels."""
        return Grid(self.step, self.low.min(), self.high.max())

    def has(self, value: float | None) -> bool:
        """Whether a value, if there is one, is a number of steps."""
        return value is None or (value / self.step).is_integer()

    def limited(self, low: float, high: float) -> "Grid":
        """Between two values."""
        first, last = (float(np.clip(value / self.step, -(2.0**40), 2.0**40)) for value in (low, high))
        return replace(
            self,
            low=np.maximum(self.low, int(np.floor(first))),
            high=np.maximum(np.minimum(self.high, int(np.ceil(last))), self.low),
        )

    def moved(self, real: "Real") -> "Grid | None":
        """Where the values lie that it stands for; None if that takes too fine a grid."""
        values = np.concatenate([np.ravel(real.scale) * self.step, np.ravel(real.shift)])
        try:
            step = smallest_grid(values, "").step
        except QuantizerNotSupportedError:
            return None
        ends = [(real.scale * self.step * end + real.shift) / step for end in (self.low, self.high)]
        return Grid.of(step, np.rint(np.minimum(*ends)), np.rint(np.maximum(*ends)))


def _one() -> np.ndarray:
    return np.ones(1)


def _zero() -> np.ndarray:
    return np.zeros(1)


@dataclass(frozen=True)
class Real:
    """ONNX's tensor is scale * t / count + shift, held between `floor` and `ceiling`, where t is the Keras tensor.

    Attributes:
        scale: float64, one, or one a channel: along Keras's last axis.
        shift: likewise.
        floor: one number; minus infinity is none.
        ceiling: one number; infinity is none.
        count: of the elements that t is a sum of, where ONNX's is their average: no float is a third.
    """

    scale: np.ndarray = field(default_factory=_one)
    shift: np.ndarray = field(default_factory=_zero)
    floor: float = -np.inf
    ceiling: float = np.inf
    count: int = 1

    @property
    def slope(self) -> np.ndarray:
        """What t is times, as near as float64 comes."""
        return self.scale / self.count

    @property
    def limited(self) -> bool:
        """Whether there is a floor or a ceiling."""
        return self.floor > -np.inf or self.ceiling < np.inf

    @property
    def single(self) -> bool:
        """Whether all channels have one scale and one shift."""
        return all(bool((value == value.flat[0]).all()) for value in (self.scale, self.shift))

    @property
    def plain(self) -> bool:
        """Whether it is what it stands for."""
        return not self.limited and self.count == 1 and bool((self.scale == 1).all() and not self.shift.any())

    @property
    def short(self) -> bool:
        """Whether the network can compute it as it is."""
        return not self.limited and self.count == 1 and is_short(self.scale) and is_short(self.shift)

    def takes(self, scale: np.ndarray, shift: np.ndarray) -> bool:
        """Whether it can be scaled and shifted once more: it has no limits, or a ReLU's, and 0 stays where it is."""
        relu = self.floor in (0, -np.inf) and self.ceiling == np.inf
        return not self.limited or bool(relu and (scale > 0).all() and not shift.any())

    def then(self, scale: np.ndarray, shift: np.ndarray) -> "Real":
        """The same, scaled and shifted once more, if it `takes` that."""
        scale, shift = self.scale * scale, self.shift * scale + shift
        if self.count > 1 and (scale % self.count == 0).all():
            return replace(self, scale=scale / self.count, shift=shift, count=1)
        return replace(self, scale=scale, shift=shift)

    def between(self, low: float, high: float) -> "Real":
        """The same within two limits."""
        floor = min(max(self.floor, low), high)
        return replace(self, floor=floor, ceiling=max(min(self.ceiling, high), floor))


def is_short(values: np.ndarray) -> bool:
    """Whether values lie on a grid of few bits."""
    return is_fixed(values, SHORT_BITS_OF_AFFINE)
