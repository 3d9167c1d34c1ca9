"""Kernels that slide over one to three axes, in operations: windows, products, and what is put between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import DepthwiseMatVec, MatVec, Permute, Window
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.merge import common_type
from netloom.hls.lower.shape import element_grid, reshape
from netloom.hls.lower.types import ACCUM

Weights = tuple[np.ndarray, FixedPoint]


@dataclass(frozen=True)
class Kernel:
    """How a kernel slides: position o meets, with its element k, place o * stride + k * dilation - before.

    Every field has one entry a spatial axis.

    Attributes:
        size: elements.
        stride: places from one position to the next.
        dilation: places from one of its elements to the next.
        before: zeros in front of the axis; a negative number leaves as many places out.
        positions: of the kernel.
    """

    size: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    before: tuple[int, ...]
    positions: tuple[int, ...]

    def after(self, shape: Sequence[int]) -> list[int]:
        """Zeros behind every axis that the last position meets; negative where it leaves as many elements out."""
        return [
            (positions - 1) * stride + (size - 1) * dilation + 1 - before - length
            for size, stride, dilation, before, positions, length in zip(
                self.size, self.stride, self.dilation, self.before, self.positions, shape, strict=True
            )
        ]

    def places(self, shape: Sequence[int], nearest: bool = False) -> list[np.ndarray]:
        """For every axis: which place each element meets, (positions, size); outside of `shape` -1, or the nearest."""
        places = [
            np.arange(positions)[:, None] * stride + np.arange(size) * dilation - before
            for size, stride, dilation, before, positions in zip(
                self.size, self.stride, self.dilation, self.before, self.positions, strict=True
            )
        ]
        if nearest:
            return [np.clip(at, 0, length - 1) for at, length in zip(places, shape, strict=True)]
        return [np.where((at >= 0) & (at < length), at, -1) for at, length in zip(places, shape, strict=True)]


def windows(context: LoweringContext, source: str, kernel: Kernel) -> str:
    """(*spatial, C) -> (*positions, kernel size * C), kernel position first, channel last.

    A line buffer's work with one or two axes; with three the windows are gathered from the whole tensor.
    """
    *spatial, channels = context.type_of(source).shape
    if len(spatial) == 3:
        count = prod(kernel.size)
        pixels = gather(context, source, kernel.places(spatial))
        rows = context.add("window", Window((count,), (count,), ((0, 0),)), pixels)
        return reshape(context, rows, (*kernel.positions, count * channels))
    grid, padding = element_grid(context, source), []
    for axis, (length, before, after) in enumerate(zip(spatial, kernel.before, kernel.after(spatial), strict=True)):
        # What lies behind the last position is left out only where the window would find another one in it.
        end = length + after if after <= -kernel.stride[axis] else length
        grid = np.take(grid, np.arange(max(-before, 0), end), axis=axis)
        padding.append((max(before, 0), max(after, 0)))
    if grid.size < context.type_of(source).size:
        source = context.add("crop", Permute(np.ascontiguousarray(grid)), source)
    window = Window(kernel.size, kernel.stride, tuple(padding), kernel.dilation)
    return context.add("window", window, source)


def gather(context: LoweringContext, source: str, places: Sequence[np.ndarray]) -> str:
    """(*spatial, C) -> (positions * kernel size, C): the pixels that every position meets (`Kernel.places`)."""
    *spatial, channels = context.type_of(source).shape
    pixels = _pixels(places, spatial)
    indices = np.where(pixels[:, None] < 0, -1, pixels[:, None] * channels + np.arange(channels))
    return context.add("gather", Permute(indices), source)


def _pixels(places: Sequence[np.ndarray], shape: Sequence[int]) -> np.ndarray:
    """Pixels of all positions, kernel element by kernel element, from their places on every axis; -1 outside.

    Args:
        places: (positions, size) for every axis.
        shape: of the image.

    Returns:
        (positions * size,).
    """
    rank = len(places)
    index, outside = np.zeros((1,) * 2 * rank, dtype=np.int64), np.zeros((1,) * 2 * rank, dtype=bool)
    for axis, (at, length) in enumerate(zip(places, shape, strict=True)):
        on_axis = [1] * 2 * rank
        on_axis[axis], on_axis[rank + axis] = at.shape
        index = index * length + at.reshape(on_axis)
        outside = outside | (at.reshape(on_axis) < 0)
    return np.where(outside, -1, index).ravel()


def convolve(
    context: LoweringContext, source: str, kernel: Kernel, weights: Weights, bias: Weights, groups: int = 1
) -> str:
    """Products of windows: with the whole matrix, or with that of each group of channels.

    Args:
        context: of the layer.
        source: (*spatial, C).
        kernel: how it slides.
        weights: raws (kernel size, C / groups, filters), and their type.
        bias: raws (filters,), and their type.
        groups: channels and filters are cut into so many parts, that do not meet.
    """
    raw, type_ = weights
    filters = raw.shape[-1]
    if groups == 1:
        window = windows(context, source, kernel)
        return context.accumulate(MatVec, window, (raw.reshape(-1, filters), type_), bias)
    if raw.shape[1] == 1:
        if filters > groups:
            repeated = np.repeat(element_grid(context, source), filters // groups, axis=-1)
            source = context.add("repeat", Permute(repeated), source)
        window = windows(context, source, kernel)
        return context.accumulate(DepthwiseMatVec, window, (raw.reshape(-1, filters), type_), bias)
    parts = []
    channels = np.split(element_grid(context, source), groups, axis=-1)
    shares = zip(channels, np.split(raw, groups, axis=-1), np.split(bias[0], groups), strict=True)
    for taken, share, start in shares:
        group = context.add("take", Permute(np.ascontiguousarray(taken)), source)
        window = windows(context, group, kernel)
        parts.append((window, (share.reshape(-1, share.shape[-1]), type_), (start, bias[1])))
    context.choose(ACCUM, lambda: common_type([exact_sum(context, *part) for part in parts]))
    return join(context, [context.accumulate(MatVec, *part) for part in parts])


def exact_sum(context: LoweringContext, window: str, weights: Weights, bias: Weights) -> FixedPoint:
    """The narrowest accumulator of a `MatVec` that loses nothing."""
    draft = MatVec(*weights, *bias, FixedPoint(1, 1))
    return draft.exact_sum([context.type_of(window)], [context.bounds_of(window)])


def join(context: LoweringContext, parts: list[str], axis: int = -1) -> str:
    """Tensors side by side along an axis: two at a time, so that each goes through few buffers."""
    while len(parts) > 1:
        joined = []
        for pair in zip(parts[::2], parts[1::2], strict=False):
            first, second = (element_grid(context, part) for part in pair)
            joined.append(context.add("join", Permute(np.concatenate([first, second + first.size], axis)), *pair))
        parts = joined + parts[len(parts) // 2 * 2 :]
    return parts[0]


def convolve_transposed(
    context: LoweringContext, source: str, kernel: Kernel, apart: Sequence[int], weights: Weights, bias: Weights
) -> str:
    """Products of windows of a tensor with zeros between its elements, without those zeros.

    Of every `apart` neighbouring positions each meets elements with other parts of the kernel. So all of them are
    filters of one smaller kernel on the tensor itself, whose results are then put in their places. It has weights of
    zero where the kernel's size is no multiple of `apart`.

    Args:
        context: of the layer.
        source: (*spatial, C).
        kernel: how it slides over the tensor with zeros; its stride and dilation are 1.
        apart: places from one element to the next, for every axis.
        weights: raws (kernel size, C, filters), and their type.
        bias: raws (filters,), and their type.
    """
    raw, type_ = weights
    channels, filters = raw.shape[1:]
    raw = raw.reshape(*kernel.size, channels, filters)
    befores, sizes = [], []
    for axis, (size, before, step) in enumerate(zip(kernel.size, kernel.before, apart, strict=True)):
        first, phases = _phases(size, before, step)
        befores.append(-first)
        sizes.append(phases.shape[1])
        # (..., size, ...) -> (..., element of the smaller kernel, ..., phase); zero where there is nothing to meet.
        taken = np.take(raw, np.maximum(phases.T, 0), axis=axis)
        raw = np.moveaxis(np.where(_along(phases.T >= 0, axis, taken.ndim), taken, 0), axis + 1, -1)
    rank, copies = len(apart), prod(apart)
    # (elements, channel, filter, phases) -> (elements and channel, phases and filter).
    matrix = np.moveaxis(raw, rank + 1, -1).reshape(prod(sizes) * channels, copies * filters)
    counts = tuple(-(-positions // step) for positions, step in zip(kernel.positions, apart, strict=True))
    ones = (1,) * rank
    window = windows(context, source, Kernel(tuple(sizes), ones, ones, tuple(befores), counts))
    product = context.accumulate(MatVec, window, (matrix, type_), (np.tile(bias[0], copies), bias[1]))
    # (*counts, *phases, filter) -> count and phase of each axis side by side, and what of them is wanted.
    grid = element_grid(context, product).reshape(*counts, *apart, filters)
    sides = [axis for pair in zip(range(rank), range(rank, 2 * rank), strict=True) for axis in pair]
    whole = (count * step for count, step in zip(counts, apart, strict=True))
    grid = grid.transpose(*sides, 2 * rank).reshape(*whole, filters)
    wanted = grid[tuple(slice(positions) for positions in kernel.positions)]
    return context.add("places", Permute(np.ascontiguousarray(wanted)), product)


def _phases(size: int, before: int, step: int) -> tuple[int, np.ndarray]:
    """Which element of a kernel meets which of an axis with zeros between its own.

    Returns:
        The first element of the axis that position 0 meets, and by phase (position modulo `step`) and element from
        there on, (step, elements), the element of the kernel that meets it; -1 for none.
    """
    places = np.arange(step)[:, None] + np.arange(size) - before
    phase, element = np.nonzero(places % step == 0)
    met = places[phase, element] // step
    phases = np.full((step, int(met.max() - met.min()) + 1), -1, dtype=np.int64)
    phases[phase, met - met.min()] = element
    return int(met.min()), phases


def _along(array: np.ndarray, axis: int, rank: int) -> np.ndarray:
    """A two-dimensional array in the shape that broadcasts along two neighbouring axes of `rank`."""
    return array.reshape(*(1,) * axis, *array.shape, *(1,) * (rank - axis - 2))
