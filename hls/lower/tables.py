"""Contents of hls4ml's function tables, entry for entry as its C++ initializes them.

The C++ evaluates `exp` and `tanh` in single precision with the machine's own C library; so does this, because the last
bit of those functions differs between libraries.
"""

import ctypes
import ctypes.util
from collections.abc import Callable

import numpy as np

from netloom.fixed_point import FixedPoint, Overflow


def _c_function(name: str) -> Callable[[float], float]:
    function = getattr(ctypes.CDLL(ctypes.util.find_library("m")), name)
    function.restype = ctypes.c_float
    function.argtypes = [ctypes.c_float]
    return function


def _single(name: str, x: np.ndarray) -> np.ndarray:
    """A single-precision C function of every element."""
    function = _c_function(name)
    return np.array([function(float(value)) for value in x], dtype=np.float32)


def sigmoid_table(size: int, type_: FixedPoint) -> np.ndarray:
    """Raws of 1 / (1 + exp(-x)) at `size` points from -8 to 8."""
    x = (16.0 * (np.arange(size) - np.float32(size) / 2.0) / np.float32(size)).astype(np.float32)
    return type_.from_float((1.0 / (np.float32(1) + _single("expf", -x)).astype(np.float64)).astype(np.float32))


def tanh_table(size: int, type_: FixedPoint) -> np.ndarray:
    """Raws of tanh(x) at `size` points from -4 to 4."""
    x = (8.0 * (np.arange(size) - np.float32(size) / 2.0) / np.float32(size)).astype(np.float32)
    return type_.from_float(_single("tanhf", x))


def _addressed(size: int, index: FixedPoint) -> np.ndarray:
    """The value a table entry stands for, when the top bits of an `index` word address it; as float32."""
    raw = np.arange(size, dtype=object) << (index.width - (size - 1).bit_length())
    if index.signed:
        raw = np.where(raw >= 2 ** (index.width - 1), raw - 2**index.width, raw)
    return index.to_float(raw).astype(np.float32)


def exp_table(size: int, index: FixedPoint, type_: FixedPoint, *, negative: bool) -> np.ndarray:
    """Raws of exp(x), or exp(-x) if `negative`, addressed by the top bits of an `index` word."""
    x = _addressed(size, index)
    return _cast(_single("expf", -x if negative else x), type_)


def inverse_table(size: int, index: FixedPoint, type_: FixedPoint) -> np.ndarray:
    """Raws of 1/x, addressed by the top bits of an `index` word."""
    x = _addressed(size, index)
    with np.errstate(divide="ignore", over="ignore"):
        return _cast(np.float32(1) / x, type_)


def _cast(values: np.ndarray, type_: FixedPoint) -> np.ndarray:
    """What `ap_fixed` makes of single-precision values; infinity is 2**1024 to it, modes applied.

    exp overflows single precision from 88.73 on, and 1/0 is infinite.
    """
    saturates = type_.overflow in (Overflow.SAT, Overflow.SAT_SYM)
    most = np.where(values > 0, type_.max, type_.min) if saturates else 0.0
    return type_.from_float(np.where(np.isfinite(values), values, most))
