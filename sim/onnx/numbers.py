"""Fixed-point numbers in ONNX: rounding, overflow and sums on raws, in float32, float64 or int64.

The carriers are those of `netloom.fixed_point`, and so is the proof that none of their numbers is inexact. Integers are
divided by `Mod` and `Div`: ONNX has no shift of signed ones.
"""

import numpy as np

from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import Summation
from netloom.rounding import EXACT_LIMIT, Rounding
from netloom.sim.onnx.writer import GraphWriter, OnnxValue


def truncated(writer: GraphWriter, value: OnnxValue) -> OnnxValue:
    """A float rounded towards zero."""
    whole = writer.add("Floor", writer.add("Abs", value))
    return writer.add("Mul", writer.add("Sign", value), whole)


def floor_shifted(writer: GraphWriter, raw: OnnxValue, shift: int) -> OnnxValue:
    """raw / 2**shift, rounded down, in any carrier."""
    if shift == 0:
        return raw
    if raw.dtype is not np.int64:
        return writer.add("Floor", writer.times(raw, 2.0**-shift))
    rest = writer.with_number("Mod", raw, 1 << shift)
    return writer.with_number("Div", writer.add("Sub", raw, rest), 1 << shift)


def rounded(writer: GraphWriter, raw: OnnxValue, shift: int, rounding: Rounding) -> OnnxValue:
    """The last `shift` bits dropped (zeros appended if negative), as `round_raw` does."""
    if shift <= 0:
        return writer.times(raw, 2**-shift if raw.dtype is np.int64 else 2.0**-shift)
    if raw.dtype is np.int64:
        return _rounded_integer(writer, raw, shift, rounding)
    scaled = writer.times(raw, 2.0**-shift)
    match rounding:
        case Rounding.TRN:
            return writer.add("Floor", scaled)
        case Rounding.TRN_ZERO:
            return truncated(writer, scaled)
        case Rounding.RND:
            return writer.add("Floor", writer.with_number("Add", scaled, 0.5))
        case Rounding.RND_MIN_INF:
            return writer.add("Ceil", writer.with_number("Sub", scaled, 0.5))
        case Rounding.RND_CONV:
            return writer.add("Round", scaled)
        case Rounding.RND_ZERO:
            whole = writer.add("Ceil", writer.with_number("Sub", writer.add("Abs", scaled), 0.5))
        case Rounding.RND_INF:
            whole = writer.add("Floor", writer.with_number("Add", writer.add("Abs", scaled), 0.5))
    return writer.add("Mul", writer.add("Sign", scaled), whole)


def _rounded_integer(writer: GraphWriter, raw: OnnxValue, shift: int, rounding: Rounding) -> OnnxValue:
    half = 1 << (shift - 1)
    match rounding:
        case Rounding.TRN:
            added = raw
        case Rounding.TRN_ZERO:
            return writer.with_number("Div", raw, 1 << shift)
        case Rounding.RND:
            added = writer.with_number("Add", raw, half)
        case Rounding.RND_MIN_INF:
            added = writer.with_number("Add", raw, half - 1)
        case Rounding.RND_ZERO:
            up = writer.with_number("Less", raw, 0, dtype=np.bool_)
            added = writer.add("Add", writer.with_number("Add", raw, half - 1), writer.cast(up, np.int64))
        case Rounding.RND_INF:
            down = writer.with_number("Less", raw, 0, dtype=np.bool_)
            added = writer.add("Sub", writer.with_number("Add", raw, half), writer.cast(down, np.int64))
        case Rounding.RND_CONV:
            odd = writer.with_number("Mod", floor_shifted(writer, raw, shift), 2)
            added = writer.add("Add", writer.with_number("Add", raw, half - 1), odd)
    return floor_shifted(writer, added, shift)


def confined(writer: GraphWriter, raw: OnnxValue, type_: FixedPoint) -> OnnxValue:
    """The overflow mode of a type, on raws of its own step."""
    limit = EXACT_LIMIT[raw.dtype]
    low, high = (writer.constant(end, raw.dtype) for end in (max(type_.raw_min, -limit), min(type_.raw_max, limit)))
    match type_.overflow:
        case Overflow.SAT | Overflow.SAT_SYM:
            return writer.add("Clip", raw, low, high)
        case Overflow.SAT_ZERO:
            inside = writer.add("Equal", raw, writer.add("Clip", raw, low, high), dtype=np.bool_)
            return writer.add("Where", inside, raw, writer.constant(0, raw.dtype), dtype=raw.dtype)
        case Overflow.WRAP:
            if 2**type_.width > limit:
                return raw  # were the wrap's modulus needed, it would have had to be exact
            turn = writer.with_number("Sub", raw, type_.raw_min)
            if raw.dtype is np.int64:
                return writer.with_number("Add", writer.with_number("Mod", turn, 2**type_.width), type_.raw_min)
            turns = writer.add("Floor", writer.times(turn, 2.0**-type_.width))
            return writer.add("Sub", raw, writer.times(turns, 2.0**type_.width))


def converted(writer: GraphWriter, raw: OnnxValue, fraction: int, type_: FixedPoint) -> OnnxValue:
    """Raws of `fraction` fraction bits as raws of a type: what `FixedPoint.cast` does."""
    return confined(writer, rounded(writer, raw, fraction - type_.fraction, type_.rounding), type_)


def summed(
    writer: GraphWriter,
    terms: OnnxValue,
    count: int,
    fraction: int,
    accum: FixedPoint,
    order: Summation,
    may_overflow: bool,
) -> OnnxValue:
    """What `accumulate` gives of `count` terms along the last axis, which vanishes."""
    if not may_overflow or accum.overflow is Overflow.WRAP:
        # Whatever wraps on the way: the last bits of a sum depend on no order.
        whole = rounded(writer, terms, fraction - accum.fraction, accum.rounding)
        total = writer.reduce("ReduceSum", whole, -1)
        return confined(writer, total, accum) if may_overflow else total
    cast = converted(writer, terms, fraction, accum)
    if order is Summation.TREE:
        return writer.gather(_tree(writer, cast, count, accum), 0, -1)
    return (
        writer.fold(
            writer.gather(cast, 0, -1),
            [(_part(writer, cast, 1, count), -1)],
            lambda inner, total, term: confined(inner, inner.add("Add", total, term[0]), accum),
        )
        if count > 1
        else writer.gather(cast, 0, -1)
    )


def _tree(writer: GraphWriter, terms: OnnxValue, count: int, accum: FixedPoint) -> OnnxValue:
    """The left part is the largest power of two below the number of terms; the axis is 1 in the end."""
    if count == 1:
        return terms
    left = 1 << ((count - 1).bit_length() - 1)
    if 2 * left == count:
        halves = [_part(writer, terms, start, count, 2) for start in (0, 1)]
        return _tree(writer, confined(writer, writer.add("Add", *halves), accum), left, accum)
    parts = [_part(writer, terms, 0, left), _part(writer, terms, left, count)]
    sides = [_tree(writer, part, size, accum) for part, size in zip(parts, (left, count - left), strict=True)]
    return confined(writer, writer.add("Add", *sides), accum)


def _part(writer: GraphWriter, value: OnnxValue, start: int, stop: int, step: int = 1) -> OnnxValue:
    """A slice of the last axis."""
    return writer.add("Slice", value, *(writer.constant([one], np.int64) for one in (start, stop, -1, step)))
