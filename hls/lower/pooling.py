"""Lowering of pooling, windowed and global."""

import functools
from collections.abc import Collection, Sequence
from math import prod
from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError
from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import Bounds, DepthwiseMatVec, Divide, Permute, Pool, PoolFunction, Summation
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.kernels import Kernel, gather
from netloom.hls.lower.shape import element_grid, reshape
from netloom.hls.lower.types import ACCUM
from netloom.rounding import Rounding, round_raw

_SHIFT_INVARIANT = (Rounding.TRN, Rounding.RND, Rounding.RND_MIN_INF)
"""Rounding a sum with a number on the grid gives the number plus the rounded rest."""

AVERAGE_GUARD_BITS = 8
"""Fraction bits an average gets beyond its input's: the remainder that division drops is below 2**-8 of a step."""


def lower_pooling(node: Any, context: LoweringContext) -> None:
    """`Pooling1D`, `Pooling2D`; with io_stream the windows tile the image."""
    axes = ("height", "width") if node.class_name.endswith("2D") else ("width",)
    edges = [("pad_top", "pad_bottom"), ("pad_left", "pad_right")][-len(axes) :]
    pads = [tuple(int(node.get_attr(edge, 0)) for edge in pair) for pair in edges]
    size = tuple(int(node.get_attr(f"pool_{axis}")) for axis in axes)
    stride = tuple(int(node.get_attr(f"stride_{axis}")) for axis in axes)
    if context.stream and any(map(any, pads)):
        raise LayerNotSupportedError(
            f"layer {node.name!r}: hls4ml has no pooling with padding for io_stream; use padding='valid' or io_parallel"
        )
    if context.stream and size != stride:
        raise LayerNotSupportedError(
            f"layer {node.name!r}: pooling with strides {stride} other than its size {size} is not supported with "
            "io_stream; use io_parallel"
        )
    spatial = context.type_of(context.inputs[0]).shape[:-1]
    positions = tuple(
        (length + sum(pad) - width) // step + 1
        for length, pad, width, step in zip(spatial, pads, size, stride, strict=True)
    )
    if positions != tuple(int(length) for length in node.get_output_variable().shape[:-1]):
        raise LayerNotSupportedError(
            f"layer {node.name!r}: hls4ml's C++ computes {positions} positions, which are not those of its result"
        )
    order = Summation.TREE if context.stream else Summation.SEQUENTIAL
    _pool(node, context, Kernel(size, stride, (1,) * len(size), tuple(before for before, _ in pads), positions), order)


def lower_global_pooling(node: Any, context: LoweringContext) -> None:
    """`GlobalPooling1D`, `GlobalPooling2D`: one window, the spatial axes dropped."""
    size = context.type_of(context.inputs[0]).shape[:-1]
    ones = (1,) * len(size)
    _pool(node, context, Kernel(size, size, ones, (0,) * len(size), ones), Summation.SEQUENTIAL)


def _pool(node: Any, context: LoweringContext, kernel: Kernel, order: Summation) -> None:
    source = context.inputs[0]
    element = context.type_of(source).element
    average = node.get_attr("pool_op") != "Max"
    counts = _inside(kernel, context.type_of(source).shape[:-1])
    around = bool((counts < prod(kernel.size)).any())
    if average:
        if node.get_attr("count_pad", False):
            counts = np.full_like(counts, prod(kernel.size))
        accum = context.choose(ACCUM, lambda: _average_accum(context, source, set(counts.ravel().tolist())))
        if not context.stream:
            check_sums(context, source, accum)
        sums = Pool(PoolFunction.SUM, kernel.size, kernel.stride, accum, order)
        result = _divided(context, context.add("sum", sums, padded(context, source, kernel, zeros=True)), counts)
    else:
        if around and not element.signed:
            raise LayerNotSupportedError(
                f"layer {node.name!r}: hls4ml's C++ takes half of the range of {element} for the image's surroundings, "
                "where it should be less than any pixel; use padding='valid', or give its input a signed type"
            )
        accum = context.choose(ACCUM, lambda: element.with_modes())
        # io_parallel compares before the cast to the accumulator, io_stream after it.
        if context.stream:
            source = context.cast("accum", source, accum)
        greatest = Pool(PoolFunction.MAX, kernel.size, kernel.stride)
        result = context.add("max", greatest, padded(context, source, kernel, zeros=False))
        if not context.stream:
            result = context.cast("accum", result, accum)
    if node.class_name.startswith("Global"):
        result = _drop_spatial(context, result)
    context.finish(result)


