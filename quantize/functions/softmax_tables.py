"""Softmax as the firmware computes it: its types, and its tables entry for entry as hls4ml's C++ initializes them.

The C++ evaluates `exp` in single precision with the machine's own C library; so does this, because the last bit of that
function differs between libraries.
"""

import ctypes
import ctypes.util
from dataclasses import dataclass

import numpy as np

from netloom.fixed_point import FixedPoint, Overflow
from netloom.rounding import Rounding

INDEX_BITS = 12
"""Address bits of both tables: 4,096 entries."""

UNIT = FixedPoint(18, 1, False, Rounding.RND, Overflow.SAT)
"""Of both tables and of the result: values from 0 to 1, and a little more for rounding."""


@dataclass(frozen=True)
class SoftmaxTypes:
    """Types of a stable softmax: exp(-(maximum - x)), their sum, its reciprocal, the products.

    Attributes:
        distance: of the distance from the maximum; addresses the table of exponentials.
        total: of the sum.
        index: of the sum again, as it addresses the table of reciprocals.
        table: of the entries of both tables, and of the result.
    """

    distance: FixedPoint
    total: FixedPoint
    index: FixedPoint
    table: FixedPoint = UNIT

    @classmethod
    def of(cls, element: FixedPoint, classes: int) -> "SoftmaxTypes":
        """The types netloom chooses for inputs of type `element`."""
        # The sum lies between 1 and the number of classes.
        integer = classes.bit_length()
        return cls(
            distance_type(element),
            FixedPoint(18 + integer, integer, False, Rounding.RND, Overflow.SAT),
            FixedPoint(INDEX_BITS, integer, False, Rounding.RND, Overflow.SAT),
        )


def distance_type(element: FixedPoint) -> FixedPoint:
    """Type of the distance from the maximum: the input's own step where 12 bits hold it, else 12 bits up to 16.

    Beyond 16, exp(-x) is below half a step of the exp table, so saturation there costs nothing.
    """
    if element.width <= INDEX_BITS:
        return FixedPoint(element.width, element.integer, False, Rounding.RND, Overflow.SAT)
    return FixedPoint(INDEX_BITS, 4, False, Rounding.RND, Overflow.SAT)


def masked_type(element: FixedPoint) -> FixedPoint:
    """Type that holds `element`'s values and a least one at least 16 below them all, which stands for what is masked.

    The exponential of such a distance is zero in the exp table, in all types of a distance.
    """
    integer = max(element.integer, 5) + 1
    return FixedPoint(integer + element.fraction, integer)


def single(name: str, x: np.ndarray) -> np.ndarray:
    """A single-precision function of the C library, of every element."""
    function = getattr(ctypes.CDLL(ctypes.util.find_library("m")), name)
    function.restype = ctypes.c_float
    function.argtypes = [ctypes.c_float]
    return np.array([function(float(value)) for value in x], dtype=np.float32)


def exp_table(size: int, index: FixedPoint, type_: FixedPoint, *, negative: bool) -> np.ndarray:
    """Raws of exp(x), or exp(-x) if `negative`, addressed by the top bits of an `index` word."""
    x = _addressed(size, index)
    return _cast(single("expf", -x if negative else x), type_)


def inverse_table(size: int, index: FixedPoint, type_: FixedPoint) -> np.ndarray:
    """Raws of 1/x, addressed by the top bits of an `index` word."""
    x = _addressed(size, index)
    with np.errstate(divide="ignore", over="ignore"):
        return _cast(np.float32(1) / x, type_)


def _addressed(size: int, index: FixedPoint) -> np.ndarray:
    """The value a table entry stands for, when the top bits of an `index` word address it; as float32."""
    raw = np.arange(size, dtype=object) << (index.width - (size - 1).bit_length())
    if index.signed:
        raw = np.where(raw >= 2 ** (index.width - 1), raw - 2**index.width, raw)
    return index.to_float(raw).astype(np.float32)


def _cast(values: np.ndarray, type_: FixedPoint) -> np.ndarray:
    """What `ap_fixed` makes of single-precision values; infinity is 2**1024 to it, modes applied.

    exp overflows single precision from 88.73 on, and 1/0 is infinite.
    """
    saturates = type_.overflow in (Overflow.SAT, Overflow.SAT_SYM)
    most = np.where(values > 0, type_.max, type_.min) if saturates else 0.0
    return type_.from_float(np.where(np.isfinite(values), values, most))
