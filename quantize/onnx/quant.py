"""`Quant` nodes of QONNX, and `Trunc`: what they say of themselves, as a fixed-point type or as thresholds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from netloom.common.ends import FARTHEST_ZERO, LEAST_SCALE, InputScale
from netloom.errors import QuantizerNotSupportedError
from netloom.fixed_point import FixedPoint, Overflow
from netloom.quantize.onnx.real import Real
from netloom.quantize.onnx.stairs import Stairs, Threshold, rounding_threshold
from netloom.quantize.quantizer_types import FLOAT32_BITS
from netloom.rounding import Rounding

QUANT_OPERATORS = ("Quant", "IntQuant")

QUANTIZING_OPERATORS = (
    *QUANT_OPERATORS,
    "BipolarQuant",
    "Trunc",
    "MultiThreshold",
    "QuantizeLinear",
    "DequantizeLinear",
)
"""A model with one of them is quantized; one with none is a float model, for netloom to quantize."""

_ROUNDINGS = ("ROUND", "HALF_EVEN", "FLOOR", "CEIL", "UP", "DOWN", "HALF_UP", "HALF_DOWN")

MOST_THRESHOLDS = 2**12
"""Levels, at most, of what is no plain type: each is weighed by itself."""


@dataclass(frozen=True)
class QuantNode:
    """A quantizer: (clip(round(x / scale + zero_point), low, high) - zero_point) * scale.

    Attributes:
        name: of the node.
        scale: float64, positive and finite, of one element or more.
        zero_point: float64, finite, of one element.
        bits: width.
        signed: whether it has a sign.
        narrow: whether it leaves one number out: the least, or without a sign the greatest.
        rounding: one of `_ROUNDINGS`.
    """

    name: str
    scale: np.ndarray
    zero_point: float
    bits: int
    signed: bool
    narrow: bool
    rounding: str

    @classmethod
    def of(cls, name: str, given: Mapping[str, Any], constants: Sequence[np.ndarray]) -> "QuantNode":
        """From a node's attributes, and its scale, zero point and width.

        Raises:
            QuantizerNotSupportedError: naming the node, if they are none of a quantizer.
        """
        scale, zero_point, bits = constants
        check_scale(name, scale)
        if zero_point.size != 1 or not np.isfinite(zero_point).all():
            raise QuantizerNotSupportedError(f"node {name!r}: its zero point must be one finite number")
        rounding = given.get("rounding_mode", b"ROUND").decode().upper()
        if rounding not in _ROUNDINGS:
            raise QuantizerNotSupportedError(
                f"node {name!r}: rounding mode {rounding}; use one of {', '.join(_ROUNDINGS)}"
            )
        signed, narrow = bool(given.get("signed", 1)), bool(given.get("narrow", 0))
        return cls(name, scale, float(zero_point.flat[0]), _width(name, bits), signed, narrow, rounding)

    @property
    def ends(self) -> tuple[int, int]:
        """The least and the greatest whole number."""
        return _ends(self.bits, self.signed, self.narrow)

    def input_scale(self, real: Real) -> InputScale:
        """What the host does, if it reads the network's input, scaled by a power of two and shifted before.

        Raises:
            QuantizerNotSupportedError: if it has a scale a channel, or one that float32 does not hold; or if float32
                rounds more than once what is shifted before.
        """
        self._check_one_scale()
        before, shift = real.scale.item(), real.shift.item()
        if shift and (self.zero_point or not is_power_of_two(self.scale)):
            raise QuantizerNotSupportedError(
                f"node {self.name!r}: it reads the network's input, to which {shift:g} is added before; the host does"
                " both at once, which rounds alike where its scale is a power of two and its zero point 0"
            )
        zero_point = self.zero_point + shift / self.scale.item()
        bipolar = self.bits == 1 and self.signed
        low, high = (-1, 1) if bipolar else self.ends
        rounding = "BIPOLAR" if bipolar else self.rounding
        with np.errstate(over="ignore", under="ignore"):
            single = (self.scale.ravel()[:1] / before).astype(np.float32)
        check_scale(self.name, single)
        scale = float(single[0])
        if scale < LEAST_SCALE or abs(zero_point) > FARTHEST_ZERO:
            raise QuantizerNotSupportedError(
                f"node {self.name!r}: it reads the network's input; a scale of {scale:g} and a zero point of"
                f" {zero_point:g} leave one number of all: scales from {LEAST_SCALE:.2g} and zero points up to"
                f" {FARTHEST_ZERO:,} are taken"
            )
        return InputScale.model_validate(
            {"scale": scale, "zero_point": zero_point, "low": low, "high": high, "rounding": rounding}
        )

    def _check_one_scale(self) -> None:
        if self.scale.size != 1:
            raise QuantizerNotSupportedError(
                f"node {self.name!r}: it has {self.scale.size} scales for activations; give it one for the whole tensor"
            )

    def stairs(self) -> Stairs:
        """Its thresholds.

        Raises:
            QuantizerNotSupportedError: if it has a scale a channel, or more levels than can be weighed.
        """
        self._check_one_scale()
        scale = Fraction(float(self.scale.flat[0]))
        zero = Fraction(self.zero_point)
        if self.bits == 1 and self.signed:
            # qonnx's executor makes that 1 and -1.
            step = float(scale)
            return Stairs([[Threshold(-zero * scale)]], 2 * step, (-1 - self.zero_point) * step)
        low, high = self.ends
        if high - low > MOST_THRESHOLDS:
            raise QuantizerNotSupportedError(
                f"node {self.name!r}: {self.bits} bits with a scale that is no power of two, a zero point or another"
                f" rounding than ROUND; at most {MOST_THRESHOLDS:,} levels are weighed so"
            )
        found = [rounding_threshold(self.rounding, level) for level in range(low + 1, high + 1)]
        moved = [Threshold((one.value - zero) * scale, one.inclusive) for one in found]
        return Stairs([moved], float(scale), (low - self.zero_point) * float(scale))


def trunc_stairs(
    name: str, given: Mapping[str, Any], constants: Sequence[np.ndarray], values: tuple[float, float]
) -> Stairs:
    """`Trunc`: to a whole number, to the nearest; then bits of that left out.

    Args:
        name: of the node.
        given: its attributes.
        constants: its inputs behind the first: scale, zero point, width before, then the width after; or, as of
            version 2, the scale and the width after.
        values: the least and the greatest that can come.

    Raises:
        QuantizerNotSupportedError: naming the node, if they are none of a quantizer.
    """
    for one in (constants[0], *constants[3:-1]):
        check_scale(name, one)
    if any(one.size != 1 or not np.isfinite(one).all() for one in constants):
        raise QuantizerNotSupportedError(f"node {name!r}: scales, zero point and widths must be one finite number each")
    scale, zero = (Fraction(float(one.flat[0])) for one in constants[:2])
    before, after = _width(name, constants[2]), _width(name, constants[-1])
    if len(constants) == 4:
        cut, out, point = 2.0 ** (before - after), float(scale), float(zero)
        levels = [value / float(scale) + float(zero) for value in values]
        low, high = (
            int(np.clip(np.floor(level / cut) + more, -(2**62), 2**62))
            for level, more in zip(levels, (-1, 2), strict=True)
        )
    else:
        out = float(constants[3].flat[0])
        cut = 2.0 ** round(float(np.log2(out / float(scale))))
        point = float(zero) / cut
        low, high = _ends(after, bool(given.get("signed", 1)), bool(given.get("narrow", 0)))
    if high - low > MOST_THRESHOLDS:
        raise QuantizerNotSupportedError(f"node {name!r}: more levels than {MOST_THRESHOLDS:,}; put a Quant before it")
    mode = given.get("rounding_mode", b"FLOOR").decode()
    thresholds = []
    for level in range(low + 1, high + 1):
        rise = rounding_threshold(mode, level)
        # The least whole number that reaches it, and from where on that is the nearest.
        reached = rise.value * Fraction(cut)
        whole = -((-reached.numerator) // reached.denominator)
        whole += 1 if whole == reached and not rise.inclusive else 0
        nearest = rounding_threshold("ROUND", whole)
        thresholds.append(Threshold((nearest.value - zero) * scale, nearest.inclusive))
    return Stairs([thresholds], out, (low - point) * out)


def plain_type(quant: QuantNode) -> FixedPoint | None:
    """The type that equals a quantizer of activations and that QKeras has; None if none does."""
    scale = float(quant.scale.flat[0])
    if quant.scale.size != 1 or not is_power_of_two(quant.scale) or quant.zero_point != 0:
        return None
    if quant.rounding not in ("ROUND", "HALF_EVEN") or (quant.narrow and not quant.signed):
        return None
    if quant.signed and quant.bits < 2:
        return None
    fraction = 1 - int(np.frexp(scale)[1])
    overflow = Overflow.SAT_SYM if quant.narrow else Overflow.SAT
    return FixedPoint(quant.bits, quant.bits - fraction, quant.signed, Rounding.RND_CONV, overflow)


def is_power_of_two(scale: np.ndarray) -> bool:
    """Whether all scales are."""
    return bool((np.frexp(scale.astype(np.float64))[0] == 0.5).all())


def check_scale(name: str, scale: np.ndarray) -> None:
    """Refuse a scale that is none.

    Raises:
        QuantizerNotSupportedError: naming the node.
    """
    odd = scale[~(np.isfinite(scale) & (scale > 0))]
    if odd.size:
        raise QuantizerNotSupportedError(
            f"node {name!r}: its scale must be positive and finite, not {float(odd.flat[0])!r}"
        )


def _width(name: str, bits: np.ndarray) -> int:
    if bits.size != 1 or not 1 <= float(bits.flat[0]) <= FLOAT32_BITS or float(bits.flat[0]) % 1:
        raise QuantizerNotSupportedError(
            f"node {name!r}: its width {bits.ravel().tolist()} must be a whole number of bits, 1 to {FLOAT32_BITS}"
        )
    return int(bits.flat[0])


def _ends(bits: int, signed: bool, narrow: bool) -> tuple[int, int]:
    if signed:
        return -(2 ** (bits - 1)) + narrow, 2 ** (bits - 1) - 1
    return 0, 2**bits - 1 - narrow
