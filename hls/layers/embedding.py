"""`NetloomEmbedding`: rows of a table, read at whole numbers."""

from math import prod
from typing import Any, ClassVar

import numpy as np
from hls4ml.model.attributes import Attribute, WeightAttribute

from netloom.errors import LayerNotSupportedError
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Gather
from netloom.hls.layers.own_layer import OwnLayer
from netloom.hls.lower.context import LoweringContext


class NetloomEmbedding(OwnLayer):
    """result[..., i, :] = row x[..., i] of a table; a number beyond its rows reads the nearest."""

    _expected_attributes: ClassVar = [
        Attribute("rows", value_type=np.ndarray),
        Attribute("grid", value_type=str),
        WeightAttribute("table"),
    ]
    header = "netloom_embedding.h"
    function = "embed"
    weight_names = ("table",)

    def initialize(self) -> None:
        """The result has the rows' length as its last axis."""
        super().initialize()
        rows, grid = self.get_attr("rows"), FixedPoint.parse(self.get_attr("grid"))
        (shape,) = self.input_shapes()
        self.add_output_variable([*shape, rows.shape[1]])
        self.add_constants("table", rows.ravel(), grid)

    def constants(self) -> dict[str, int | bool]:
        """Sizes."""
        rows = self.get_attr("rows")
        return {
            "n_in": prod(self.input_shapes()[0]),
            "n_rows": rows.shape[0],
            "n_row": rows.shape[1],
            "n_table": rows.size,
        }

    def lower(self, context: LoweringContext) -> None:
        """One `Gather`.

        Raises:
            LayerNotSupportedError: if what it reads need not be whole.
        """
        source = context.inputs[0]
        tensor = context.type_of(source)
        if tensor.element.fraction != 0:
            raise LayerNotSupportedError(
                f"layer {self.name!r}: it reads rows at whole numbers, and {tensor.element} has others: put a "
                "QActivation(quantized_bits(8, 8, keep_negative=0)) before it"
            )
        rows, grid = self.get_attr("rows"), FixedPoint.parse(self.get_attr("grid"))
        context.finish(context.add("rows", Gather(rows, grid.with_modes()), source))


def embedding(name: str, rows: np.ndarray, grid: FixedPoint, shape: tuple[int, ...]) -> dict[str, Any]:
    """hls4ml's description of a `NetloomEmbedding`, for handlers, without its tensors.

    Args:
        name: of the layer.
        rows: raws of type `grid`, (rows, length).
        grid: of the rows.
        shape: of the input, without the batch.
    """
    return {
        "name": name,
        "class_name": NetloomEmbedding.__name__,
        "rows": rows,
        "grid": str(grid),
        "input_shape": [list(shape)],
    }
