"""The fixed-point type that crosses every stage, with exactly `ap_fixed`'s meaning.

A value is an integer `raw`, worth `raw * 2**-fraction` with `fraction = width - integer`. Arithmetic here is on arrays
of raws, in one of three carriers: a float dtype whose numbers are all integers small enough to be exact (below 2**24 in
float32, 2**53 in float64); `int64` below 2**62, so that a sum of two still fits; beyond, and far slower, Python's own
integers (dtype object). Which carrier is safe is proven by the caller, from ranges.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction

import numpy as np

from netloom.errors import InputError, PrecisionError
from netloom.rounding import EXACT_LIMIT, INT64_LIMIT, Rounding, round_raw, round_up

MAX_WIDTH = 256
"""Widest type, in bits. The carriers know no limit; values and steps stay far from the ends of float64's range."""

MAX_INTEGER = 512
"""How far the point may lie from the word, in bits, to the left or to the right."""

FARTHEST = 2 * MAX_WIDTH
"""Values beyond 2**FARTHEST steps have no low bits left that any type could wrap to: their size no longer matters."""

WAY_OUT = "put a QActivation(quantized_bits(16, 8, alpha=1)) or one with fewer bits before it"
"""What helps where numbers grow from layer to layer."""


class Overflow(StrEnum):
    """What becomes of a value beyond the range (the O modes of `ap_fixed`)."""

    WRAP = "WRAP"
    SAT = "SAT"
    SAT_ZERO = "SAT_ZERO"
    SAT_SYM = "SAT_SYM"


