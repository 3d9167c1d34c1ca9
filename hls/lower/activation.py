"""Lowering of activations: linear, ReLU, tables, hard sigmoid and tanh; others are in `halves`."""

from collections.abc import Callable
from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError
from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import Cast, Clamp, Lookup
from netloom.hls.lower import halves, tables
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.linear import scale_and_shift
from netloom.hls.lower.types import fixed_point
from netloom.rounding import Rounding

SIGMOID_TABLE = FixedPoint(18, 1, False, Rounding.RND, Overflow.SAT)
TANH_TABLE = FixedPoint(18, 2, True, Rounding.RND, Overflow.SAT)
SOFTPLUS_TABLE = FixedPoint(18, 4, False, Rounding.RND, Overflow.SAT)
SOFTSIGN_TABLE = FixedPoint(18, 1, True, Rounding.RND, Overflow.SAT)

_SIGN = FixedPoint(2, 2)


def lower_activation(node: Any, context: LoweringContext) -> None:
    """`Activation`: by its function."""
    function = str(node.get_attr("activation")).lower()
    match function:
        case "linear":
            context.finish(context.inputs[0])
        case "relu":
            context.finish(context.add("relu", Clamp(0), context.inputs[0]))
        case "sigmoid":
            context.finish(look_up_sigmoid(context, context.inputs[0]))
        case "tanh":
            context.finish(look_up_tanh(context, context.inputs[0]))
        case "softplus":
            source = context.inputs[0]
            context.finish(_look_up(context, source, tables.softplus_table, SOFTPLUS_TABLE, half_range_log2=3))
        case "softsign":
            source = context.inputs[0]
            context.finish(_look_up(context, source, tables.softsign_table, SOFTSIGN_TABLE, half_range_log2=3))
        case "elu":
            halves.lower_elu(context, 1, FixedPoint(1, 1, signed=False))
        case "selu":
            halves.lower_selu(context)
        case "relu6" | "relu1" if not context.stream:
            _lower_bounded_relu(context, int(function[-1]))
        case "binary_tanh":
            context.finish(context.add("sign", Lookup(np.array([-1, 1]), _SIGN, offset=1), context.inputs[0]))
        case "ternary_tanh":
            _lower_ternary(context)
        case _:
            raise LayerNotSupportedError(
                f"layer {node.name!r}: activation {function!r} is not supported; use linear, relu, sigmoid, tanh, "
                "softmax, softplus, softsign, elu, selu, leaky_relu or hard_sigmoid, or relu6 with io_parallel"
            )


def _lower_bounded_relu(context: LoweringContext, most: int) -> None:
    """ReLU up to a whole number."""
    (source,) = context.inputs
    element = context.type_of(source).element
    if element.fraction < 0:
        source = context.add("whole", Cast(FixedPoint(element.integer, element.integer, element.signed)), source)
    fraction = context.type_of(source).element.fraction
    context.finish(context.add("relu", Clamp(0, most << fraction), source))


def _lower_ternary(context: LoweringContext) -> None:
    """1 beyond a half (with io_stream beyond 1), -1 up to minus that, 0 between; what is doubled may leave its type."""
    (source,) = context.inputs
    element = context.type_of(source).element
    if not context.stream:
        whole = FixedPoint(2, 2, signed=False)
        source = scale_and_shift(context, source, (2, whole), (0, whole), "double")
        source = context.add("doubled", Cast(element), source)
    if element.fraction < 0:
        raise LayerNotSupportedError(
            f"layer {context.node.name!r}: ternary_tanh needs an input that has all whole numbers, not {element}"
        )
    # One step lower, all numbers up to 1 lie below it.
    step = FixedPoint(2, 2 - element.fraction)
    below = scale_and_shift(context, source, (1, FixedPoint(1, 1, signed=False)), (-1, step), "below")
    table = Lookup(np.array([-1, 0, 0, 1]), _SIGN, shift=element.fraction, offset=2)
    context.finish(context.add("sign", table, below))


def look_up_sigmoid(context: LoweringContext, source: str, suffix: str = "table") -> str:
    """hls4ml's sigmoid of a node; gives that which looks it up, whose name ends in `suffix`."""
    return _look_up(context, source, tables.sigmoid_table, SIGMOID_TABLE, 3, suffix)


def look_up_tanh(context: LoweringContext, source: str, suffix: str = "table") -> str:
    """hls4ml's tanh of a node; gives that which looks it up, whose name ends in `suffix`."""
    return _look_up(context, source, tables.tanh_table, TANH_TABLE, 2, suffix)


def _look_up(
    context: LoweringContext,
    source: str,
    table: Callable[[int, FixedPoint], np.ndarray],
    default: FixedPoint,
    half_range_log2: int,
    suffix: str = "table",
) -> str:
    """hls4ml's tables with a sign: `table_size` entries over +-2**half_range_log2, the index truncated towards zero."""
    size = context.table_size("table_size", tables.SIZE)
    element = context.choose("table", lambda: default)
    fraction = context.type_of(source).element.fraction
    shift = fraction + half_range_log2 + 1
    tables.check_index(context, source, size, shift)
    lookup = Lookup(
        table(size, element),
        element.with_modes(),
        scale=size << max(-shift, 0),
        shift=max(shift, 0),
        offset=size // 2,
        toward_zero=True,
    )
    return context.add(suffix, lookup, source)


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
