"""What a fixed-point type means, on Python's own numbers: slow, scalar, and no line of the package's arithmetic."""

import math
from fractions import Fraction

from netloom.fixed_point import FixedPoint, Overflow
from netloom.rounding import Rounding


def reference_round(value: Fraction, rounding: Rounding) -> int:
    """The Q modes, as the ap_fixed manual words them."""
    down, up = math.floor(value), math.ceil(value)
    if rounding is Rounding.TRN:
        return down
    if rounding is Rounding.TRN_ZERO:
        return math.trunc(value)
    if value - down != Fraction(1, 2):
        return round(value)
    match rounding:
        case Rounding.RND:
            return up
        case Rounding.RND_MIN_INF:
            return down
        case Rounding.RND_ZERO:
            return down if value > 0 else up
        case Rounding.RND_INF:
            return up if value > 0 else down
        case Rounding.RND_CONV:
            return down if down % 2 == 0 else up
    raise AssertionError(rounding)


def reference_cast(value: Fraction, type_: FixedPoint) -> int:
    """`value` in `type_`: rounded, then overflowed."""
    raw = reference_round(value * Fraction(2) ** type_.fraction, type_.rounding)
    low = -(2 ** (type_.width - 1)) if type_.signed else 0
    high = 2 ** (type_.width - type_.signed) - 1
    symmetric = type_.overflow is Overflow.SAT_SYM and type_.signed and type_.width > 1
    if low + symmetric <= raw <= high:
        return raw
    match type_.overflow:
        case Overflow.WRAP:
            return (raw - low) % 2**type_.width + low
        case Overflow.SAT_ZERO:
            return 0
        case _:
            return high if raw > high else low + symmetric


def cast(raw: int, fraction: int, to: FixedPoint) -> int:
    """A raw with `fraction` fraction bits as raw of `to`."""
    return reference_cast(Fraction(raw) / Fraction(2) ** fraction, to)
