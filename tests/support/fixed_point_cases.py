"""Types and values that tell casts apart."""

import itertools

import numpy as np

from netloom.fixed_point import FixedPoint, Overflow
from netloom.rounding import Rounding

MODES = list(itertools.product(Rounding, Overflow))


CARRIERS = (np.int64, np.float32, np.float64)


# (width, integer, signed) of source and target: narrowing and widening at both ends, changes of sign, targets whose
# step exceeds one, and targets that lie wholly right of the point.
SHAPES = [
    ((8, 4, True), (5, 3, True)),
    ((8, 4, True), (5, 3, False)),
    ((8, 4, False), (5, 3, True)),
    ((8, 3, False), (4, 3, False)),
    ((6, 2, True), (12, 5, True)),
    ((6, 2, False), (9, 2, True)),
    ((6, 6, True), (4, 6, True)),
    ((8, 2, True), (3, -1, True)),
    ((7, 3, True), (1, 1, False)),
    ((7, 3, True), (1, 1, True)),
    ((6, 3, True), (3, 3, False)),
]


VALUES = np.array(
    [
        *(sign * k / 16 for k in range(200) for sign in (1, -1)),
        *(sign * (k / 8 + 2.0**-30) for k in range(40) for sign in (1, -1)),
        *(sign * 2.0**k for k in range(-60, 61, 5) for sign in (1, -1)),
        *(sign * (2.0**k + 0.375) for k in range(2, 40, 3) for sign in (1, -1)),
        123456.7890625,
        -98765.4321,
        0.1,
        -0.1,
    ]
)


def fixed(shape, rounding=Rounding.TRN, overflow=Overflow.WRAP):
    return FixedPoint(*shape, rounding, overflow)


def all_raws(type_):
    return np.arange(type_.raw_min, type_.raw_max + 1, dtype=np.int64)


def cpp_name(type_: FixedPoint) -> str:
    kind = "ap_fixed" if type_.signed else "ap_ufixed"
    return f"{kind}<{type_.width},{type_.integer},AP_{type_.rounding},AP_{type_.overflow}>"
