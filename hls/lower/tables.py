"""Contents of hls4ml's tables of activations, entry for entry as its C++ initializes them, and where they end."""

import math

import numpy as np

from netloom.errors import PrecisionError
from netloom.fixed_point import FixedPoint
from netloom.hls.lower.context import LoweringContext
from netloom.quantize.functions.softmax_tables import single

SIZE = 4096
"""Entries, where nobody asks for another number: neighbours of sigmoid and tanh differ by at most 2**-10 and 2**-9."""


def check_index(context: LoweringContext, source: str, size: int, shift: int) -> None:
    """hls4ml computes the index in a 32-bit int, which must not wrap.

    Raises:
        PrecisionError: if it can.
    """
    largest = context.bounds_of(source).magnitude * size
    if largest >> max(shift, 0) << max(-shift, 0) >= 2**31:
        raise PrecisionError(
            f"layer {context.node.name!r}: its input can reach values that overflow the 32-bit index of hls4ml's "
            "table; put a QActivation(quantized_bits(...)) before it"
        )


def sigmoid_table(size: int, type_: FixedPoint) -> np.ndarray:
    """Raws of 1 / (1 + exp(-x)) at `size` points from -8 to 8."""
    x = _both_sides(size)
    return type_.from_float((1.0 / (np.float32(1) + single("expf", -x)).astype(np.float64)).astype(np.float32))


def tanh_table(size: int, type_: FixedPoint) -> np.ndarray:
    """Raws of tanh(x) at `size` points from -4 to 4."""
    x = (8.0 * (np.arange(size) - np.float32(size) / 2.0) / np.float32(size)).astype(np.float32)
    return type_.from_float(single("tanhf", x))


def softplus_table(size: int, type_: FixedPoint) -> np.ndarray:
    """Raws of log(exp(x) + 1) at `size` points from -8 to 8."""
    grown = single("expf", _both_sides(size)).astype(np.float64) + 1.0
    return type_.from_float(np.array([math.log(value) for value in grown]).astype(np.float32))


def softsign_table(size: int, type_: FixedPoint) -> np.ndarray:
    """Raws of x / (|x| + 1) at `size` points from -8 to 8."""
    x = _both_sides(size).astype(np.float64)
    return type_.from_float((x / (np.abs(x) + 1.0)).astype(np.float32))


def elu_table(size: int, type_: FixedPoint) -> np.ndarray:
    """Raws of exp(x) - 1 at `size` points from 0 down to -8."""
    return type_.from_float(_below_zero(size).astype(np.float32))


def selu_table(size: int, type_: FixedPoint) -> np.ndarray:
    """Raws of lambda * alpha * (exp(x) - 1) at `size` points from 0 down to -8."""
    scaled = 1.0507009873554804934193349852946 * (1.6732632423543772848170429916717 * _below_zero(size))
    return type_.from_float(scaled.astype(np.float32))


def exp_table(size: int, type_: FixedPoint) -> np.ndarray:
    """Raws of exp(x) at `size` points from -8 to 8: of the softmax called 'legacy'."""
    return type_.from_float(single("expf", _both_sides(size)))


def inverse_table(size: int, type_: FixedPoint) -> np.ndarray:
    """Raws of 1 / x at `size` points from 0 to 64, 0 for x = 0: of the softmax called 'legacy'."""
    x = (64.0 * np.arange(size) / np.float32(size)).astype(np.float32).astype(np.float64)
    return type_.from_float(np.divide(1.0, x, out=np.zeros(size), where=x > 0))


def _both_sides(size: int) -> np.ndarray:
    return (16.0 * (np.arange(size) - np.float32(size) / 2.0) / np.float32(size)).astype(np.float32)


def _below_zero(size: int) -> np.ndarray:
    """exp(x) - 1 in double precision; its x and its exponential are in single precision."""
    x = (-8.0 * np.arange(size) / np.float32(size)).astype(np.float32)
    return single("expf", x).astype(np.float64) - 1.0
