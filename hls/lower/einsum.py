"""Lowering of products of tensors over any axes: with constant weights, and of two tensors."""

from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Elementwise, ElementwiseFunction, MatVec, Permute, Reduce, Summation
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.kernels import exact_sum, join
from netloom.hls.lower.merge import common_type
from netloom.hls.lower.pooling import check_sums
from netloom.hls.lower.shape import element_grid
from netloom.hls.lower.types import ACCUM, roundable, stored
from netloom.rounding import integers


def lower_einsum_dense(node: Any, context: LoweringContext) -> None:
    """`EinsumDense`: the input's axes brought into order, a product with each of the matrices, the result's order."""
    strategy = str(node.get_attr("strategy")).lower()
    if strategy != "latency":
        raise LayerNotSupportedError(f"layer {node.name!r}: strategy {strategy!r} is not supported; use latency")
    (source,) = context.inputs
    kinds = ("n_inplace", "n_free_data", "n_contract", "n_free_kernel")
    inplace, rows, depth, columns = (int(node.get_attr(kind)) for kind in kinds)
    (weights, weight_type), (biases, bias_type) = stored(node.weights["weight"]), stored(node.weights["bias"])
    grid = element_grid(context, source).transpose(node.get_attr("inp_tpose_idxs")).reshape(inplace, rows, depth)
    parts = []
    starts = biases.reshape(inplace, rows, columns)
    for taken, matrix, start in zip(grid, weights.reshape(inplace, depth, columns), starts, strict=True):
        # Rows that begin with sums of their own are products of their own.
        alike = (start == start[0]).all()
        for of_rows, begin in [(taken, start[0])] if alike else zip(taken[:, None], start, strict=True):
            part = context.add("take", Permute(np.ascontiguousarray(of_rows)), source)
            parts.append((part, (matrix, weight_type), (begin, bias_type)))
    context.choose(ACCUM, lambda: common_type([exact_sum(context, *part) for part in parts]))
    product = join(context, [context.accumulate(MatVec, *part) for part in parts], axis=0)
    _finish_ordered(node, context, product)


def lower_einsum(node: Any, context: LoweringContext) -> None:
    """`Einsum` of two tensors: every element's products side by side, added one after the other."""
    kinds = ("n_inplace", "n_free0", "n_free1", "n_contract")
    inplace, rows, columns, depth = (int(node.get_attr(kind)) for kind in kinds)
    sides = []
    for index, (source, shape) in enumerate(
        zip(context.inputs, ((inplace, rows, 1, depth), (inplace, 1, columns, depth)), strict=True)
    ):
        grid = element_grid(context, source).transpose(node.get_attr(f"inp{index}_tpose_idxs")).reshape(shape)
        grid = np.broadcast_to(grid, (inplace, rows, columns, depth))
        sides.append(context.add(f"side{index}", Permute(np.ascontiguousarray(grid)), source))
    product = context.add("product", Elementwise(ElementwiseFunction.MULTIPLY), *sides)
    accum = context.choose(ACCUM, lambda: _whole_sum(context, product))
    check_sums(context, product, accum)
    total = context.add("sum", Reduce(accum, Summation.SEQUENTIAL), product)
    _finish_ordered(node, context, total)


def lower_dot(node: Any, context: LoweringContext) -> None:
    """`Dot` of two vectors: every product cast to the accumulator, added one after the other."""
    del node
    product = context.add("product", Elementwise(ElementwiseFunction.MULTIPLY), *context.inputs)
    accum = context.choose(ACCUM, lambda: _whole_sum(context, product))
    context.finish(context.add("sum", Reduce(accum, Summation.SEQUENTIAL), context.cast("accum", product, accum)))


def _finish_ordered(node: Any, context: LoweringContext, name: str) -> None:
    """The result's axes in the order that the equation says."""
    order = element_grid(context, name).reshape(node.get_attr("out_interpert_shape"))
    order = order.transpose(node.get_attr("out_tpose_idxs"))
    context.finish(context.add("order", Permute(np.ascontiguousarray(order)), name))


def _whole_sum(context: LoweringContext, terms: str) -> FixedPoint:
    """The narrowest type of any partial sum along the last axis."""
    bounds = context.bounds_of(terms)
    ends = (np.minimum(bounds.low, 0), np.maximum(bounds.high, 0))
    low, high = (np.asarray(integers(end, bounds.magnitude * end.size).sum(axis=-1)) for end in ends)
    return roundable(FixedPoint.containing(int(low.min()), int(high.max()), context.type_of(terms).element.fraction))
