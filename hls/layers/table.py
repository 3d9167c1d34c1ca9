"""`NetloomTable`: any function of one value, exact, with as many entries as the value's type has values."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from hls4ml.model.attributes import Attribute, WeightAttribute

from netloom.errors import LayerNotSupportedError, QuantizerNotSupportedError
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Lookup
from netloom.hls.layers.function_values import NOISE, TABLE_BITS, describe, function_values, holding
from netloom.hls.layers.own_layer import OwnLayer
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.types import RESULT, fixed_point


class NetloomTable(OwnLayer):
    """result = the result's type of fn(x); fn computed by Keras in float64 for every x that the input's type has."""

    _expected_attributes: ClassVar = [
        Attribute("functions", value_type=list),
        Attribute("exact", value_type=bool, default=False),
        WeightAttribute("table"),
    ]
    header = "netloom_table.h"
    function = "look_up"
    weight_names = ("table",)

    def initialize(self) -> None:
        """The result has the input's shape. The table waits for `settle`: the input's type may change until then."""
        super().initialize()
        self.add_output_variable(list(self.input_shapes()[0]))
        self.add_constants("table", np.zeros(1, dtype=np.int64), FixedPoint(1, 1, signed=False))

    def settle(self) -> None:
        """Make the table: the entry of a value is at its bits, read as a number without a sign.

        Entries that are not finite are zero; where such a value can come, `lower` refuses.
        """
        values = self._values(fixed_point(self.get_input_variable().type.precision))
        precision = self.get_output_variable().type.precision
        type_ = fixed_point(precision)
        table = self.weights["table"]
        entries = type_.to_float(type_.from_float(np.where(np.isfinite(values), values, 0.0)))
        table.data = np.roll(entries, -self._negatives())
        table.shape, table.data_length = [table.data.size], table.data.size
        table.update_precision(precision)

    def _negatives(self) -> int:
        type_ = fixed_point(self.get_input_variable().type.precision)
        return 2 ** (type_.width - 1) if type_.signed else 0

    def _values(self, type_: FixedPoint) -> np.ndarray:
        if type_.width > TABLE_BITS:
            raise LayerNotSupportedError(
                f"layer {self.name!r}: its table would need an entry for each of 2**{type_.width} values; put a "
                f"QActivation(quantized_bits(10, ...)) before it, or one of at most {TABLE_BITS} bits"
            )
        return function_values(tuple(self.get_attr("functions")), type_.with_modes())

    def constants(self) -> dict[str, int | bool]:
        """Sizes of the input and of the table."""
        return {"n_in": int(np.prod(self.input_shapes()[0])), "n_table": int(self.weights["table"].data_length)}

    def lower(self, context: LoweringContext) -> None:
        """One `Lookup` of the values that can come.

        Raises:
            LayerNotSupportedError: if the input's type is too wide for a table, or the function infinite.
        QuantizerNotSupportedError: if a quantizer that is to be exact has values on no grid.
        """
        source = context.inputs[0]
        element, bounds = context.type_of(source).element, context.bounds_of(source)
        low, high = int(bounds.low.min()), int(bounds.high.max())
        least = element.with_modes().raw_min
        values = self._values(element)[low - least : high - least + 1]
        if not np.isfinite(values).all():
            where = element.to_float(np.array(low + int(np.flatnonzero(~np.isfinite(values))[0])))
            raise LayerNotSupportedError(
                f"layer {self.name!r}: its function is not finite at {float(where):g}, which its input can reach; put "
                "a QActivation(quantized_bits(...)) of a smaller range before it"
            )
        result = context.choose(RESULT, lambda: holding(values))
        table = result.from_float(values)
        if self.get_attr("exact") and (np.abs(np.ldexp(values, result.fraction) - table) > NOISE).any():
            raise QuantizerNotSupportedError(
                f"layer {self.name!r}: the values of its quantizer lie on no grid of {result.width} bits; put a "
                "QActivation(quantized_bits(...)) after it"
            )
        context.finish(context.add("table", Lookup(table, result.with_modes(), offset=-low), source))


def table_of(layers: Sequence[Any], name: str, shape: Sequence[int], exact: bool = False) -> dict[str, Any]:
    """hls4ml's description of a `NetloomTable`, for handlers, without its tensors.

    Args:
        layers: Keras layers without weights, functions of one value, one after the other.
        name: of the layer.
        shape: of the input, without the batch.
        exact: whether to refuse a result that has to be rounded.
    """
    return {
        "name": name,
        "class_name": NetloomTable.__name__,
        "functions": [describe(layer) for layer in layers],
        "exact": exact,
        "input_shape": [list(shape)],
    }
