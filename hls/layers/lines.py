"""`NetloomLines`: slope * x below zero, x above, at most a bound: leaky and bounded ReLU, by arithmetic."""

from collections.abc import Sequence
from math import prod
from typing import Any, ClassVar

import numpy as np
from hls4ml.model.attributes import Attribute, WeightAttribute

from netloom.fixed_point import ZERO, FixedPoint
from netloom.hls.dataflow import Clamp, DepthwiseMatVec, Elementwise, ElementwiseFunction, Permute
from netloom.hls.layers.own_layer import OwnLayer
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.shape import reshape
from netloom.quantize.smallest_grid import smallest_grid


class NetloomLines(OwnLayer):
    """result = slope[i] * x if x < 0, else min(x, bound); losing nothing. One slope, one a channel, or one an element.

    For inputs of any width: what comes straight from an accumulator needs no quantizer before it.
    """

    _expected_attributes: ClassVar = [
        Attribute("slopes", value_type=np.ndarray),
        Attribute("bounds", value_type=list),
        WeightAttribute("slope"),
        WeightAttribute("bound"),
    ]
    header = "netloom_lines.h"
    function = "lines"
    weight_names = ("slope", "bound")

    def initialize(self) -> None:
        """The result has the input's shape; slopes and bound have the narrowest types that hold them."""
        super().initialize()
        self.add_output_variable(list(self.input_shapes()[0]))
        for name, values in (("slope", self._slopes()), ("bound", np.array(self.get_attr("bounds") or [0.0]))):
            type_ = smallest_grid(values, f"layer {self.name!r}, {name}")
            self.add_constants(name, type_.from_float(values), type_)

    def _slopes(self) -> np.ndarray:
        return np.asarray(self.get_attr("slopes"), dtype=np.float64).ravel()

    def constants(self) -> dict[str, int | bool]:
        """Sizes, and whether there is a bound."""
        size = int(np.prod(self.input_shapes()[0]))
        return {"n_in": size, "n_slopes": self._slopes().size, "bounded": bool(self.get_attr("bounds"))}

    def lower(self, context: LoweringContext) -> None:
        """The part above zero, limited, plus the part below, scaled."""
        source = context.inputs[0]
        lowest, highest = int(context.bounds_of(source).low.min()), int(context.bounds_of(source).high.max())
        parts = []
        if lowest < 0 and self._slopes().any():
            parts.append(self._below(context, context.add("below", Clamp(lowest, 0), source)))
        if highest > 0 or not parts:
            parts.append(self._above(context, source))
        if len(parts) == 1:
            context.finish(parts[0])
        else:
            context.finish(context.add("sum", Elementwise(ElementwiseFunction.ADD), *parts))

    def _above(self, context: LoweringContext, source: str) -> str:
        """min(max(x, 0), bound), in a step that has the bound."""
        bounds = self.get_attr("bounds")
        if not bounds:
            return context.add("above", Clamp(0), source)
        element = context.type_of(source).element
        missing = max(smallest_grid(np.array(bounds), f"layer {self.name!r}").fraction - element.fraction, 0)
        fine = FixedPoint(element.width + missing, element.integer, element.signed)
        aligned = context.cast("align", source, fine)
        return context.add("above", Clamp(0, round(bounds[0] * 2**fine.fraction)), aligned)

    def _below(self, context: LoweringContext, source: str) -> str:
        """slope * x; slopes of single elements take the tensor as one row of channels."""
        slopes = self._slopes()
        type_ = smallest_grid(slopes, f"layer {self.name!r}, slope")
        shape = context.type_of(source).shape
        flat = slopes.size not in (1, shape[-1])
        if flat:
            source = reshape(context, source, (prod(shape),))
        channels = context.type_of(source).shape[-1]
        raws = np.broadcast_to(type_.from_float(slopes), (1, channels)).copy()
        bias = np.zeros(channels, dtype=np.int64), ZERO
        scaled = context.accumulate(DepthwiseMatVec, source, (raws, type_), bias, exact=True, suffix="scale")
        if not flat:
            return scaled
        return context.add("shape", Permute(np.arange(prod(shape), dtype=np.int64).reshape(shape)), scaled)


def lines_of(slopes: Any, bound: float | None, name: str, shape: Sequence[int]) -> dict[str, Any]:
    """hls4ml's description of a `NetloomLines`, for handlers, without its tensors.

    Args:
        slopes: one, or as many as channels or elements.
        bound: the largest result, or None.
        name: of the layer.
        shape: of the input, without the batch.
    """
    return {
        "name": name,
        "class_name": NetloomLines.__name__,
        "slopes": np.asarray(slopes, dtype=np.float64),
        "bounds": [] if bound is None else [float(bound)],
        "input_shape": [list(shape)],
    }
