"""Lowering of activations: linear, ReLU, tables, hard sigmoid and tanh, softmax."""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError, PrecisionError
from netloom.fixed_point import FixedPoint, Overflow, Rounding
from netloom.hls.dataflow import (
    Cast,
    Clamp,
    Elementwise,
    ElementwiseFunction,
    Lookup,
    Reduce,
    Summation,
)
from netloom.hls.lower import tables
from netloom.hls.lower.context import ACCUM, RESULT, LoweringContext, fixed_point
from netloom.hls.lower.linear import scale_and_shift

TABLE_SIZE = 4096
"""Entries of sigmoid and tanh tables: at the steepest point neighbours differ by 2**-10 and 2**-9."""

SIGMOID_TABLE = FixedPoint(18, 1, False, Rounding.RND, Overflow.SAT)
TANH_TABLE = FixedPoint(18, 2, True, Rounding.RND, Overflow.SAT)


def lower_activation(node: Any, context: LoweringContext) -> None:
    """`Activation`: by its function."""
    function = str(node.get_attr("activation")).lower()
    match function:
        case "linear":
            context.finish(context.inputs[0])
        case "relu":
            context.finish(context.add("relu", Clamp(0), context.inputs[0]))
        case "sigmoid":
            _symmetric_table(context, tables.sigmoid_table, SIGMOID_TABLE, half_range_log2=3)
        case "tanh":
            _symmetric_table(context, tables.tanh_table, TANH_TABLE, half_range_log2=2)
        case _:
            raise LayerNotSupportedError(
                f"layer {node.name!r}: activation {function!r} is not supported; use relu, sigmoid, tanh or softmax"
            )


def _symmetric_table(
    context: LoweringContext,
    table: Callable[[int, FixedPoint], np.ndarray],
    default: FixedPoint,
    half_range_log2: int,
) -> None:
    """hls4ml's sigmoid and tanh: `table_size` entries over +-2**half_range_log2, the index truncated towards zero."""
    size = context.table_size("table_size", TABLE_SIZE)
    element = context.choose("table", lambda: default)
    fraction = context.type_of(context.inputs[0]).element.fraction
    shift = fraction + half_range_log2 + 1
    _check_index(context, size, shift)
    lookup = Lookup(
        table(size, element),
        element.with_modes(),
        scale=size << max(-shift, 0),
        shift=max(shift, 0),
        offset=size // 2,
        toward_zero=True,
    )
    context.finish(context.add("table", lookup, context.inputs[0]))


def _check_index(context: LoweringContext, size: int, shift: int) -> None:
    """hls4ml computes the index in a 32-bit int, which must not wrap."""
    largest = context.bounds_of(context.inputs[0]).magnitude * size
    if largest >> max(shift, 0) << max(-shift, 0) >= 2**31:
        raise PrecisionError(
            f"layer {context.node.name!r}: its input can reach values that overflow the 32-bit index of hls4ml's "
            "table; put a QActivation(quantized_bits(...)) before it"
        )


def lower_hard_activation(node: Any, context: LoweringContext) -> None:
    """`HardActivation`: clip(slope * x + shift, 0, 1), and 2 * that - 1 for the hard tanh."""
    slope_type, shift_type = (fixed_point(node.get_attr(f"{name}_t").precision) for name in ("slope", "shift"))
    slope = int(slope_type.from_float(np.array(node.get_attr("slope"))))
    shift = int(shift_type.from_float(np.array(node.get_attr("shift"))))
    line = scale_and_shift(
        context, context.inputs[0], (slope, slope_type.with_modes()), (shift, shift_type.with_modes()), "line"
    )
    one = 1 << context.type_of(line).element.fraction
    clipped = context.add("clip", Clamp(0, one), line)
    if "tanh" in str(node.get_attr("activation")).lower():
        whole = FixedPoint(3, 3)
        clipped = scale_and_shift(context, clipped, (2, whole), (-1, whole), "stretch")
    context.finish(clipped)


