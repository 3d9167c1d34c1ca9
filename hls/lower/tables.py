"""Contents of hls4ml's tables of sigmoid and tanh, entry for entry as its C++ initializes them, in single precision."""

import numpy as np

from netloom.fixed_point import FixedPoint
from netloom.quantize.softmax_tables import single


def sigmoid_table(size: int, type_: FixedPoint) -> np.ndarray:
    """Raws of 1 / (1 + exp(-x)) at `size` points from -8 to 8."""
    x = (16.0 * (np.arange(size) - np.float32(size) / 2.0) / np.float32(size)).astype(np.float32)
    return type_.from_float((1.0 / (np.float32(1) + single("expf", -x)).astype(np.float64)).astype(np.float32))


def tanh_table(size: int, type_: FixedPoint) -> np.ndarray:
    """Raws of tanh(x) at `size` points from -4 to 4."""
    x = (8.0 * (np.arange(size) - np.float32(size) / 2.0) / np.float32(size)).astype(np.float32)
    return type_.from_float(single("tanhf", x))
