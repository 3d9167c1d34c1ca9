"""`smallest_grid`: the narrowest type that holds given weights exactly."""

import numpy as np

from netloom.errors import QuantizerNotSupportedError
from netloom.fixed_point import FixedPoint
from netloom.quantize.quantizer_types import FLOAT32_BITS


def smallest_grid(values: np.ndarray, where: str) -> FixedPoint:
    """The narrowest type that holds given values exactly.

    Args:
        values: finite floats, any shape.
        where: names the tensor in errors.

    Raises:
        QuantizerNotSupportedError: if no power-of-two step of at most `FLOAT32_BITS` bits does.
    """
    values = np.asarray(values, dtype=np.float64)
    if not values.any():
        return FixedPoint(1, 1, signed=False)
    # The exponent of the lowest set bit of each value: a float64 is mantissa * 2**exponent with 53 mantissa bits.
    mantissa, exponent = np.frexp(values[values != 0])
    whole = np.ldexp(mantissa, 53).astype(np.int64)
    trailing = np.log2((whole & -whole).astype(np.float64)).astype(np.int64)
    fraction = -int((exponent - 53 + trailing).min())
    raw = np.ldexp(values, fraction)
    if np.abs(raw).max() > 2.0**FLOAT32_BITS:
        raise QuantizerNotSupportedError(
            f"{where}: quantized values do not lie on a power-of-two grid of {FLOAT32_BITS} bits, so the firmware "
            "cannot equal them; use alpha=1 or alpha='auto_po2' in the quantizer"
        )
    return FixedPoint.containing(int(raw.min()), int(raw.max()), fraction)


def is_fixed(values: np.ndarray, bits: int = FLOAT32_BITS) -> bool:
    """Whether values lie on one grid of so many bits."""
    try:
        return smallest_grid(values, "values").width <= bits
    except QuantizerNotSupportedError:
        return False
