"""Lowering of activations: linear, ReLU, tables, hard sigmoid and tanh; others are in `halves`."""

from collections.abc import Callable
from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError
from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import Clamp, Lookup
from netloom.hls.lower import halves, tables
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.linear import scale_and_shift
from netloom.hls.lower.types import fixed_point
from netloom.rounding import Rounding

SIGMOID_TABLE = FixedPoint(18, 1, False, Rounding.RND, Overflow.SAT)
TANH_TABLE = FixedPoint(18, 2, True, Rounding.RND, Overflow.SAT)
SOFTPLUS_TABLE = FixedPoint(18, 4, False, Rounding.RND, Overflow.SAT)
SOFTSIGN_TABLE = FixedPoint(18, 1, True, Rounding.RND, Overflow.SAT)


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
        case "softplus":
            _symmetric_table(context, tables.softplus_table, SOFTPLUS_TABLE, half_range_log2=3)
        case "softsign":
            _symmetric_table(context, tables.softsign_table, SOFTSIGN_TABLE, half_range_log2=3)
        case "elu":
            halves.lower_elu(context, 1, FixedPoint(1, 1, signed=False))
        case "selu":
            halves.lower_selu(context)
        case _:
            raise LayerNotSupportedError(
                f"layer {node.name!r}: activation {function!r} is not supported; use linear, relu, sigmoid, tanh, "
                "softmax, softplus, softsign, elu, selu, leaky_relu or hard_sigmoid"
            )


def _symmetric_table(
    context: LoweringContext,
    table: Callable[[int, FixedPoint], np.ndarray],
    default: FixedPoint,
    half_range_log2: int,
) -> None:
    """hls4ml's sigmoid and tanh: `table_size` entries over +-2**half_range_log2, the index truncated towards zero."""
    size = context.table_size("table_size", tables.SIZE)
    element = context.choose("table", lambda: default)
    fraction = context.type_of(context.inputs[0]).element.fraction
    shift = fraction + half_range_log2 + 1
    tables.check_index(context, context.inputs[0], size, shift)
    lookup = Lookup(
        table(size, element),
        element.with_modes(),
        scale=size << max(-shift, 0),
        shift=max(shift, 0),
        offset=size // 2,
        toward_zero=True,
    )
    context.finish(context.add("table", lookup, context.inputs[0]))


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
