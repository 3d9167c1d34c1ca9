"""What netloom's C++ reads: stages and steps, laid out as `Stage` of stages.h and `Step` of step.h."""

import ctypes
from enum import IntEnum

import numpy as np

from netloom.fixed_point import FixedPoint, Overflow
from netloom.rounding import EXACT_LIMIT, Rounding

ROUNDINGS = {
    Rounding.TRN: 1,
    Rounding.RND_CONV: 2,
    Rounding.RND: 3,
    Rounding.RND_MIN_INF: 4,
    Rounding.TRN_ZERO: 5,
}
"""Those that the C++ has; 0 is none."""

SATURATES, WRAPS = 1, 2


class StepKind(IntEnum):
    """What a step does."""

    TAKE = 0
    GIVE = 1
    PRODUCT = 2
    PAD = 3
    DEPTHWISE = 4
    POOL = 5
    EACH = 6
    MOVE = 7
    JOIN = 8
    LOOKUP = 9
    COPY = 10
    FILL = 11
    LOOP = 12


class NativeStage(ctypes.Structure):
    """A scale, a rounding and what becomes of numbers beyond a range."""

    _fields_ = (
        ("scale", ctypes.c_float),
        ("low", ctypes.c_float),
        ("high", ctypes.c_float),
        ("modulus", ctypes.c_float),
        ("rounding", ctypes.c_int32),
        ("overflow", ctypes.c_int32),
    )


class NativeStep(ctypes.Structure):
    """One step; fields as in C++."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("kind", "from_", "other", "to", "from_bytes", "to_bytes")),
        *((name, ctypes.c_int64) for name in ("from_size", "to_size")),
        *((name, ctypes.c_void_p) for name in ("places", "pieces", "weights", "start", "stages")),
        ("stages_length", ctypes.c_int64),
        ("step", ctypes.c_double),
        ("added", ctypes.c_float),
        ("fill", ctypes.c_float),
        ("numbers", ctypes.c_int64 * 12),
    )


def confining(type_: FixedPoint) -> NativeStage | None:
    """The overflow mode of a type, on raws of its own step below 2**24; None if the C++ has no such mode."""
    low, high = type_.raw_min, type_.raw_max
    match type_.overflow:
        case Overflow.SAT | Overflow.SAT_SYM:
            # Numbers on the way are below 2**24, and so are the ends that they can meet.
            limit = EXACT_LIMIT[np.float32]
            return NativeStage(1, max(low, -limit), min(high, limit), 1, 0, SATURATES)
        case Overflow.WRAP:
            # Were the modulus needed, it would have had to be exact.
            return NativeStage(1, low, high, 2.0**type_.width, 0, WRAPS) if type_.width <= 24 else NativeStage(1)
        case Overflow.SAT_ZERO:
            return None


def shifting(shift: int, rounding: Rounding, scale: int = 1) -> NativeStage | None:
    """Times `scale`, the last `shift` bits dropped, or zeros appended; None if the C++ has no such rounding."""
    if shift > 0 and rounding not in ROUNDINGS:
        return None
    return NativeStage(scale * 2.0**-shift, 0, 0, 1, ROUNDINGS[rounding] if shift > 0 else 0, 0)


def address(array: np.ndarray) -> ctypes.c_void_p:
    """Where an array lies; whoever passes it on keeps the array."""
    return ctypes.c_void_p(array.ctypes.data)
