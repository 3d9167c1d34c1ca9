"""Lowering of softmax: tables of exp and 1/x, as hls4ml's implementations have them."""

from math import prod
from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Cast, Elementwise, ElementwiseFunction, Lookup, Permute, Reduce, Summation
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.shape import element_grid
from netloom.hls.lower.softmax_others import argmax, legacy
from netloom.hls.lower.types import ACCUM, RESULT
from netloom.quantize.functions.softmax_tables import INDEX_BITS, SoftmaxTypes, exp_table, inverse_table


def lower_softmax(node: Any, context: LoweringContext) -> None:
    """`Softmax`, with io_stream on the last axis."""
    source = context.inputs[0]
    tensor = context.type_of(source)
    outer, inner = (int(node.get_attr(name, 1)) for name in ("n_outer", "n_inner"))
    if inner > 1 and not context.stream:
        # The C++ gathers each slice, takes its softmax, and puts it back.
        grid = element_grid(context, source).reshape(outer, -1, inner).swapaxes(1, 2)
        slices = context.add("slices", Permute(np.ascontiguousarray(grid)), source)
        back = np.argsort(grid, axis=None).reshape(tensor.shape)
        context.finish(context.add("back", Permute(back), _implemented(node, context, slices)))
        return
    if inner > 1:
        raise LayerNotSupportedError(f"layer {node.name!r}: with io_stream softmax must be over the last axis")
    if outer != prod(tensor.shape[:-1]) and not context.stream:
        raise LayerNotSupportedError(f"layer {node.name!r}: hls4ml would take the softmax over all axes, not the last")
    context.finish(_implemented(node, context, source))


def _implemented(node: Any, context: LoweringContext, source: str) -> str:
    match str(node.get_attr("implementation", "stable")).lower():
        case "stable":
            return _softmax(context, source, stable=True)
        case "latency":
            return _softmax(context, source, stable=False)
        case "legacy":
            return legacy(node, context, source)
        case "argmax":
            return argmax(context, source)
        case other:
            raise LayerNotSupportedError(
                f"layer {node.name!r}: softmax implementation {other!r} is not supported; use 'stable', 'latency', "
                "'legacy' or 'argmax'"
            )


def _softmax(context: LoweringContext, source: str, *, stable: bool) -> str:
    tensor = context.type_of(source)
    types = SoftmaxTypes.of(tensor.element, tensor.shape[-1])
    exp_type, inverse_type = (context.choose(f"{name}_table", lambda: types.table) for name in ("exp", "inv"))
    accum = context.choose(ACCUM, lambda: types.total)
    inverse_index = context.choose("inv_inp", lambda: types.index)
    exp_index = tensor.element
    if stable:
        maximum = context.add("max", Reduce(), source)
        below = context.add("below", Elementwise(ElementwiseFunction.SUBTRACT), maximum, source)
        exp_index = context.choose("inp_norm", lambda: types.distance)
        source = context.add("norm", Cast(exp_index), below)
    exp_size = context.table_size("exp_table_size", 2 ** min(exp_index.width, INDEX_BITS))
    inverse_size = context.table_size("inv_table_size", 2 ** min(inverse_index.width, INDEX_BITS))
    exp = _addressed_table(
        context,
        "exp",
        exp_table(exp_size, exp_index, exp_type, negative=stable),
        exp_type,
        source,
    )
    exp = context.add("accum", Cast(accum), exp)
    total = context.add("sum", Reduce(accum, Summation.TREE), exp)
    total = context.add("total", Cast(inverse_index), total)
    inverse = _addressed_table(
        context, "inverse", inverse_table(inverse_size, inverse_index, inverse_type), inverse_type, total
    )
    product = context.add("product", Elementwise(ElementwiseFunction.MULTIPLY), exp, inverse)
    context.choose(RESULT, lambda: types.table)
    return product


def _addressed_table(context: LoweringContext, suffix: str, table: np.ndarray, element: FixedPoint, source: str) -> str:
    """A table addressed by the top bits of the source's word, read as unsigned."""
    index = context.type_of(source).element
    shift = index.width - (table.size - 1).bit_length()
    if index.signed:
        # The word of a negative number is the upper half of the unsigned ones: start the table there.
        table = np.roll(table, table.size // 2)
    offset = table.size // 2 if index.signed else 0
    return context.add(suffix, Lookup(table, element.with_modes(), shift=shift, offset=offset), source)
