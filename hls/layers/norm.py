"""`NetloomNorm`: every row of the last axis normalized, 1/sqrt by a table in segments."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from hls4ml.backends.fpga.fpga_types import APTypeConverter
from hls4ml.model.attributes import Attribute, TypeAttribute, WeightAttribute

from netloom.fixed_point import ZERO, FixedPoint
from netloom.hls.dataflow import DepthwiseMatVec, Elementwise, ElementwiseFunction, Lookup, Reduce
from netloom.hls.hls4ml_types import precision_type
from netloom.hls.layers.own_layer import OwnLayer
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.types import RESULT, fixed_point
from netloom.quantize.functions.norm_tables import Norm


class NetloomNorm(OwnLayer):
    """What `quantize.norm_tables.Norm` says, of a layer's input type and last axis."""

    _expected_attributes: ClassVar = [
        Attribute("mode", value_type=str),
        Attribute("epsilon", value_type=float),
        TypeAttribute("deviation"),
        TypeAttribute("power"),
        WeightAttribute("table"),
        WeightAttribute("start"),
        WeightAttribute("shift"),
        WeightAttribute("first"),
    ]
    header = "netloom_norm.h"
    function = "normalize_rows"
    type_roles = ("deviation", "power")
    weight_names = ("table", "start", "shift", "first")

    def initialize(self) -> None:
        """The result has the input's shape. Types and table wait for `settle`, when the input's type stands."""
        super().initialize()
        self.add_output_variable(list(self.input_shapes()[0]))
        for role in self.type_roles:
            self.set_type(role, ZERO)
        for name in self.weight_names:
            self.add_constants(name, np.zeros(1, dtype=np.int64), ZERO)

    def _norm(self, element: FixedPoint) -> Norm:
        norm = Norm(element, self.input_shapes()[0][-1], self.get_attr("mode"), self.get_attr("epsilon"))
        norm.check(f"layer {self.name!r}")
        return norm

    def settle(self) -> None:
        """Make the types and the table: all segments' entries, and where each starts."""
        norm = self._norm(fixed_point(self.get_input_variable().type.precision))
        for role in self.type_roles:
            self.get_attr(f"{role}_t").precision = _in_cpp(getattr(norm, role))
        sizes = [segment.entries.size for segment in norm.segments]
        self._fill("table", np.concatenate([segment.entries for segment in norm.segments]), norm.entry)
        self._fill("start", np.array([segment.start for segment in norm.segments], dtype=np.int64))
        self._fill("shift", np.array([segment.shift for segment in norm.segments], dtype=np.int64))
        self._fill("first", np.cumsum([0, *sizes[:-1]]))

    def _fill(self, name: str, raws: np.ndarray, type_: FixedPoint | None = None) -> None:
        type_ = type_ or FixedPoint.containing(0, max(int(raws.max()), 1), 0)
        weight = self.weights[name]
        weight.data = type_.to_float(raws)
        weight.shape, weight.data_length = [raws.size], raws.size
        weight.update_precision(_in_cpp(type_))

    def constants(self) -> dict[str, int | bool]:
        """Sizes, and whether the mean is subtracted."""
        shape = self.input_shapes()[0]
        return {
            "n_in": int(np.prod(shape)),
            "n_row": shape[-1],
            "n_table": int(self.weights["table"].data_length),
            "n_segments": int(self.weights["start"].data_length),
            "centred": self.get_attr("mode") == "layer",
        }

    def lower(self, context: LoweringContext) -> None:
        """d, the sum of its squares, one `Lookup` a segment, their sum, and the product.

        A segment's table stays at its last entry beyond its end; all but the first begin with 0 and have differences to
        the last entry before them: so their sum is the one entry that counts.

        Raises:
            LayerNotSupportedError: if the squares sum to more than the table takes.
        """
        source = context.inputs[0]
        norm = self._norm(context.type_of(source).element)
        d = self._deviation(context, source, norm.size) if norm.centred else source
        square = context.add("square", Elementwise(ElementwiseFunction.MULTIPLY), d, d)
        v = self._sum(context, "power", square)
        root, before = "", 0
        for number, segment in enumerate(norm.segments):
            entries = segment.entries - before
            if number:
                entries = np.concatenate([[0], entries])
            type_ = FixedPoint.containing(int(entries.min()), int(entries.max()), norm.entry.fraction)
            offset = bool(number) - (segment.start >> segment.shift)
            table = Lookup(entries, type_, shift=segment.shift, offset=offset)
            found = context.add(f"table{number}", table, v)
            root = context.add(f"root{number}", Elementwise(ElementwiseFunction.ADD), root, found) if number else found
            before = int(segment.entries[-1])
        product = context.add("product", Elementwise(ElementwiseFunction.MULTIPLY), d, root)
        context.choose(RESULT, lambda: norm.result)
        context.finish(product)

    def _deviation(self, context: LoweringContext, source: str, size: int) -> str:
        """n * x - sum(x)"""
        weight = FixedPoint.containing(0, size, 0)
        raws, bias = np.full((1, size), size, dtype=np.int64), (np.zeros(size, dtype=np.int64), ZERO)
        scaled = context.accumulate(DepthwiseMatVec, source, (raws, weight), bias, exact=True, suffix="scaled")
        total = self._sum(context, "total", source)
        return context.add("deviation", Elementwise(ElementwiseFunction.SUBTRACT), scaled, total)

    def _sum(self, context: LoweringContext, suffix: str, source: str) -> str:
        """Of a row, in a type that holds every partial sum."""
        bounds, size = context.bounds_of(source), context.type_of(source).shape[-1]
        low, high = min(int(bounds.low.min()), 0) * size, max(int(bounds.high.max()), 0) * size
        return context.add(
            suffix, Reduce(FixedPoint.containing(low, high, context.type_of(source).element.fraction)), source
        )


def _in_cpp(type_: FixedPoint) -> Any:
    """hls4ml's precision once its types have become C++'s, before which `settle` is not called."""
    return APTypeConverter().convert(precision_type(type_))


def norm_of(mode: str, epsilon: float, name: str, shape: Sequence[int]) -> dict[str, Any]:
    """hls4ml's description of a `NetloomNorm`, for handlers, without its tensors.

    Args:
        mode: of `Norm`.
        epsilon: of `Norm`.
        name: of the layer.
        shape: of the input, without the batch; its last axis is normalized.
    """
    return {
        "name": name,
        "class_name": NetloomNorm.__name__,
        "mode": mode,
        "epsilon": float(epsilon),
        "input_shape": [list(shape)],
    }
