"""Where the point goes: integer bits from data, so that none is guessed.

Widths are the policy's; a type of given width has one free number, its integer bits. One bit less halves the step and
with it the rounding error, and clips more. Both rules below weigh that on the values themselves.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import numpy as np

from netloom.errors import InputError
from netloom.fixed_point import FixedPoint, Overflow
from netloom.rounding import Rounding

CalibrationRule = Literal["mse", "max"]

_CANDIDATES = 4
"""Integer bits tried: the fewest that clip nothing at all, and up to three less."""

MAX_EXPONENT = 30
MIN_EXPONENT = -16
"""Ranges from 2**-16 to 2**30: beyond, a network is broken or its data is not normalized."""


class Calibration:
    """Chooses the type of one quantizer from batches of values, seen twice: `see_range` for all, then `see_error`.

    Args:
        bits: width of the type.
        signed: whether it is signed; None for signed only if a value is negative.
        rule: `"mse"` for the least squared error, `"max"` for the fewest integer bits that clip by a step at most.
        name: what is being calibrated, for messages.
        bound: where the values were clipped, if they were. At a power of two, the type shall saturate there as well.
    """

    def __init__(
        self, bits: int, signed: bool | None, rule: CalibrationRule, name: str, bound: float | None = None
    ) -> None:
        self.bits, self.signed, self.rule, self.name, self.bound = bits, signed, rule, name, bound
        self.low = self.high = 0.0
        self.candidates: list[FixedPoint] = []
        self.errors = np.zeros(_CANDIDATES)

    def see_range(self, values: np.ndarray) -> None:
        """Take note of the least and greatest value.

        Raises:
            InputError: if a value is NaN or infinite.
        """
        low, high = float(values.min()), float(values.max())
        if not np.isfinite([low, high]).all():
            raise InputError(
                f"{self.name}: values must be finite; found NaN or infinity: check the data and the weights"
            )
        self.low, self.high = min(self.low, low), max(self.high, high)

    def see_error(self, values: np.ndarray) -> None:
        """Add up the squared error of every candidate type.

        Raises:
            InputError: if the range is beyond what fixed point can hold.
        """
        if not self.candidates:
            self.candidates = self._types()
        if self.rule == "mse":
            self.errors += [_squared_error(values, type_) for type_ in self.candidates]

    def type(self) -> FixedPoint:
        """The chosen type, rounding to nearest even and saturating."""
        return (self.candidates or self._types())[int(np.argmin(self.errors))]

    def _types(self) -> list[FixedPoint]:
        signed = self.low < 0 if self.signed is None else self.signed
        largest = max(self.high, -self.low if signed else 0.0) or 1.0
        if largest > 2.0**MAX_EXPONENT:
            raise InputError(
                f"{self.name}: values reach {largest:.3g}, beyond 2**{MAX_EXPONENT}: normalize the data or the weights"
            )
        # A largest value of exactly 2**n is one step beyond n integer bits: only weighing tells if that matters.
        exponent = int(np.ceil(np.log2(largest)) if self.rule == "max" else np.floor(np.log2(largest)) + 1)
        if self.bound and np.log2(self.bound).is_integer():
            exponent = min(exponent, int(np.log2(self.bound)))
        exponent = max(exponent, MIN_EXPONENT)
        return [
            FixedPoint(self.bits, exponent - less + signed, signed, Rounding.RND_CONV, Overflow.SAT)
            for less in range(_CANDIDATES)
        ]


def calibrate(
    values: np.ndarray, bits: int, name: str, rule: CalibrationRule = "mse", signed: bool | None = True
) -> FixedPoint:
    """The type of `bits` bits for one array, for example a layer's weights.

    Raises:
        InputError: if a value is NaN, infinite or beyond 2**30.
    """
    calibration = Calibration(bits, signed, rule, name)
    calibration.see_range(values)
    calibration.see_error(values)
    return calibration.type()


def calibrate_stream(
    calibrations: Sequence[Sequence[Calibration]], batches: Callable[[], Iterable[Sequence[np.ndarray]]]
) -> None:
    """Show batches to calibrations, twice.

    Args:
        calibrations: for each array of a batch, those that are to see it.
        batches: gives the batches, lists of arrays; called two times, and must give the same both times.
    """
    for see in (Calibration.see_range, Calibration.see_error):
        for batch in batches():
            for readers, values in zip(calibrations, batch, strict=True):
                for calibration in readers:
                    see(calibration, values)


def _squared_error(values: np.ndarray, type_: FixedPoint) -> float:
    # The same numbers as FixedPoint.from_float, in float32: weighing candidates needs no more, and is 20 times faster.
    grid = np.rint(values * np.float32(1 / type_.step))
    np.clip(grid, type_.raw_min, type_.raw_max, out=grid)
    grid *= np.float32(type_.step)
    grid -= values
    return float(np.vdot(grid, grid))
