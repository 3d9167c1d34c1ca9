"""`Stairs`: what every quantizer of ONNX is: a function that rises by one at each of its thresholds."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from netloom.quantize.onnx.real import Grid, Real

FAR = 2**31
"""Steps: a threshold that far away is never reached, or always."""


@dataclass(frozen=True)
class Threshold:
    """A value at which a quantizer rises by one.

    Attributes:
        value: exact.
        inclusive: whether it rises there already, or only beyond.
    """

    value: Fraction
    inclusive: bool = True

    def reached(self, value: Fraction) -> bool:
        """Whether it has risen there."""
        return value >= self.value if self.inclusive else value > self.value


@dataclass(frozen=True)
class Stairs:
    """A quantizer: `scale * (number of thresholds reached) + shift`.

    Attributes:
        thresholds: of all channels, or a list a channel, each of as many, rising.
        scale: of a level.
        shift: the value below all thresholds.
    """

    thresholds: Sequence[Sequence[Threshold]]
    scale: float
    shift: float


def rounding_threshold(mode: str, level: int) -> Threshold:
    """From where on a rounding of ONNX's gives a whole number, or a greater one.

    Raises:
        ValueError: for a mode that qonnx does not have.
    """
    half, above = Fraction(2 * level - 1, 2), level >= 1
    match mode.upper():
        case "ROUND" | "HALF_EVEN":
            return Threshold(half, level % 2 == 0)
        case "FLOOR":
            return Threshold(Fraction(level))
        case "CEIL":
            return Threshold(Fraction(level - 1), False)
        case "UP":
            return Threshold(Fraction(level - 1), False) if above else Threshold(Fraction(level))
        case "DOWN":
            return Threshold(Fraction(level)) if above else Threshold(Fraction(level - 1), False)
        case "HALF_UP":
            return Threshold(half, above)
        case "HALF_DOWN":
            return Threshold(half, not above)
    raise ValueError(f"rounding mode {mode} is none of qonnx's")


def whole_thresholds(stairs: Stairs, real: Real, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """The thresholds as whole numbers of steps.

    Args:
        stairs: what reads the tensor.
        real: what the tensor stands for.
        grid: where its values lie.

    Returns:
        Thresholds, int64 (channels, thresholds), that hold for the whole numbers times 1 or -1; and that sign, int64
        (channels,). Where a channel's scale is 0 they are all reached or never.
    """
    channels = max(real.scale.size, real.shift.size, len(stairs.thresholds))
    scales = np.broadcast_to(real.scale, (channels,)) * grid.step  # exact: a step is a power of two
    shifts = np.broadcast_to(real.shift, (channels,))
    found = []
    for channel in range(channels):
        scale, shift = Fraction(float(scales[channel])) / real.count, Fraction(float(shifts[channel]))
        chosen = stairs.thresholds[channel if len(stairs.thresholds) > 1 else 0]
        found.append([_whole(one, scale, shift, real) for one in chosen])
    return np.array(found, np.int64).reshape(channels, -1), np.where(scales < 0, -1, 1)


def _whole(threshold: Threshold, scale: Fraction, shift: Fraction, real: Real) -> int:
    if real.floor > -np.inf and threshold.reached(Fraction(real.floor)):
        return -FAR
    if real.ceiling < np.inf and not threshold.reached(Fraction(real.ceiling)):
        return FAR
    if scale == 0:
        return -FAR if threshold.reached(shift) else FAR
    where = (threshold.value - shift) / abs(scale)
    whole = -((-where.numerator) // where.denominator)
    if not threshold.inclusive and whole == where:
        whole += 1
    return max(-FAR, min(FAR, whole))
