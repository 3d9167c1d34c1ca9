"""`NetloomMatMul`: the product of two tensors that both change."""

from math import prod
from typing import ClassVar

from hls4ml.backends.fpga.fpga_types import APTypeConverter
from hls4ml.model.attributes import Attribute, TypeAttribute

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import MatMul, TensorType
from netloom.hls.hls4ml_types import precision_type
from netloom.hls.layers.own_layer import OwnLayer
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.types import fixed_point


class NetloomMatMul(OwnLayer):
    """(..., M, K) times (..., K, N), or (..., N, K) if `transposed`; sums whole, in a type that holds any of them."""

    _expected_attributes: ClassVar = [Attribute("transposed", value_type=bool), TypeAttribute("accum")]
    header = "netloom_matmul.h"
    function = "multiply_matrices"
    type_roles = ("accum",)

    def initialize(self) -> None:
        """Rows of the first by columns of the second. The sums' type waits for `settle`, when the inputs' stand."""
        super().initialize()
        first, second = self.input_shapes()
        self.add_output_variable([*first[:-1], second[-2 if self.get_attr("transposed") else -1]])
        self.set_type("accum", FixedPoint(1, 1))

    def settle(self) -> None:
        """The narrowest type of the sums of all that the inputs' types hold."""
        tensors = [
            TensorType(shape, fixed_point(self.get_input_variable(name).type.precision))
            for name, shape in zip(self.inputs, self.input_shapes(), strict=True)
        ]
        (total,) = MatMul(self.get_attr("transposed")).outputs(tensors)
        self.get_attr("accum_t").precision = APTypeConverter().convert(precision_type(total.element))

    def constants(self) -> dict[str, int | bool]:
        """Sizes of the matrices, and their number."""
        first, second = self.input_shapes()
        transposed = self.get_attr("transposed")
        return {
            "n_matrices": prod(first[:-2]),
            "n_rows": first[-2],
            "n_terms": first[-1],
            "n_columns": second[-2 if transposed else -1],
            "transposed": transposed,
        }

    def lower(self, context: LoweringContext) -> None:
        """One `MatMul`."""
        context.finish(context.add("matmul", MatMul(self.get_attr("transposed")), *context.inputs))