def lower_softmax(node: Any, context: LoweringContext) -> None:
    """`Softmax` on the last axis: tables of exp and 1/x, as hls4ml's stable and latency implementations do."""
    implementation = str(node.get_attr("implementation", "stable")).lower()
    if implementation not in ("stable", "latency"):
        raise LayerNotSupportedError(
            f"layer {node.name!r}: softmax implementation {implementation!r} is not supported; use 'stable'"
        )
    if int(node.get_attr("n_inner", 1)) > 1:
        raise LayerNotSupportedError(f"layer {node.name!r}: softmax must be over the last axis")
    source = context.inputs[0]
    outer = prod(context.type_of(source).shape[:-1])
    if int(node.get_attr("n_outer", 1)) != outer and not context.stream:
        raise LayerNotSupportedError(f"layer {node.name!r}: hls4ml would take the softmax over all axes, not the last")
    exp_type, inverse_type = (
        context.choose("exp_table", lambda: EXP_TABLE),
        context.choose("inv_table", lambda: EXP_TABLE),
    )
    # The sum lies between 1 and the number of classes.
    integer = context.type_of(source).shape[-1].bit_length()
    accum = context.choose(ACCUM, lambda: FixedPoint(18 + integer, integer, False, Rounding.RND, Overflow.SAT))
    inverse_index = context.choose(
        "inv_inp", lambda: FixedPoint(SOFTMAX_INDEX_BITS, integer, False, Rounding.RND, Overflow.SAT)
    )
    exp_index = context.type_of(source).element
    if implementation == "stable":
        maximum = context.add("max", Reduce(), source)
        below = context.add("below", Elementwise(ElementwiseFunction.SUBTRACT), maximum, source)
        exp_index = context.choose("inp_norm", lambda: norm_type(context.type_of(source).element))
        source = context.add("norm", Cast(exp_index), below)
    exp_size = context.table_size("exp_table_size", 2 ** min(exp_index.width, SOFTMAX_INDEX_BITS))
    inverse_size = context.table_size("inv_table_size", 2 ** min(inverse_index.width, SOFTMAX_INDEX_BITS))
    exp = _addressed_table(
        context,
        "exp",
        tables.exp_table(exp_size, exp_index, exp_type, negative=implementation == "stable"),
        exp_type,
        source,
    )
    exp = context.add("accum", Cast(accum), exp)
    total = context.add("sum", Reduce(accum, Summation.TREE), exp)
    total = context.add("total", Cast(inverse_index), total)
    inverse = _addressed_table(
        context, "inverse", tables.inverse_table(inverse_size, inverse_index, inverse_type), inverse_type, total
    )
    product = context.add("product", Elementwise(ElementwiseFunction.MULTIPLY), exp, inverse)
    context.choose(RESULT, lambda: EXP_TABLE)
    context.finish(product)


def _addressed_table(context: LoweringContext, suffix: str, table: np.ndarray, element: FixedPoint, source: str) -> str:
    """A table addressed by the top bits of the source's word, read as unsigned."""
    index = context.type_of(source).element
    shift = index.width - (table.size - 1).bit_length()
    if index.signed:
        # The word of a negative number is the upper half of the unsigned ones: start the table there.
        table = np.roll(table, table.size // 2)
    offset = table.size // 2 if index.signed else 0
    return context.add(suffix, Lookup(table, element.with_modes(), shift=shift, offset=offset), source)


SOFTMAX_INDEX_BITS = 12
"""Address bits of both tables: 4,096 entries."""

EXP_TABLE = FixedPoint(18, 1, False, Rounding.RND, Overflow.SAT)
"""Of both tables and of the result: values from 0 to 1, and a little more for rounding."""


def norm_type(element: FixedPoint) -> FixedPoint:
    """Type of the distance from the maximum: the input's own step where 12 bits hold it, else 12 bits up to 16.

    Beyond 16, exp(-x) is below half a step of the exp table, so saturation there costs nothing.
    """
    if element.width <= SOFTMAX_INDEX_BITS:
        return FixedPoint(element.width, element.integer, False, Rounding.RND, Overflow.SAT)
    return FixedPoint(SOFTMAX_INDEX_BITS, 4, False, Rounding.RND, Overflow.SAT)
