"""A function of one value at every value of a type, as Keras computes it in float64."""

import json
from functools import lru_cache
from typing import Any

import numpy as np

from netloom.fixed_point import FixedPoint, Overflow
from netloom.quantize.double import double_precision, in_float64
from netloom.rounding import Rounding

TABLE_BITS = 16
"""Widest input of a table: 65,536 entries."""

ROUNDED_BITS = 18
"""Width of a result that no quantizer follows: what a block of memory has beside 1,024 addresses."""

NOISE = 2.0**-24
"""In steps: how far from its grid float64 may leave a value that is on one, such as x + (1 - x)."""


def describe(layer: Any) -> str:
    """A Keras layer without weights as text, from which `function_values` makes it again; no code is in it."""
    import keras

    return json.dumps(keras.saving.serialize_keras_object(layer))


@lru_cache(maxsize=256)
def function_values(functions: tuple[str, ...], type_: FixedPoint) -> np.ndarray:
    """The functions, one after the other, at all `2**width` values of a type, in the order of the raws.

    Args:
        functions: of `describe`.
        type_: of at most `TABLE_BITS` bits.

    Returns:
        float64, read-only; infinity where float64 ends.
    """
    import keras

    least = type_.with_modes().raw_min
    values: Any = type_.to_float(np.arange(least, least + 2**type_.width)).reshape(-1, 1)
    with double_precision():
        for function in functions:
            layer = keras.saving.deserialize_keras_object(in_float64(json.loads(function)), safe_mode=True)
            values = layer(values)
        result = keras.ops.convert_to_numpy(values).astype(np.float64).ravel()
    result.setflags(write=False)
    return result


def holding(values: np.ndarray) -> FixedPoint:
    """The narrowest type that holds values exactly; one of `ROUNDED_BITS` bits, rounding, where that is wider.

    Args:
        values: finite float64.
    """
    for fraction in range(ROUNDED_BITS + 1):
        scaled = np.ldexp(values, fraction)
        raws = np.rint(scaled)
        if np.abs(scaled - raws).max() < NOISE:
            type_ = FixedPoint.containing(int(raws.min()), int(raws.max()), fraction)
            if type_.width <= ROUNDED_BITS:
                return type_.with_modes(Rounding.RND_CONV, Overflow.SAT)
            break
    signed = bool(values.min() < 0)
    integer = int(np.frexp(np.abs(values).max())[1]) + signed
    type_ = FixedPoint(ROUNDED_BITS, integer, signed, Rounding.RND_CONV, Overflow.SAT)
    if type_.overflows(np.rint(np.ldexp([values.min(), values.max()], type_.fraction)), type_.fraction).any():
        # The largest rounds up to the power of two.
        type_ = FixedPoint(ROUNDED_BITS, integer + 1, signed, Rounding.RND_CONV, Overflow.SAT)
    return type_
