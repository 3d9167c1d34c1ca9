"""Lowering of activations: linear, ReLU, tables, hard sigmoid and tanh."""

from collections.abc import Callable
from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError, PrecisionError
from netloom.fixed_point import FixedPoint, Overflow, Rounding
from netloom.hls.dataflow import Clamp, Lookup
from netloom.hls.lower import tables
from netloom.hls.lower.context import LoweringContext, fixed_point
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
