"""Between values and raws: what the engines take and what they give."""

import numpy as np

from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import TensorType
from netloom.rounding import EXACT_LIMIT, Rounding


def empty_values(samples: int, tensor: TensorType) -> np.ndarray:
    """Room for values of a type: float64, or for fractions where it is wider than that."""
    return np.empty((samples, *tensor.shape), dtype=np.float64 if tensor.element.fits_float64 else object)


def set_values(out: np.ndarray, raws: np.ndarray, element: FixedPoint) -> None:
    """Write the exact values of raws, in any dtype, where `empty_values` has made room."""
    if element.fits_float64 and raws.dtype.kind != "O":
        np.multiply(raws, element.step, out=out, dtype=np.float64)
    else:
        out[...] = element.to_exact(raws)


def kept(values: np.ndarray) -> np.ndarray:
    """Values to be kept, of many samples: float32 if that has every one of them exactly, else float64."""
    wide = np.asarray(values, dtype=np.float64)
    with np.errstate(over="ignore"):
        narrow = wide.astype(np.float32)
    return narrow if (narrow == wide).all() else wide


def to_raws(values: np.ndarray, tensor: TensorType) -> np.ndarray:
    """Float values as raws of a type, in whatever dtype holds them; what C++ does with a `double` input."""
    element = tensor.element
    if quantizes_in_float(element, values.dtype):
        raw = values * values.dtype.type(2.0**element.fraction)
        round_ = np.rint if element.rounding is Rounding.RND_CONV else np.floor
        return np.clip(round_(raw, out=raw), element.raw_min, element.raw_max, out=raw)
    return element.from_float(values)


def quantizes_in_float(element: FixedPoint, dtype: np.dtype) -> bool:
    """Scaling by a power of two, floor and rint are exact in any float dtype; the other modes are not."""
    return (
        element.rounding in (Rounding.TRN, Rounding.RND_CONV)
        and element.overflow in (Overflow.SAT, Overflow.SAT_SYM)
        and element.raw_max < EXACT_LIMIT[dtype.type]
    )
