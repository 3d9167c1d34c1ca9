"""Lowering of activations with one rule above zero and another below: LeakyReLU, PReLU, ELU, SELU, and ThresholdedReLU.

What hls4ml's C++ decides by an `if` is here the sum of both halves, each of which is zero where the other one holds.
"""

from math import prod
from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError
from netloom.fixed_point import ZERO, FixedPoint
from netloom.hls.dataflow import Clamp, DepthwiseMatVec, Elementwise, ElementwiseFunction, Lookup, Permute
from netloom.hls.lower import tables
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.linear import scale_and_shift
from netloom.hls.lower.types import fixed_point, stored

_NOTHING = (0, ZERO)
_LAMBDA = 1.0507009873554804934193349852946
_LAMBDA_TYPE = FixedPoint(16, 1, signed=False)
"""SELU's slope above zero, for arrays; for streams it has the type of the input."""

_ELU_TABLE, _SELU_TABLE = FixedPoint(18, 1), FixedPoint(18, 2)
_REACH_LOG2 = 3
"""The tables of ELU and SELU go from 0 down to -8."""


def lower_parametrized(node: Any, context: LoweringContext) -> None:
    """`LeakyReLU`, `ThresholdedReLU`, `ELU`: the parameter is a constant of the type `param_t`."""
    type_ = fixed_point(node.get_attr("param_t").precision)
    parameter = int(type_.from_float(np.array(float(node.get_attr("activ_param", 1.0))))), type_.with_modes()
    match node._get_act_function_name():
        case "leaky_relu":
            _join(context, _above(context), _scaled_below(context, *parameter))
        case "thresholded_relu":
            _lower_thresholded(context, *parameter)
        case "elu":
            lower_elu(context, *parameter)
        case name:
            raise LayerNotSupportedError(f"layer {node.name!r}: activation {name!r} is not supported; use LeakyReLU")


def lower_elu(context: LoweringContext, alpha: int, alpha_type: FixedPoint) -> None:
    """`x` above zero, `alpha * table[x]` below."""
    size, element = context.table_size("table_size", tables.SIZE), context.choose("table", lambda: _ELU_TABLE)
    scaled = tables.elu_table(size, element) * alpha
    _join(context, _above(context), _table_below(context, scaled, element.fraction + alpha_type.fraction))


def lower_selu(context: LoweringContext) -> None:
    """`lambda * x` above zero, `table[x]` below."""
    size, element = context.table_size("table_size", tables.SIZE), context.choose("table", lambda: _SELU_TABLE)
    slope = context.type_of(context.inputs[0]).element if context.stream else _LAMBDA_TYPE
    factor = int(slope.from_float(np.array(_LAMBDA))), slope.with_modes()
    above = scale_and_shift(context, _above(context), factor, _NOTHING, "slope")
    _join(context, above, _table_below(context, tables.selu_table(size, element), element.fraction))


def lower_prelu(node: Any, context: LoweringContext) -> None:
    """`PReLU`: a slope for each element.

    Raises:
        LayerNotSupportedError: where elements share slopes; hls4ml's C++ reads as many as there are elements.
    """
    alpha, type_ = stored(node.weights["param"])
    shape = context.type_of(context.inputs[0]).shape
    if alpha.size != prod(shape):
        raise LayerNotSupportedError(
            f"layer {node.name!r}: PReLU has {alpha.size} slopes for {prod(shape)} elements, and hls4ml's C++ reads "
            "beyond them; make it without shared_axes"
        )
    grid = np.arange(alpha.size, dtype=np.int64)
    below = context.add("flat", Permute(grid), _below(context))
    weights = (alpha.reshape(1, -1), type_), (np.zeros(alpha.size, dtype=np.int64), ZERO)
    below = context.accumulate(DepthwiseMatVec, below, *weights, exact=True, suffix="slopes")
    _join(context, _above(context), context.add("shaped", Permute(grid.reshape(shape)), below))


def _above(context: LoweringContext) -> str:
    return context.add("above", Clamp(0), context.inputs[0])


def _below(context: LoweringContext) -> str:
    least = context.type_of(context.inputs[0]).element.with_modes().raw_min
    return context.add("below", Clamp(least, 0), context.inputs[0])


def _scaled_below(context: LoweringContext, factor: int, type_: FixedPoint) -> str:
    return scale_and_shift(context, _below(context), (factor, type_), _NOTHING, "slope")


def _table_below(context: LoweringContext, raws: np.ndarray, fraction: int) -> str:
    """A table whose entry `i` is for -8 * i / size; the first, for all that is above zero, is 0."""
    size = raws.size
    shift = context.type_of(context.inputs[0]).element.fraction + _REACH_LOG2
    tables.check_index(context, context.inputs[0], size, shift)
    element = FixedPoint.containing(int(raws.min()), int(raws.max()), fraction)
    lookup = Lookup(
        np.ascontiguousarray(raws[::-1]),
        element,
        scale=size << max(-shift, 0),
        shift=max(shift, 0),
        offset=size - 1,
        toward_zero=True,
    )
    return context.add("table", lookup, context.inputs[0])


def _join(context: LoweringContext, above: str, below: str) -> None:
    context.finish(context.add("joined", Elementwise(ElementwiseFunction.ADD), above, below))


def _lower_thresholded(context: LoweringContext, threshold: int, type_: FixedPoint) -> None:
    """`x` times whether it is above the threshold."""
    source = context.inputs[0]
    finer = type_.fraction - context.type_of(source).element.fraction
    floor = threshold >> finer if finer > 0 else threshold << -finer
    bit = FixedPoint(1, 1, signed=False)
    passes = context.add("passes", Lookup(np.array([0, 1]), bit, offset=-floor), source)
    context.finish(context.add("passed", Elementwise(ElementwiseFunction.MULTIPLY), source, passes))