def _inside(kernel: Kernel, spatial: Sequence[int]) -> np.ndarray:
    """How many elements of the window lie inside the image, for every position."""
    inside = [(places >= 0).sum(axis=1) for places in kernel.places(spatial)]
    return np.array(functools.reduce(np.multiply.outer, inside))


def check_sums(context: LoweringContext, source: str, accum: FixedPoint) -> None:
    """For sums that hls4ml casts to the accumulator, and not what is added: it must come to the same."""
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
            f"layer {context.node.name!r}: the accumulator {accum} {does} what is added, which hls4ml does to sums "
            f"only; give it {enough}, more bits on either side of its point, or TRN and WRAP"
        )


def pool_inside(context: LoweringContext, kernel: Kernel, average: bool, shape: tuple[int, ...]) -> None:
    """Pooling over what windows have inside the image, and the layer's end.

    Args:
        context: of the layer.
        kernel: how the window slides, its dilation 1; it meets the image everywhere.
        average: whether the sum is divided by the number of elements inside, or the greatest taken.
        shape: of the result.
    """
    (source,) = context.inputs
    spatial = context.type_of(source).shape[:-1]
    counts = _inside(kernel, spatial)
    # Of the padding a maximum takes the nearest pixel of the image, which its window has too; a sum takes zeros.
    pixels = kernel.places(spatial, nearest=not average)
    if average:
        accum = context.choose(ACCUM, lambda: _average_accum(context, source, set(counts.ravel().tolist())))
        pool = functools.partial(Pool, PoolFunction.SUM, accum=accum, summation=Summation.SEQUENTIAL)
    else:
        pool = functools.partial(Pool, PoolFunction.MAX)
    if len(spatial) == 3:
        size = (prod(kernel.size),)
        result = context.add("pool", pool(size, size), gather(context, source, pixels))
    else:
        result = context.add("pool", pool(kernel.size, kernel.stride), padded(context, source, kernel, average))
    if average:
        result = _divided(context, result, counts)
    context.finish(reshape(context, result, shape))


def padded(context: LoweringContext, source: str, kernel: Kernel, zeros: bool) -> str:
    """(*spatial, C) with what lies around it: zeros, or the nearest pixels."""
    grid = element_grid(context, source)
    edges = [
        (before, max(after, 0)) for before, after in zip(kernel.before, kernel.after(grid.shape[:-1]), strict=True)
    ]
    if not any(map(any, edges)):
        return source
    edges.append((0, 0))
    return context.add(
        "pad", Permute(np.pad(grid, edges, constant_values=-1) if zeros else np.pad(grid, edges, "edge")), source
    )


def _divided(context: LoweringContext, sums: str, counts: np.ndarray) -> str:
    """Sums (*positions, C) by a number for every position: scaled to the same divisor where they are several."""
    common = int(np.lcm.reduce(counts.ravel()))
    if (counts == common).all():
        return context.add("average", Divide(common), sums)
    tensor = context.type_of(sums)
    scale = np.broadcast_to((common // counts).reshape(-1, 1), (counts.size, tensor.shape[-1])).reshape(1, -1)
    scaled = context.accumulate(
        DepthwiseMatVec,
        reshape(context, sums, (tensor.size,)),
        (scale.copy(), FixedPoint.containing(0, int(scale.max()), 0)),
        (np.zeros(tensor.size, dtype=np.int64), FixedPoint(1, 1, signed=False)),
        exact=True,
        suffix="scale",
    )
    return reshape(context, context.add("average", Divide(common), scaled), tensor.shape)


def _average_accum(context: LoweringContext, source: str, counts: Collection[int]) -> FixedPoint:
    bounds, fraction, count = context.bounds_of(source), context.type_of(source).element.fraction, max(counts)
    low, high = min(int(bounds.low.min()), 0) * count, max(int(bounds.high.max()), 0) * count
    halves = all(number & (number - 1) == 0 for number in counts)
    guard = (count - 1).bit_length() + (0 if halves else AVERAGE_GUARD_BITS)
    return FixedPoint.containing(low << guard, high << guard, fraction + guard)


def _drop_spatial(context: LoweringContext, name: str) -> str:
    return reshape(context, name, context.type_of(name).shape[-1:])
