"""`NetloomArgMax`: which element of the last axis is the largest."""

from math import prod
from typing import Any

import numpy as np

from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import Bounds, Cast, DepthwiseMatVec, Reduce, TensorType
from netloom.hls.layers.own_layer import OwnLayer
from netloom.hls.lower.context import LoweringContext


class NetloomArgMax(OwnLayer):
    """result[..., 0] = the place of the first of the largest elements of a row."""

    header = "netloom_argmax.h"
    function = "find_largest"

    def initialize(self) -> None:
        """One element a row."""
        super().initialize()
        self.add_output_variable([*self.input_shapes()[0][:-1], 1])

    def constants(self) -> dict[str, int | bool]:
        """Rows, and their length."""
        shape = self.input_shapes()[0]
        return {"n_rows": prod(shape[:-1]), "n_row": shape[-1]}

    def lower(self, context: LoweringContext) -> None:
        """The marks of `marked`, and the largest of a row; its mark is counted from the beginning again."""
        (source,) = context.inputs
        tensor = context.type_of(source)
        marks, mark = marked(tensor, context.bounds_of(source))
        largest = context.add("largest", Reduce(), context.add("marked", marks, source))
        place = context.accumulate(
            DepthwiseMatVec,
            context.add("mark", Cast(mark), largest),
            (np.array([[-1]]), FixedPoint(1, 1 + mark.width + tensor.element.fraction)),
            (np.array([2**mark.width - 1]), FixedPoint(mark.width, mark.width, signed=False)),
            exact=True,
            suffix="place",
        )
        context.finish(place)


def marked(tensor: TensorType, bounds: Bounds) -> tuple[DepthwiseMatVec, FixedPoint]:
    """What marks each element of the last axis, and the type of the marks, to which a cast cuts the rest off (WRAP).

    Each element's place from the end is written below its last bit. So the largest of a row, of equal ones the first,
    carries its mark: 2**width - 1 at place 0, less by one at each place more.

    Args:
        tensor: what is marked.
        bounds: its proven range.
    """
    count, fraction = tensor.shape[-1], tensor.element.fraction
    width = max((count - 1).bit_length(), 1)
    ones = np.ones((1, count), dtype=np.int64), FixedPoint(1, 1, signed=False)
    places = 2**width - 1 - np.arange(count, dtype=np.int64), FixedPoint(width, -fraction, signed=False)
    draft = DepthwiseMatVec(*ones, *places, FixedPoint(1, 1))
    mark = FixedPoint(width, -fraction, signed=False, overflow=Overflow.WRAP)
    return DepthwiseMatVec(*ones, *places, draft.exact_sum([tensor], [bounds])), mark


def argmax_of(name: str, shape: Any) -> dict[str, Any]:
    """hls4ml's description of a `NetloomArgMax`, for handlers, without its tensors.

    Args:
        name: of the layer.
        shape: of the input, without the batch.
    """
    return {"name": name, "class_name": NetloomArgMax.__name__, "input_shape": [list(shape)]}
