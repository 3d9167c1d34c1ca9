"""`NetloomEmbedding`: rows of a table, read at whole numbers."""

from math import prod
from typing import Any, ClassVar

import numpy as np
from hls4ml.model.attributes import Attribute, WeightAttribute

from netloom.errors import LayerNotSupportedError
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Clamp, DepthwiseMatVec, Lookup, Permute
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
        """The place of each element of a row in the table, by arithmetic, and one `Lookup` there.

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
        count, length = rows.shape
        row = context.add("row", Clamp(0, count - 1), source)
        grid_of = np.arange(tensor.size, dtype=np.int64).reshape(*tensor.shape, 1)
        repeated = context.add("repeat", Permute(np.repeat(grid_of, length, axis=-1)), row)
        scale = np.full((1, length), length, dtype=np.int64)
        offset = np.arange(length, dtype=np.int64)
        width = max(count * length, 1).bit_length()
        whole = FixedPoint(width, width, signed=False)
        place = context.accumulate(
            DepthwiseMatVec, repeated, (scale, whole), (offset, whole), exact=True, suffix="place"
        )
        context.finish(context.add("table", Lookup(rows.ravel(), grid.with_modes()), place))


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
