"""Lowering of embeddings: rows of a constant table."""

from typing import Any

import numpy as np

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import DepthwiseMatVec, Gather, Lookup, Permute
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.shape import element_grid
from netloom.hls.lower.types import stored


def lower_embedding(node: Any, context: LoweringContext) -> None:
    """`Embedding`: element i of row x is entry `x * n_out + i` of the table, a fraction of that dropped.

    Beyond the table, where the C++ reads what else is in memory, it is the nearest row, or for numbers that need not be
    whole the nearest entry.
    """
    table, type_ = stored(node.weights["embeddings"])
    width = int(node.get_attr("n_out"))
    if context.type_of(context.inputs[0]).element.fraction <= 0:
        context.finish(context.add("row", Gather(table.reshape(-1, width), type_), context.inputs[0]))
        return
    grid = element_grid(context, context.inputs[0])
    rows = context.add("repeat", Permute(np.repeat(grid[..., None], width, axis=-1)), context.inputs[0])
    places = np.arange(width, dtype=np.int64)
    index = context.accumulate(
        DepthwiseMatVec,
        rows,
        (np.full((1, width), width, dtype=np.int64), FixedPoint.containing(0, width, 0)),
        (places, FixedPoint.containing(0, width, 0)),
        exact=True,
        suffix="index",
    )
    fraction = context.type_of(index).element.fraction
    lookup = Lookup(table.ravel(), type_, scale=1 << max(-fraction, 0), shift=max(fraction, 0), toward_zero=True)
    context.finish(context.add("row", lookup, index))
