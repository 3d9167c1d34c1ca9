"""Lowering of pooling, windowed and global."""

from math import prod
from typing import Any

from netloom.errors import LayerNotSupportedError
from netloom.fixed_point import FixedPoint, Overflow, Rounding, round_raw
from netloom.hls.dataflow import Bounds, Divide, Pool, PoolFunction, Summation
from netloom.hls.lower.context import ACCUM, LoweringContext
from netloom.hls.lower.shape import reshape

_SHIFT_INVARIANT = (Rounding.TRN, Rounding.RND, Rounding.RND_MIN_INF)
"""Rounding a sum with a number on the grid gives the number plus the rounded rest."""

AVERAGE_GUARD_BITS = 8
"""Fraction bits an average gets beyond its input's: the remainder that division drops is below 2**-8 of a step."""


def lower_pooling(node: Any, context: LoweringContext) -> None:
    """`Pooling1D`, `Pooling2D`."""
    axes = ("height", "width") if node.class_name.endswith("2D") else ("width",)
    edges = ("pad_top", "pad_bottom", "pad_left", "pad_right")[0 if len(axes) == 2 else 2 :]
    if any(int(node.get_attr(edge, 0)) for edge in edges):
        raise LayerNotSupportedError(f"layer {node.name!r}: pooling with padding is not supported; use padding='valid'")
    size = tuple(int(node.get_attr(f"pool_{axis}")) for axis in axes)
    stride = tuple(int(node.get_attr(f"stride_{axis}")) for axis in axes)
    if context.stream and size != stride:
        raise LayerNotSupportedError(
            f"layer {node.name!r}: pooling with strides {stride} other than its size {size} is not supported with "
            "io_stream; use io_parallel"
        )
    order = Summation.TREE if context.stream else Summation.SEQUENTIAL
    _pool(node, context, size, stride, order)


def lower_global_pooling(node: Any, context: LoweringContext) -> None:
    """`GlobalPooling1D`, `GlobalPooling2D`: one window, the spatial axes dropped."""
    size = context.type_of(context.inputs[0]).shape[:-1]
    _pool(node, context, size, size, Summation.SEQUENTIAL)


def _pool(
    node: Any, context: LoweringContext, size: tuple[int, ...], stride: tuple[int, ...], order: Summation
) -> None:
    source = context.inputs[0]
    element = context.type_of(source).element
    count = prod(size)
    if node.get_attr("pool_op") == "Max":
        accum = context.choose(ACCUM, lambda: element.with_modes())
        # io_parallel compares before the cast to the accumulator, io_stream after it.
        if context.stream:
            source = context.cast("accum", source, accum)
        result = context.add("max", Pool(PoolFunction.MAX, size, stride), source)
        if not context.stream:
            result = context.cast("accum", result, accum)
    else:
        accum = context.choose(ACCUM, lambda: _average_accum(context, source, count))
        if not context.stream:
            _check_sums(context, source, accum)
        result = context.add("sum", Pool(PoolFunction.SUM, size, stride, accum, order), source)
        result = context.add("average", Divide(count), result)
    if node.class_name.startswith("Global"):
        result = _drop_spatial(context, result)
    context.finish(result)


def _check_sums(context: LoweringContext, source: str, accum: FixedPoint) -> None:
    """With io_parallel hls4ml casts sums to the accumulator, not what is added: it must come to the same."""
    element, bounds = context.type_of(source).element, context.bounds_of(source)
    shift = element.fraction - accum.fraction
    rounds = shift > 0 and accum.rounding not in _SHIFT_INVARIANT
    low, high = (round_raw(raw, shift, Rounding.TRN) for raw in (bounds.low, bounds.high))
    saturates = accum.overflow is not Overflow.WRAP and Bounds(low, high + (shift > 0)).exceeds(accum)
    if rounds or saturates:
        does = "rounds" if rounds else "saturates"
        fraction = max(element.fraction, accum.fraction)
        largest = bounds.magnitude << (fraction - element.fraction)
        enough = FixedPoint.containing(-largest, largest, fraction).with_modes(accum.rounding, accum.overflow)
        raise LayerNotSupportedError(
            f"layer {context.node.name!r}: the accumulator {accum} {does} what is averaged, which hls4ml does to sums "
            f"only; give it {enough}, more bits on either side of its point, or TRN and WRAP"
        )


def _average_accum(context: LoweringContext, source: str, count: int) -> FixedPoint:
    bounds, fraction = context.bounds_of(source), context.type_of(source).element.fraction
    low, high = min(int(bounds.low.min()), 0) * count, max(int(bounds.high.max()), 0) * count
    guard = (count - 1).bit_length() if count & (count - 1) == 0 else (count - 1).bit_length() + AVERAGE_GUARD_BITS
    return FixedPoint.containing(low << guard, high << guard, fraction + guard)


def _drop_spatial(context: LoweringContext, name: str) -> str:
    return reshape(context, name, context.type_of(name).shape[-1:])
