"""QKeras quantizers as fixed-point types, and back.

Only quantizers whose step is a power of two are admitted: the firmware must equal them exactly, and it has
nothing but fixed-point numbers for that: `quantized_bits` with `alpha=1`, and a plain `quantized_relu`.
"""

from typing import Any

from netloom.errors import QuantizerNotSupportedError
from netloom.quantize.fixed_point import FixedPoint, Overflow, Rounding

MAX_BITS = 24
"""Widest quantizer that can be exact: QKeras computes in float32, which has 24 significant bits."""


def quantizer_type(quantizer: Any) -> FixedPoint:
    """The type whose cast equals a QKeras quantizer on float32 values.

    `quantizer(x) == type.to_float(type.from_float(x))` holds bit for bit, saturation included, for every x
    with `|x| < 2**24 * type.step` (for an 8-bit type, 65,536 times its range). Beyond that `quantized_bits`
    leaves its grid: it computes `x + (q - x)`, and float32 rounds the difference. `quantized_relu` does not.

    Args:
        quantizer: a QKeras object: `quantized_bits` (signed, symmetric or unsigned) or `quantized_relu`.

    Raises:
        QuantizerNotSupportedError: if no fixed-point type equals it exactly; says what to use instead.
    """
    from qkeras.quantizers import quantized_bits, quantized_relu

    kind = type(quantizer)
    if kind is not quantized_bits and kind is not quantized_relu:
        raise _refusal(quantizer, "is not a fixed-point quantizer", "quantized_bits(..., alpha=1) or quantized_relu")
    _check_common(quantizer)
    bits, integer = int(quantizer.bits), int(quantizer.integer)
    if kind is quantized_relu:
        _check_relu(quantizer)
        return FixedPoint(bits, integer, False, Rounding.RND_CONV, Overflow.SAT)
    if isinstance(quantizer.alpha, str) or (quantizer.alpha is not None and not _is_one(quantizer.alpha)):
        raise _refusal(quantizer, f"scales by alpha={quantizer.alpha!r}, which no fixed-point type does", "alpha=1")
    if not quantizer.keep_negative:
        return FixedPoint(bits, integer, False, Rounding.RND_CONV, Overflow.SAT)
    if bits < 2:
        raise _refusal(quantizer, "with 1 bit is binary (+1 or -1)", "2 bits or more")
    overflow = Overflow.SAT_SYM if quantizer.symmetric else Overflow.SAT
    return FixedPoint(bits, integer + 1, True, Rounding.RND_CONV, overflow)


def type_quantizer(type_: FixedPoint) -> Any:
    """The `quantized_bits` quantizer with the width, point, sign and symmetry of a type.

    Raises:
        QuantizerNotSupportedError: if the type is wider than `MAX_BITS`, or signed with less than 2 bits.
    """
    from qkeras.quantizers import quantized_bits

    if not 1 + type_.signed <= type_.width <= MAX_BITS:
        raise QuantizerNotSupportedError(
            f"{type_} has no QKeras quantizer: it must be {1 + type_.signed} to {MAX_BITS} bits wide"
        )
    return quantized_bits(
        type_.width,
        type_.integer - type_.signed,
        symmetric=int(type_.overflow is Overflow.SAT_SYM),
        keep_negative=type_.signed,
        alpha=1,
    )


def relu_quantizer(bits: int, integer: int) -> Any:
    """The `quantized_relu` with values from 0 to `2**integer * (1 - 2**-bits)`; `integer` may be negative."""
    from qkeras.quantizers import quantized_relu

    # QKeras raises 2 to the exponent in its own dtype, and TensorFlow has no negative powers of integers.
    return quantized_relu(bits, integer if integer >= 0 else float(integer))


def _check_common(quantizer: Any) -> None:
    for name in ("bits", "integer"):
        value = getattr(quantizer, name)
        if not isinstance(value, int | float) or value != int(value):
            raise _refusal(quantizer, f"has {name}={value!r}", f"a whole number of {name}")
    if not 1 <= quantizer.bits <= MAX_BITS:
        raise _refusal(quantizer, f"has {quantizer.bits} bits, and float32 carries {MAX_BITS}", f"1 to {MAX_BITS} bits")
    if quantizer.use_stochastic_rounding:
        raise _refusal(quantizer, "rounds at random", "use_stochastic_rounding=False")
    if not _is_one(quantizer.qnoise_factor):
        raise _refusal(quantizer, f"mixes in the unquantized value (qnoise_factor={quantizer.qnoise_factor!r})", "1.0")


def _check_relu(quantizer: Any) -> None:
    if quantizer.use_sigmoid:
        raise _refusal(quantizer, "normalizes with a sigmoid", "use_sigmoid=0")
    if quantizer.negative_slope:
        raise _refusal(quantizer, f"leaks (negative_slope={quantizer.negative_slope})", "negative_slope=0")
    if quantizer.relu_upper_bound is not None:
        raise _refusal(
            quantizer,
            f"has relu_upper_bound={quantizer.relu_upper_bound}",
            "None, and `integer` to set the bound",
        )


def _is_one(value: Any) -> bool:
    return isinstance(value, int | float) and value == 1


def _refusal(quantizer: Any, reason: str, instead: str) -> QuantizerNotSupportedError:
    label = type(quantizer).__name__
    if hasattr(quantizer, "bits"):
        label += f"({quantizer.bits},{getattr(quantizer, 'integer', 0)},...)"
    return QuantizerNotSupportedError(f"quantizer {label} {reason}: use {instead}")