@dataclass(frozen=True)
class FixedPoint:
    """A signed or unsigned fixed-point type: `ap_[u]fixed<width, integer, rounding, overflow>`.

    `integer` counts the bits left of the point, the sign included; it may be negative or exceed `width`.

    Raises:
        PrecisionError: if the width is below 1 or above `MAX_WIDTH`, or the point further away than `MAX_INTEGER`.
    """

    width: int
    integer: int
    signed: bool = True
    rounding: Rounding = Rounding.TRN
    overflow: Overflow = Overflow.WRAP

    def __post_init__(self) -> None:
        if not 1 <= self.width <= MAX_WIDTH:
            raise PrecisionError(f"a fixed-point type must be 1 to {MAX_WIDTH} bits wide, not {self.width}")
        if abs(self.integer) > MAX_INTEGER:
            raise PrecisionError(
                f"a fixed-point type must have -{MAX_INTEGER} to {MAX_INTEGER} integer bits, not {self.integer}"
            )

    @property
    def fraction(self) -> int:
        """Bits right of the point; may be negative."""
        return self.width - self.integer

    @property
    def step(self) -> float:
        """The difference between neighbouring values."""
        return 2.0**-self.fraction

    @property
    def raw_min(self) -> int:
        """The least raw the type can come to hold."""
        if not self.signed:
            return 0
        # A single bit has no symmetric range: ap_fixed leaves it -1 and 0.
        return -(2 ** (self.width - 1)) + (self.overflow is Overflow.SAT_SYM and self.width > 1)

    @property
    def raw_max(self) -> int:
        """The greatest raw the type can hold."""
        return 2 ** (self.width - self.signed) - 1

    @property
    def min(self) -> float:
        """The least value."""
        return self.raw_min * self.step

    @property
    def max(self) -> float:
        """The greatest value."""
        return self.raw_max * self.step

    @property
    def fits_float64(self) -> bool:
        """Whether float64 holds every value exactly."""
        return self.width - self.signed <= 53

    def __str__(self) -> str:
        kind = "fixed" if self.signed else "ufixed"
        return f"{kind}<{self.width},{self.integer},{self.rounding},{self.overflow}>"

    def with_modes(self, rounding: Rounding = Rounding.TRN, overflow: Overflow = Overflow.WRAP) -> "FixedPoint":
        """The same bits with other rounding and overflow modes."""
        return replace(self, rounding=rounding, overflow=overflow)

    @classmethod
    def parse(cls, text: str) -> "FixedPoint":
        """Read `[ap_][u]fixed<W,I[,Q[,O]]>` or `[ap_][u]int<W>`, modes with or without their `AP_` prefix.

        Raises:
            PrecisionError: if the text is not such a type, or its saturation bits are not zero.
        """
        match = re.fullmatch(r"(?:ap_)?(u?)(fixed|int)<([^<>]+)>", text.strip())
        fields = [field.strip().removeprefix("AP_") for field in match[3].split(",")] if match else []
        try:
            if match is None:
                raise ValueError
            unsigned, kind = match[1] == "u", match[2]
            if kind == "int":
                fields.insert(1, fields[0])
            width, integer, *modes = fields
            rounding = Rounding(modes[0]) if modes else Rounding.TRN
            overflow = Overflow(modes[1]) if len(modes) > 1 else Overflow.WRAP
            if (len(modes) > 2 and int(modes[2]) != 0) or len(modes) > 3:
                raise ValueError
            return cls(int(width), int(integer), not unsigned, rounding, overflow)
        except ValueError:
            raise PrecisionError(
                f"{text!r} is not a fixed-point type; write for example 'fixed<8,3,RND_CONV,SAT>' or 'uint<8>'"
            ) from None

    @classmethod
    def containing(cls, raw_min: int, raw_max: int, fraction: int) -> "FixedPoint":
        """The narrowest type with `fraction` fraction bits that holds every raw from `raw_min` to `raw_max`.

        Raises:
            PrecisionError: if there is none.
        """
        signed = raw_min < 0
        above, below = max(int(raw_max), 0), max(int(-raw_min - 1), 0)
        width = max(max(above, below).bit_length() + signed, 1)
        if width > MAX_WIDTH or abs(width - fraction) > MAX_INTEGER:
            raise PrecisionError(
                f"its numbers need {width} bits, {fraction} of them fraction bits, and a type has at most {MAX_WIDTH}; "
                f"{WAY_OUT}"
            )
        return cls(width, width - fraction, signed)

    def cast(self, raw: np.ndarray, fraction: int) -> np.ndarray:
        """Convert raws with `fraction` fraction bits to raws of this type, rounding first, then overflowing.

        Args:
            raw: integers in any carrier; any shape. In a float carrier, `raw * 2**max(0, self.fraction - fraction)` and
                `raw + 2**(fraction - self.fraction)` must be exact.
            fraction: fraction bits of `raw`.

        Returns:
            A new array of the same shape, within `raw_min` to `raw_max`, in the same carrier; Python integers if int64
            would not do on the way.
        """
        return self.confine(round_raw(raw, fraction - self.fraction, self.rounding))

    def confine(self, raw: np.ndarray) -> np.ndarray:
        """Apply the overflow mode to raws that already have this type's fraction bits; may work in place."""
        low, high = self.raw_min, self.raw_max
        if raw.dtype.kind != "O":
            # What of the range the carrier can hold, as scalars of its dtype.
            limit = EXACT_LIMIT[raw.dtype.type] if raw.dtype.kind == "f" else 2**63 - 1
            low, high = raw.dtype.type(max(low, -limit)), raw.dtype.type(min(high, limit))
        match self.overflow:
            case Overflow.SAT | Overflow.SAT_SYM:
                return np.clip(raw, low, high, out=raw)
            case Overflow.SAT_ZERO:
                raw[(raw < low) | (raw > high)] = 0
                return raw
            case Overflow.WRAP:
                return self._wrapped(raw)

    def _wrapped(self, raw: np.ndarray) -> np.ndarray:
        if raw.dtype.kind == "f":
            if 2**self.width > EXACT_LIMIT[raw.dtype.type]:
                # Were the wrap's modulus needed, it would have had to be exact.
                return raw
            turns = np.floor((raw - self.raw_min) * raw.dtype.type(2.0**-self.width))
            return raw - turns * raw.dtype.type(2.0**self.width)
        if 2**self.width > INT64_LIMIT and raw.dtype.kind == "i":
            if self.signed and 2 ** (self.width - 1) >= INT64_LIMIT:
                return raw
            raw = raw.astype(object)
        offset = -self.raw_min
        return ((raw + offset) & (2**self.width - 1)) - offset

    def overflows(self, raw: np.ndarray, fraction: int) -> np.ndarray:
        """Where a cast of `raw` would meet the overflow mode: a boolean array of the same shape."""
        rounded = round_raw(raw, fraction - self.fraction, self.rounding)
        return (rounded < self.raw_min) | (rounded > self.raw_max)

    def from_float(self, values: np.ndarray) -> np.ndarray:
        """Quantize float values to raws, with this type's rounding and overflow, as C++ does from `double`.

        Returns:
            int64; Python integers if the type is wider than 62 bits.

        Raises:
            InputError: if a value is NaN or infinite.
        """
        values = np.asarray(values, dtype=np.float64)
        if not np.isfinite(values).all():
            raise InputError("values must be finite; found NaN or infinity")
        # Far beyond any type, where doubles have no low bits left to wrap to, the size no longer matters.
        far = 2.0 ** (FARTHEST - self.fraction)
        values = np.clip(values, -far, far)
        # Split at the binary point: the floor is exact for any float64, and so is what is left of it.
        scaled = np.ldexp(values, self.fraction)
        floor = np.floor(scaled)
        rest = scaled - floor
        if self.overflow is Overflow.WRAP:
            floor = np.fmod(floor, 2.0**self.width)
        up = round_up(floor, rest, values < 0, self.rounding)
        if 2**self.width > INT64_LIMIT:
            return self.confine(np.asarray(np.frompyfunc(int, 1, 1)(floor), dtype=object) + up)
        bound = float(INT64_LIMIT)
        return self.confine(np.asarray(np.clip(floor, -bound, bound).astype(np.int64) + up))

    def to_float(self, raw: np.ndarray) -> np.ndarray:
        """The values of raws, as float64: exact up to 53 bits, the nearest (ties to even) beyond, as C++ gives them."""
        return np.ldexp(np.asarray(raw, dtype=np.float64), -self.fraction)

    def to_exact(self, raw: np.ndarray) -> np.ndarray:
        """The values of raws without any loss: float64, or fractions (dtype object) if the type is wider than that."""
        if self.fits_float64:
            return self.to_float(raw)
        step = Fraction(2) ** -self.fraction
        return np.asarray(np.frompyfunc(lambda one: int(one) * step, 1, 1)(raw), dtype=object)


ZERO = FixedPoint(1, 1, signed=False)
"""The type of what is nothing but zeros: a bias that a layer has not, a table that it does not read."""

BIT = FixedPoint(1, 1, signed=False)
"""Of what is 0 or 1, as a mask."""
