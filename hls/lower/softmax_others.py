"""What hls4ml's softmax computes with the implementations 'legacy' and 'argmax'."""

from typing import Any

import numpy as np

from netloom.fixed_point import BIT, FixedPoint
from netloom.hls.dataflow import Clamp, Elementwise, ElementwiseFunction, Lookup, MatVec, Permute, Reduce, Summation
from netloom.hls.lower import tables
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.shape import element_grid

_LEGACY_TABLE = FixedPoint(18, 8)
"""Of both tables and of the sum; hls4ml's configuration of a softmax has no type for it."""

_LEGACY_STREAM_SIZE = 1024
"""Entries of both tables for streams, where the C++ reads no other number."""


def argmax(context: LoweringContext, source: str) -> str:
    """1 at the first of the largest elements of the last axis, 0 elsewhere."""
    maximum = context.add("max", Reduce(), source)
    below = context.add("below", Elementwise(ElementwiseFunction.SUBTRACT), maximum, source)
    largest = context.add("largest", Lookup(np.array([1, 0]), BIT), below)
    count = context.type_of(source).shape[-1]
    # Less the number of such elements before it, which leaves 1 to the first alone.
    weights = np.eye(count, dtype=np.int64) - np.triu(np.ones((count, count), dtype=np.int64), 1)
    first = context.accumulate(
        MatVec,
        largest,
        (weights, FixedPoint(2, 2)),
        (np.zeros(count, dtype=np.int64), BIT),
        exact=True,
        suffix="first",
    )
    return context.add("only", Clamp(0), first)


def legacy(node: Any, context: LoweringContext, source: str) -> str:
    """1 / sum over j of exp(x[j] - x[i]), on the last axis."""
    exp_size, inverse_size = (
        _LEGACY_STREAM_SIZE if context.stream else int(node.get_attr(name, node.get_attr("table_size")))
        for name in ("exp_table_size", "inv_table_size")
    )
    grid = element_grid(context, source)
    columns = context.add("columns", Permute(grid[..., None]), source)
    rows = context.add("rows", Permute(grid[..., None, :]), source)
    differences = context.add("differences", Elementwise(ElementwiseFunction.SUBTRACT), rows, columns)
    table = tables.legacy_exp_table(exp_size, _LEGACY_TABLE)
    exp = _looked_up(context, "exp", differences, table, reach_log2=4, offset=exp_size // 2)
    total = context.add("sum", Reduce(_LEGACY_TABLE, Summation.SEQUENTIAL), exp)
    total = context.add("total", Permute(grid), total)
    return _looked_up(context, "inverse", total, tables.legacy_inverse_table(inverse_size, _LEGACY_TABLE), reach_log2=6)


def _looked_up(
    context: LoweringContext, suffix: str, source: str, table: np.ndarray, reach_log2: int, offset: int = 0
) -> str:
    shift = context.type_of(source).element.fraction + reach_log2
    tables.check_index(context, source, table.size, shift)
    scale, shift = table.size << max(-shift, 0), max(shift, 0)
    return context.add(
        suffix, Lookup(table, _LEGACY_TABLE, scale=scale, shift=shift, offset=offset, toward_zero=True), source
    )
