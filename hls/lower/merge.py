"""Lowering of layers with two inputs: element by element, and concatenation."""

from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Elementwise, ElementwiseFunction, Permute
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.linear import scale_and_shift
from netloom.hls.lower.types import RESULT, roundable


def lower_merge(node: Any, context: LoweringContext) -> None:
    """`Merge`: add, subtract, multiply, maximum, minimum, average of two tensors of one shape."""
    operation = str(node.get_attr("op")).lower()
    shapes = [context.type_of(name).shape for name in context.inputs]
    if shapes[0] != shapes[1]:
        raise LayerNotSupportedError(
            f"layer {node.name!r}: inputs must have one shape, not {shapes[0]} and {shapes[1]}"
        )
    if operation == "average":
        total = context.add("add", Elementwise(ElementwiseFunction.ADD), *context.inputs)
        half, nothing = (1, FixedPoint(1, 0, signed=False)), (0, FixedPoint(1, 1, signed=False))
        context.finish(scale_and_shift(context, total, half, nothing, "half"))
        return
    try:
        function = ElementwiseFunction(operation)
    except ValueError:
        raise LayerNotSupportedError(
            f"layer {node.name!r}: merging by {operation!r} is not supported; use "
            f"{', '.join(ElementwiseFunction)}, average or concatenate"
        ) from None
    context.finish(context.add(operation, Elementwise(function), *context.inputs))


def lower_concatenate(node: Any, context: LoweringContext) -> None:
    """`Concatenate`: both inputs cast to the result's type, then joined along one axis."""
    tensors = [context.type_of(name) for name in context.inputs]
    result = context.choose(RESULT, lambda: common_type([context.narrowed(name) for name in context.inputs]))
    cast = [context.cast(f"cast{index}", name, result) for index, name in enumerate(context.inputs)]
    axis = int(node.get_attr("axis"))
    axis = axis - 1 if axis > 0 else axis
    first, second = (np.arange(tensor.size, dtype=np.int64).reshape(tensor.shape) for tensor in tensors)
    joined = np.concatenate([first, second + first.size], axis=axis)
    context.finish(context.add("join", Permute(joined), *cast))


def common_type(types: list[FixedPoint]) -> FixedPoint:
    """The narrowest type that holds all values of several."""
    fraction = max(type_.fraction for type_ in types)
    return roundable(
        FixedPoint.containing(
            min(type_.raw_min << (fraction - type_.fraction) for type_ in types),
            max(type_.raw_max << (fraction - type_.fraction) for type_ in types),
            fraction,
        )
    )
