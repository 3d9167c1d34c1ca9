"""QKeras quantizers as fixed-point types, and back.

Only quantizers whose step is a power of two are admitted: the firmware must equal them exactly, and it has
nothing but fixed-point numbers for that: `quantized_bits` with `alpha=1`, and a plain `quantized_relu`.
"""

from typing import Any

from netloom.errors import QuantizerNotSupportedError
from netloom.fixed_point import FixedPoint, Overflow
from netloom.rounding import Rounding

FLOAT32_BITS = 24
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
        raise quantizer_refusal(
            quantizer, "is not a fixed-point quantizer", "quantized_bits(..., alpha=1) or quantized_relu"
        )
    check_common(quantizer)
    bits, integer = int(quantizer.bits), int(quantizer.integer)
    if kind is quantized_relu:
        _check_relu(quantizer)
        return FixedPoint(bits, integer, False, Rounding.RND_CONV, Overflow.SAT)
    if isinstance(quantizer.alpha, str) or (quantizer.alpha is not None and not _is_one(quantizer.alpha)):
        raise quantizer_refusal(
            quantizer, f"scales by alpha={quantizer.alpha!r}, which no fixed-point type does", "alpha=1"
        )
    if not quantizer.keep_negative:
        return FixedPoint(bits, integer, False, Rounding.RND_CONV, Overflow.SAT)
    if bits < 2:
        raise quantizer_refusal(quantizer, "with 1 bit is binary (+1 or -1)", "2 bits or more")
    overflow = Overflow.SAT_SYM if quantizer.symmetric else Overflow.SAT
    return FixedPoint(bits, integer + 1, True, Rounding.RND_CONV, overflow)


def type_quantizer(type_: FixedPoint) -> Any:
    """The `quantized_bits` quantizer with the width, point, sign and symmetry of a type.

    Raises:
        QuantizerNotSupportedError: if the type is wider than `FLOAT32_BITS`, or signed with less than 2 bits.
    """
    from qkeras.quantizers import quantized_bits

    if not 1 + type_.signed <= type_.width <= FLOAT32_BITS:
        raise QuantizerNotSupportedError(
            f"{type_} has no QKeras quantizer: it must be {1 + type_.signed} to {FLOAT32_BITS} bits wide"
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


def check_bits(quantizer: Any) -> None:
    """Refuse a width that is no whole number from 1 to `FLOAT32_BITS`.

    Raises:
        QuantizerNotSupportedError: saying which there are.
    """
    _check_whole(quantizer, "bits")
    if not 1 <= quantizer.bits <= FLOAT32_BITS:
        limit = "and float32 carries 24" if quantizer.bits > FLOAT32_BITS else "which is no width"
        raise quantizer_refusal(quantizer, f"has {quantizer.bits} bits, {limit}", f"1 to {FLOAT32_BITS} bits")


def check_common(quantizer: Any) -> None:
    """Refuse what no fixed-point type does, in the arguments that QKeras's linear quantizers share.

    Raises:
        QuantizerNotSupportedError: naming the argument.
    """
    check_bits(quantizer)
    _check_whole(quantizer, "integer")
    for name in ("symmetric", "keep_negative"):
        if getattr(quantizer, name, 0) not in (0, 1):
            raise quantizer_refusal(quantizer, f"has {name}={getattr(quantizer, name)!r}", "True or False")
    if quantizer.use_stochastic_rounding:
        raise quantizer_refusal(quantizer, "rounds at random", "use_stochastic_rounding=False")
    if not _is_one(quantizer.qnoise_factor):
        raise quantizer_refusal(
            quantizer, f"mixes in the unquantized value (qnoise_factor={quantizer.qnoise_factor!r})", "1.0"
        )


def _check_whole(quantizer: Any, name: str) -> None:
    value = getattr(quantizer, name)
    if not isinstance(value, int | float) or value != int(value):
        raise quantizer_refusal(quantizer, f"has {name}={value!r}", f"a whole number of {name}")


def _check_relu(quantizer: Any) -> None:
    if quantizer.use_sigmoid:
        raise quantizer_refusal(quantizer, "normalizes with a sigmoid", "use_sigmoid=0")
    if quantizer.negative_slope:
        raise quantizer_refusal(quantizer, f"leaks (negative_slope={quantizer.negative_slope})", "negative_slope=0")
    if quantizer.relu_upper_bound is not None:
        raise quantizer_refusal(
            quantizer,
            f"has relu_upper_bound={quantizer.relu_upper_bound}",
            "None, and `integer` to set the bound",
        )


def _is_one(value: Any) -> bool:
    return isinstance(value, int | float) and value == 1


def quantizer_refusal(quantizer: Any, reason: str, instead: str) -> QuantizerNotSupportedError:
    """The error that names a quantizer, why it is refused and what to use."""
    label = type(quantizer).__name__
    if hasattr(quantizer, "bits"):
        label += f"({quantizer.bits},{getattr(quantizer, 'integer', 0)},...)"
    return QuantizerNotSupportedError(f"quantizer {label} {reason}: use {instead}")
