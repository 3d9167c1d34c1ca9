"""Rounding raws: how `ap_fixed` drops bits, in every carrier, and which carrier of integers will do."""

from enum import StrEnum

import numpy as np

INT64_LIMIT = 2**62
"""Raws of int64 stay below it: sums of two such raws still fit."""

EXACT_LIMIT: dict[type, int] = {np.float32: 2**24, np.float64: 2**53, np.int64: INT64_LIMIT}
"""Up to this magnitude every integer, and every sum or product that stays below it, is exact in the dtype. Beyond all
of them there are Python's own integers, dtype `np.object_`."""


class Rounding(StrEnum):
    """What becomes of the bits below the last one kept (the Q modes of `ap_fixed`)."""

    TRN = "TRN"
    TRN_ZERO = "TRN_ZERO"
    RND = "RND"
    RND_ZERO = "RND_ZERO"
    RND_INF = "RND_INF"
    RND_MIN_INF = "RND_MIN_INF"
    RND_CONV = "RND_CONV"


def magnitude(raw: np.ndarray) -> int:
    """The greatest absolute value of integer raws; 0 if there are none."""
    return max(-int(raw.min(initial=0)), int(raw.max(initial=0)))


def integers(raw: np.ndarray, limit: int) -> np.ndarray:
    """Integer raws in a carrier for arithmetic whose numbers stay within `limit`: int64 if that will do."""
    return raw if limit < INT64_LIMIT else raw.astype(object)


def round_up(floor: np.ndarray, rest: np.ndarray, negative: np.ndarray, rounding: Rounding) -> np.ndarray:
    """Whether rounding moves `floor + rest` (0 <= rest < 1) up to the next integer."""
    match rounding:
        case Rounding.TRN:
            return np.zeros(floor.shape, dtype=bool)
        case Rounding.TRN_ZERO:
            return negative & (rest > 0)
        case Rounding.RND:
            return rest >= 0.5
        case Rounding.RND_MIN_INF:
            return rest > 0.5
        case Rounding.RND_ZERO:
            return (rest > 0.5) | ((rest == 0.5) & negative)
        case Rounding.RND_INF:
            return (rest > 0.5) | ((rest == 0.5) & ~negative)
        case Rounding.RND_CONV:
            return (rest > 0.5) | ((rest == 0.5) & (np.fmod(floor, 2) != 0))


def round_raw(raw: np.ndarray, shift: int, rounding: Rounding) -> np.ndarray:
    """Drop the last `shift` bits of raws (append zeros if negative), rounding as asked; always a new array.

    They are of any shape and in any carrier; int64 becomes Python integers where it would not do.
    """
    if shift == 0:
        return raw.copy()
    if raw.dtype.kind == "f":
        # A step too far for the float's range is reached by zeros alone, which ldexp leaves alone.
        return _round_float(raw, shift, rounding) if shift > 0 else np.ldexp(raw, -shift)
    if shift < 0:
        return integers(raw, max(magnitude(raw), 1) << -shift) * (1 << -shift)
    raw = integers(raw, 1 << shift)
    half, last = 1 << (shift - 1), (1 << shift) - 1
    match rounding:
        case Rounding.TRN:
            return raw >> shift
        case Rounding.TRN_ZERO:
            return np.where(raw < 0, raw + last, raw) >> shift
        case Rounding.RND:
            return (raw + half) >> shift
        case Rounding.RND_MIN_INF:
            return (raw + (half - 1)) >> shift
        case Rounding.RND_ZERO:
            return (raw + half - (raw >= 0)) >> shift
        case Rounding.RND_INF:
            return (raw + half - (raw < 0)) >> shift
        case Rounding.RND_CONV:
            return (raw + (half - 1) + ((raw >> shift) & 1)) >> shift


def _round_float(raw: np.ndarray, shift: int, rounding: Rounding) -> np.ndarray:
    scaled = raw * raw.dtype.type(2.0**-shift)
    match rounding:
        case Rounding.TRN:
            return np.floor(scaled, out=scaled)
        case Rounding.TRN_ZERO:
            return np.trunc(scaled, out=scaled)
        case Rounding.RND:
            scaled += raw.dtype.type(0.5)
            return np.floor(scaled, out=scaled)
        case Rounding.RND_MIN_INF:
            scaled -= raw.dtype.type(0.5)
            return np.ceil(scaled, out=scaled)
        case Rounding.RND_CONV:
            return np.rint(scaled, out=scaled)
        case Rounding.RND_ZERO:
            return np.copysign(np.ceil(np.abs(scaled) - raw.dtype.type(0.5)), scaled)
        case Rounding.RND_INF:
            return np.copysign(np.floor(np.abs(scaled) + raw.dtype.type(0.5)), scaled)
