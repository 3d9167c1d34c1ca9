"""Lowering of layers that only move elements, and of the ones hls4ml inserts between streams."""

from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError, PrecisionError
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Permute
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.types import RESULT


def element_grid(context: LoweringContext, name: str) -> np.ndarray:
    """Every element's own index, in the tensor's shape."""
    tensor = context.type_of(name)
    return np.arange(tensor.size, dtype=np.int64).reshape(tensor.shape)


def reshape(context: LoweringContext, name: str, shape: tuple[int, ...]) -> str:
    """The same elements in another shape."""
    return context.add("reshape", Permute(element_grid(context, name).reshape(shape)), name)


def lower_input(node: Any, context: LoweringContext) -> None:
    """`Input`: a source."""
    variable = node.get_output_variable()
    element = context.choose(RESULT, lambda: _missing_input_type(node))
    context.source(tuple(int(size) for size in variable.shape), element)


def _missing_input_type(node: Any) -> FixedPoint:
    raise PrecisionError(
        f"input {node.name!r} has no type: start the model with a QActivation(quantized_bits(...)) on its input, or "
        f"give one with precision {{'{node.name}': {{'result': 'fixed<W,I>'}}}}"
    )


def repacks(before: int, after: int) -> bool:
    """Whether hls4ml's `repack_stream` makes pixels of `after` channels of pixels of `before` and loses none."""
    return max(before, after) % min(before, after) == 0


def lower_reshape(node: Any, context: LoweringContext) -> None:
    """`Reshape`, `Repack`: no element moves. Where hls4ml reuses the input's variable, no cast happens either."""
    variable = node.get_output_variable()
    shape = tuple(int(size) for size in variable.shape)
    channels = context.type_of(context.inputs[0]).shape[-1]
    if node.class_name == "Repack" and not repacks(channels, shape[-1]):
        raise LayerNotSupportedError(
            f"layer {node.name!r}: with io_stream hls4ml's C++ loses values where pixels of {channels} channels become"
            f" pixels of {shape[-1]}, as neither divides the other; use io_parallel"
        )
    moved = reshape(context, context.inputs[0], shape)
    if any("Inplace" in ancestor.__name__ for ancestor in type(variable).__mro__):
        context.choose(RESULT, lambda: context.type_of(moved).element)
        context.pass_through(moved)
    else:
        context.finish_moved(moved)


def lower_transpose(node: Any, context: LoweringContext) -> None:
    """`Transpose`."""
    perm = [int(axis) for axis in node.get_attr("perm")]
    grid = element_grid(context, context.inputs[0])
    context.finish_moved(
        context.add("transpose", Permute(np.ascontiguousarray(grid.transpose(perm))), context.inputs[0])
    )


def _spatial(node: Any, prefix: str, rank: int) -> list[tuple[int, int]]:
    names = [("top", "bottom"), ("left", "right")][-rank:]
    return [(int(node.get_attr(f"{prefix}_{a}")), int(node.get_attr(f"{prefix}_{b}"))) for a, b in names]


def lower_zero_padding(node: Any, context: LoweringContext) -> None:
    """`ZeroPadding1D`, `ZeroPadding2D`."""
    grid = element_grid(context, context.inputs[0])
    padded = np.pad(grid, [*_spatial(node, "pad", grid.ndim - 1), (0, 0)], constant_values=-1)
    context.finish_moved(context.add("pad", Permute(padded), context.inputs[0]))


def lower_cropping(node: Any, context: LoweringContext) -> None:
    """`Cropping1D`, `Cropping2D`."""
    grid = element_grid(context, context.inputs[0])
    for axis, (before, after) in enumerate(_spatial(node, "crop", grid.ndim - 1)):
        grid = np.take(grid, np.arange(before, grid.shape[axis] - after), axis=axis)
    context.finish_moved(context.add("crop", Permute(np.ascontiguousarray(grid)), context.inputs[0]))


def lower_resize(node: Any, context: LoweringContext) -> None:
    """`Resize`, nearest neighbour with whole factors."""
    if node.get_attr("algorithm") != "nearest":
        raise LayerNotSupportedError(f"layer {node.name!r}: only nearest-neighbour upsampling is supported")
    grid = element_grid(context, context.inputs[0])
    target = [int(size) for size in node.get_output_variable().shape]
    for axis in range(grid.ndim - 1):
        grid = np.repeat(grid, target[axis] // grid.shape[axis], axis=axis)
    context.finish_moved(context.add("upsample", Permute(grid), context.inputs[0]))


def lower_clone(node: Any, context: LoweringContext) -> None:
    """`Clone`: the same values on several streams, of the type that those have."""
    del node
    context.finish_moved(context.inputs[0])
