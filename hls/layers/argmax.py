"""`NetloomArgMax`: which element of the last axis is the largest."""

from math import prod
from typing import Any

import numpy as np

from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import Cast, DepthwiseMatVec, Reduce
from netloom.hls.layers.own_layer import OwnLayer
from netloom.hls.lower.context import LoweringContext

_ONE, _NOTHING = FixedPoint(1, 1, signed=False), FixedPoint(1, 1, signed=False)


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
        """Its place from the end is written below each element's last bit: the largest of a row then carries it.

        So of equal elements the first is the largest. The bits below are cut off by a `Cast` that wraps, and are
        counted from the beginning again.
        """
        (source,) = context.inputs
        tensor = context.type_of(source)
        count, fraction = tensor.shape[-1], tensor.element.fraction
        bits = max((count - 1).bit_length(), 1)
        last = 2**bits - 1
        marks = FixedPoint(bits, -fraction, signed=False)
        marked = context.accumulate(
            DepthwiseMatVec,
            source,
            (np.ones((1, count), dtype=np.int64), _ONE),
            (last - np.arange(count, dtype=np.int64), marks),
            exact=True,
            suffix="marked",
        )
        largest = context.add("largest", Reduce(), marked)
        mark = context.add("mark", Cast(FixedPoint(bits, -fraction, signed=False, overflow=Overflow.WRAP)), largest)
        place = context.accumulate(
            DepthwiseMatVec,
            mark,
            (np.array([[-1]]), FixedPoint(1, 1 + bits + fraction)),
            (np.array([last]), FixedPoint(bits, bits, signed=False)),
            exact=True,
            suffix="place",
        )
        context.finish(place)


def argmax_of(name: str, shape: Any) -> dict[str, Any]:
    """hls4ml's description of a `NetloomArgMax`, for handlers, without its tensors.

    Args:
        name: of the layer.
        shape: of the input, without the batch.
    """
    return {"name": name, "class_name": NetloomArgMax.__name__, "input_shape": [list(shape)]}
