"""Contents of hls4ml's function tables, entry for entry as its C++ initializes them.

The C++ evaluates `exp` and `tanh` in single precision with the machine's own C library; so does this, because the last
bit of those functions differs between libraries.
"""

import ctypes
import ctypes.util
from collections.abc import Callable

import numpy as np

from netloom.quantize.fixed_point import FixedPoint, Overflow


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
    raw = np.arange(size, dtype=np.int64) << (index.width - (size - 1).bit_length())
    if index.signed:
        raw = np.where(raw >= 2 ** (index.width - 1), raw - 2**index.width, raw)
    return index.to_float(raw).astype(np.float32)


def exp_table(size: int, index: FixedPoint, type_: FixedPoint, *, negative: bool) -> np.ndarray:
    """Raws of exp(x), or exp(-x) if `negative`, addressed by the top bits of an `index` word."""
    x = _addressed(size, index)
    return type_.from_float(_single("expf", -x if negative else x))


def inverse_table(size: int, index: FixedPoint, type_: FixedPoint) -> np.ndarray:
    """Raws of 1/x, addressed by the top bits of an `index` word; at 0 what casting infinity gives in C++."""
    x = _addressed(size, index)
    raw = np.zeros(size, dtype=np.int64)
    raw[x != 0] = type_.from_float(np.float32(1) / x[x != 0])
    raw[x == 0] = infinity(type_)
    return raw


def infinity(type_: FixedPoint) -> int:
    """What `ap_fixed` holds after assignment of +infinity: its code treats it as 2**1024, modes applied."""
    return type_.raw_max if type_.overflow in (Overflow.SAT, Overflow.SAT_SYM) else 0
