"""`Quant` nodes of QONNX as fixed-point types."""

import numpy as np

from netloom.errors import QuantizerNotSupportedError
from netloom.fixed_point import FixedPoint, Overflow
from netloom.quantize.quantizers import FLOAT32_BITS
from netloom.rounding import Rounding

QUANT_OPERATORS = ("Quant", "IntQuant")


def check_quant(name: str, scale: np.ndarray, zero_point: np.ndarray, bits: np.ndarray) -> None:
    """Refuse a quantizer that no fixed-point type equals.

    Args:
        name: of the node.
        scale: its steps.
        zero_point: what its integers are shifted by.
        bits: its width.

    Raises:
        QuantizerNotSupportedError: naming the node.
    """
    if not np.isfinite(scale).all() or not (scale > 0).all():
        raise QuantizerNotSupportedError(f"node {name!r}: its scale must be positive and finite, not {_odd(scale)!r}")
    off = scale[np.frexp(scale.astype(np.float64))[0] != 0.5]
    if off.size:
        raise QuantizerNotSupportedError(
            f"node {name!r}: its scale {float(off.flat[0])!r} is no power of two, and the firmware knows no other"
            " steps; train with such scales (Brevitas: Int8WeightPerTensorFixedPoint,"
            " Int8ActPerTensorFixedPoint)"
        )
    if (zero_point != 0).any():
        raise QuantizerNotSupportedError(
            f"node {name!r}: its zero point {float(zero_point[zero_point != 0].flat[0]):g} is not 0;"
            " use a symmetric quantizer"
        )
    if bits.size != 1 or not 1 <= float(bits) <= FLOAT32_BITS or float(bits) != int(float(bits)):
        raise QuantizerNotSupportedError(
            f"node {name!r}: its width {bits.ravel().tolist()} must be a whole number of bits, 1 to {FLOAT32_BITS}"
        )


def activation_type(name: str, scale: np.ndarray, bits: int, signed: bool, narrow: bool, rounding: str) -> FixedPoint:
    """The type of a quantizer of activations, checked by `check_quant`.

    Raises:
        QuantizerNotSupportedError: if QKeras has no quantizer that equals it.
    """
    if scale.size != 1:
        raise QuantizerNotSupportedError(
            f"node {name!r}: it has {scale.size} scales for activations; give it one for the whole tensor"
        )
    if rounding.upper() not in ("ROUND", "HALF_EVEN"):
        raise QuantizerNotSupportedError(
            f"node {name!r}: rounding mode {rounding} of activations; use ROUND, to the nearest, ties to even"
        )
    if signed and bits < 2:
        raise QuantizerNotSupportedError(f"node {name!r}: a signed number of 1 bit; use 2 bits or more")
    if narrow and not signed:
        raise QuantizerNotSupportedError(f"node {name!r}: a narrow range of unsigned numbers; use narrow=0")
    fraction = 1 - int(np.frexp(float(scale.flat[0]))[1])
    overflow = Overflow.SAT_SYM if narrow else Overflow.SAT
    return FixedPoint(bits, bits - fraction, signed, Rounding.RND_CONV, overflow)


def _odd(scale: np.ndarray) -> float:
    return float(scale[~(np.isfinite(scale) & (scale > 0))].flat[0])
