"""Where an ONNX graph begins and ends: plain numbers into raws, as C++ does with a `double`, and raws into numbers.

What the host does there (`netloom.common.ends`) is part of the graph, in the same dtypes and the same order.
"""

from typing import Any

import numpy as np

from netloom.common.ends import InputScale, OutputScale
from netloom.errors import LayerNotSupportedError
from netloom.fixed_point import FARTHEST, FixedPoint, Overflow
from netloom.rounding import EXACT_LIMIT, INT64_LIMIT, Rounding
from netloom.sim.onnx.numbers import confined
from netloom.sim.onnx.writer import GraphWriter, OnnxValue
from netloom.sim.values import quantizes_in_float

_EXPONENTS = 100
"""Steps from 2**-100 to 2**100 are far from the ends of float32's range."""


def number_dtype(element: FixedPoint) -> type:
    """In which a graph takes or gives the values of a type: float32 if that holds all of them, else float64."""
    largest = max(-element.raw_min, element.raw_max)
    fits = largest < EXACT_LIMIT[np.float32] and abs(element.fraction) <= _EXPONENTS
    return np.float32 if fits else np.float64


def raws_of_numbers(writer: GraphWriter, value: OnnxValue, element: FixedPoint) -> OnnxValue:
    """Numbers as raws of a type: what `FixedPoint.from_float` does.

    Raises:
        LayerNotSupportedError: if int64 does not hold them.
    """
    if quantizes_in_float(element, np.dtype(value.dtype)):
        scaled = writer.times(value, 2.0**element.fraction)
        return confined(
            writer, writer.add("Round" if element.rounding is Rounding.RND_CONV else "Floor", scaled), element
        )
    if 2**element.width > INT64_LIMIT:
        raise LayerNotSupportedError(f"an input of {element}: ONNX has no integers of more than 62 bits; narrow it")
    far = 2.0 ** (FARTHEST - element.fraction)
    wide = writer.cast(value, np.float64)
    wide = writer.add("Clip", wide, *(writer.constant(end, np.float64) for end in (-far, far)))
    scaled = writer.times(wide, 2.0**element.fraction)
    floor = writer.add("Floor", scaled)
    rest = writer.add("Sub", scaled, floor)
    if element.overflow is Overflow.WRAP:
        modulus = writer.constant(2.0**element.width, np.float64)
        floor = writer.add("Mod", floor, modulus, fmod=1)
    up = _rounds_up(writer, floor, rest, wide, element.rounding)
    ends = (writer.constant(end, np.float64) for end in (-float(INT64_LIMIT), float(INT64_LIMIT)))
    raw = writer.cast(writer.add("Clip", floor, *ends), np.int64)
    return confined(writer, writer.add("Add", raw, up) if up else raw, element)


def _rounds_up(
    writer: GraphWriter, floor: OnnxValue, rest: OnnxValue, value: OnnxValue, rounding: Rounding
) -> OnnxValue | None:
    """0 or 1, int64: whether rounding moves `floor + rest` up; what `rounding.round_up` says. None if never."""

    def compared(kind: str, one: OnnxValue, number: float) -> OnnxValue:
        return writer.with_number(kind, one, number, dtype=np.bool_)

    above, tie = compared("Greater", rest, 0.5), compared("Equal", rest, 0.5)
    match rounding:
        case Rounding.TRN:
            return None
        case Rounding.TRN_ZERO:
            up = writer.add("And", compared("Less", value, 0), compared("Greater", rest, 0))
        case Rounding.RND:
            up = writer.add("Or", above, tie)
        case Rounding.RND_MIN_INF:
            up = above
        case Rounding.RND_ZERO:
            up = writer.add("Or", above, writer.add("And", tie, compared("Less", value, 0)))
        case Rounding.RND_INF:
            up = writer.add("Or", above, writer.add("And", tie, compared("GreaterOrEqual", value, 0)))
        case Rounding.RND_CONV:
            remainder = writer.add("Mod", floor, writer.constant(2.0, np.float64), fmod=1)
            odd = writer.add("Not", compared("Equal", remainder, 0))
            up = writer.add("Or", above, writer.add("And", tie, odd))
    return writer.cast(up, np.int64)


def numbers_of_raws(writer: GraphWriter, raw: OnnxValue, element: FixedPoint, name: str) -> OnnxValue:
    """Raws as numbers of `number_dtype`, under a name; those of a type wider than float64 stay raws, int64."""
    if not element.fits_float64:
        return writer.add("Identity", writer.cast(raw, np.int64), name=name)
    value = writer.cast(raw, number_dtype(element))
    return writer.add("Mul", value, writer.constant(element.step, value.dtype), name=name)


def sent(writer: GraphWriter, value: OnnxValue, scale: InputScale) -> OnnxValue:
    """The whole numbers that the host makes of an input, float32: `InputScale.raws`."""
    y = writer.with_number("Div", value, scale.scale)
    if scale.zero_point:
        y = writer.with_number("Add", y, scale.zero_point)
    if scale.rounding == "BIPOLAR":
        reached = writer.with_number("GreaterOrEqual", y, 0, dtype=np.bool_)
        ends = (writer.constant(end, np.float32) for end in (1, -1))
        return writer.add("Where", reached, *ends, dtype=np.float32)
    y = writer.add("Clip", y, *(writer.constant(end, np.float32) for end in (scale.low, scale.high)))
    if scale.rounding in ("ROUND", "HALF_EVEN"):
        return writer.add("Round", y)
    if scale.rounding in ("FLOOR", "CEIL"):
        return writer.add(scale.rounding.capitalize(), y)
    kind, half = {"UP": ("Ceil", 0), "DOWN": ("Floor", 0), "HALF_UP": ("Floor", 0.5), "HALF_DOWN": ("Ceil", -0.5)}[
        scale.rounding
    ]
    size = writer.add("Abs", y)
    size = writer.add(kind, writer.with_number("Add", size, half) if half else size)
    return writer.add("Mul", writer.add("Sign", y), size)


def received(writer: GraphWriter, raw: OnnxValue, step: float, scale: OutputScale, rank: int, name: str) -> OnnxValue:
    """What the host makes of an output, raws of so large a step, under a name: `OutputScale.values`, float64."""
    value = writer.times(writer.cast(raw, np.float64), step)
    factors, shifts = scale.rows(rank)
    steps: list[tuple[str, Any]] = [("Mul", factors), ("Add", shifts)]
    steps += [(kind, end) for kind, end in (("Max", scale.floor), ("Min", scale.ceiling)) if end is not None]
    for place, (kind, number) in enumerate(steps):
        last = place == len(steps) - 1
        value = writer.add(kind, value, writer.constant(number, np.float64), name=name if last else None)
    return value
