"""`NetloomMask`: elements that a softmax is to take for nothing."""

from collections.abc import Sequence
from math import prod
from typing import Any, ClassVar

import numpy as np
from hls4ml.model.attributes import Attribute, WeightAttribute

from netloom.fixed_point import BIT, FixedPoint
from netloom.hls.dataflow import DepthwiseMatVec, Permute
from netloom.hls.layers.own_layer import OwnLayer
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.shape import element_grid
from netloom.hls.lower.types import RESULT


class NetloomMask(OwnLayer):
    """result = x where a mask of the last two axes is 1, the least value of type `grid` where it is 0."""

    _expected_attributes: ClassVar = [
        Attribute("kept", value_type=np.ndarray),
        Attribute("grid", value_type=str),
        WeightAttribute("mask"),
        WeightAttribute("least"),
    ]
    header = "netloom_mask.h"
    function = "mask_elements"
    weight_names = ("mask", "least")

    def initialize(self) -> None:
        """The result has the input's shape."""
        super().initialize()
        grid = FixedPoint.parse(self.get_attr("grid"))
        self.add_output_variable(list(self.input_shapes()[0]))
        self.add_constants("mask", self.get_attr("kept").ravel().astype(np.int64), BIT)
        self.add_constants("least", np.array([grid.raw_min]), grid)

    def constants(self) -> dict[str, int | bool]:
        """Sizes of the input and of the mask."""
        return {"n_in": prod(self.input_shapes()[0]), "n_mask": int(self.get_attr("kept").size)}

    def lower(self, context: LoweringContext) -> None:
        """Times the mask, plus the least value where that is 0: a product an element of the mask."""
        (source,) = context.inputs
        grid, kept = FixedPoint.parse(self.get_attr("grid")), self.get_attr("kept").astype(np.int64)
        places = element_grid(context, source)
        rows = context.add("rows", Permute(places.reshape(-1, kept.size)), source)
        least = np.where(kept, 0, grid.raw_min).ravel()
        product = context.accumulate(
            DepthwiseMatVec, rows, (kept.reshape(1, -1), BIT), (least, grid), exact=True, suffix="mask"
        )
        context.choose(RESULT, lambda: grid)
        context.finish(context.add("back", Permute(places), product))


def masked(name: str, kept: np.ndarray, grid: FixedPoint, shape: Sequence[int]) -> dict[str, Any]:
    """hls4ml's description of a `NetloomMask`, for handlers, without its tensors.

    Args:
        name: of the layer.
        kept: which elements stay, (rows, columns), the last two axes of the input.
        grid: of the result; its least value stands for the others.
        shape: of the input, without the batch.
    """
    return {
        "name": name,
        "class_name": NetloomMask.__name__,
        "kept": kept,
        "grid": str(grid),
        "input_shape": [list(shape)],
    }
