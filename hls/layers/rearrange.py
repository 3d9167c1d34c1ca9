"""`NetloomRearrange`: elements moved, repeated or left out, none changed."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from hls4ml.model.attributes import Attribute, WeightAttribute

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Permute
from netloom.hls.layers.own_layer import OwnLayer
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.merge import common_type
from netloom.hls.lower.types import RESULT


class NetloomRearrange(OwnLayer):
    """result[i] = element `indices[i]` of all inputs, flattened and joined; zero where the index is -1.

    What `hls.dataflow.Permute` is, with the inputs cast to one type.
    """

    _expected_attributes: ClassVar = [Attribute("indices", value_type=np.ndarray), WeightAttribute("order")]
    header = "netloom_rearrange.h"
    function = "rearrange"
    weight_names = ("order",)

    def initialize(self) -> None:
        """The result's shape is that of the indices."""
        super().initialize()
        indices = self.get_attr("indices")
        self.add_output_variable(list(indices.shape))
        width = int(max(indices.max(), 1)).bit_length() + 1
        self.add_constants("order", indices.ravel(), FixedPoint(width, width))

    def constants(self) -> dict[str, int | bool]:
        """Sizes of the inputs and of the result."""
        sizes = {f"n_in{i + 1}": int(np.prod(shape)) for i, shape in enumerate(self.input_shapes())}
        return {**sizes, "n_out": int(self.get_attr("indices").size)}

    def lower(self, context: LoweringContext) -> None:
        """One `Permute`."""
        indices, inputs = self.get_attr("indices"), context.inputs
        if len(inputs) == 1:
            context.finish_moved(context.add("move", Permute(indices), inputs[0]))
            return
        result = context.choose(RESULT, lambda: common_type([context.narrowed(name) for name in inputs]))
        cast = [context.cast(f"cast{i}", name, result) for i, name in enumerate(inputs)]
        context.finish(context.add("move", Permute(indices), *cast))


def rearrange(name: str, indices: np.ndarray, inputs: Sequence[str], output: str, shapes: Any) -> dict[str, Any]:
    """`NetloomRearrange.description`, with indices (int64) of the result's shape."""
    return NetloomRearrange.description(name, inputs, output, shapes, indices=indices)
