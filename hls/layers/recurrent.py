"""`NetloomRecurrent`: a cell run step after step."""

from collections.abc import Sequence
from math import prod
from typing import Any, ClassVar

import numpy as np
from hls4ml.backends.fpga.fpga_types import APTypeConverter
from hls4ml.model.attributes import Attribute, TypeAttribute, WeightAttribute

from netloom.errors import LayerNotSupportedError
from netloom.fixed_point import BIT, ZERO, FixedPoint, Overflow
from netloom.hls.dataflow import Scan, TensorType
from netloom.hls.hls4ml_types import precision_type
from netloom.hls.layers.own_layer import OwnLayer
from netloom.hls.layers.recurrent_cells import CellFunction, RecurrentCell
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.merge import common_type
from netloom.hls.lower.types import fixed_point

CELL_TYPES = ("sum", "kept", "memory", "step", "state", "act", "gate", "act_index", "gate_index")
CELL_WEIGHTS = ("kernel", "recurrent", "bias", "recurrent_bias", "act_table", "gate_table")
"""Of a layer with a cell: roles of its types, and names of its weights, as its C++ has them."""

_KINDS = {"simple": 0, "lstm": 1, "gru": 2, "gru_before": 3}
_FUNCTIONS = {"nothing": 0, "cast": 0, "hard_sigmoid": 1, "table": 2}
"""Their numbers in C++."""


class NetloomRecurrent(OwnLayer):
    """What `RecurrentCell` says, of (steps, inputs): what all steps give, (steps, units), or the last one, (units,).

    Further inputs are the states to begin with, (units,) each. With `memory` an LSTM's result is twice as wide: its
    memory is behind it. With `keep` a sample begins where the one before it ended.
    """

    _expected_attributes: ClassVar = [
        Attribute("cell", value_type=RecurrentCell),
        Attribute("every", value_type=bool),
        Attribute("backwards", value_type=bool),
        Attribute("memory", value_type=bool),
        Attribute("keep", value_type=bool),
        *map(TypeAttribute, CELL_TYPES),
        *map(WeightAttribute, CELL_WEIGHTS),
    ]
    header = "netloom_recurrent.h"
    function = "recur"
    type_roles = CELL_TYPES
    weight_names = CELL_WEIGHTS

    def initialize(self) -> None:
        """Weights and tables; types of sums wait for `settle`, when the input's type stands."""
        super().initialize()
        cell: RecurrentCell = self.get_attr("cell")
        (steps, _), *_ = self.input_shapes()
        units = cell.units * (1 + self.get_attr("memory"))
        self.add_output_variable([steps, units] if self.get_attr("every") else [units])
        add_cell(self, cell)

    def settle(self) -> None:
        """The types of what is summed, so wide that nothing is lost."""
        cell: RecurrentCell = self.get_attr("cell")
        (steps, inputs), *_ = self.input_shapes()
        tensor = TensorType((steps, inputs), fixed_point(self.get_input_variable().type.precision))
        products = [product.outputs([tensor])[0] for product in cell.inputs(tensor).values()]
        scan = cell.scan(self.name, products, every=False, backwards=False)
        settle_cell(self, cell, scan)

    def constants(self) -> dict[str, int | bool]:
        """Sizes, options, and which cell and functions it is."""
        cell: RecurrentCell = self.get_attr("cell")
        (steps, _), *_ = self.input_shapes()
        return {
            **cell_constants(cell),
            "every": bool(self.get_attr("every")),
            "backwards": bool(self.get_attr("backwards")),
            "keep": bool(self.get_attr("keep")),
            "memory_too": bool(self.get_attr("memory")),
            "n_steps": steps,
            "n_out": prod(self.get_output_variable().shape),
        }

    def mask(self, context: LoweringContext, inputs: list[str]) -> list[str]:
        """What says which steps are taken, away from the inputs behind the sequence; none where all are."""
        del context, inputs
        return []

    def lower(self, context: LoweringContext) -> None:
        """A product of all inputs for each gate, then the loop."""
        cell: RecurrentCell = self.get_attr("cell")
        source, *begun = context.inputs
        mask = self.mask(context, begun)
        products = [
            context.add(gate, product, source) for gate, product in cell.inputs(context.type_of(source)).items()
        ]
        tensors = [context.type_of(name) for name in products]
        every, backwards, memory, keep = (
            bool(self.get_attr(name)) for name in ("every", "backwards", "memory", "keep")
        )
        scan = cell.scan(self.name, tensors, every, backwards, bool(begun), memory, keep, bool(mask))
        states = [context.cast(f"start{index}", state, cell.state) for index, state in enumerate(begun)]
        context.finish(context.add("scan", scan, *products, *mask, *states))


class NetloomMaskedRecurrent(NetloomRecurrent):
    """The same with one input more, the last: (steps, 1), 1 for a step that is taken.

    One that is 0 leaves the states as they are, and gives what the step before it gave: zeros at first.
    """

    header = "netloom_masked_recurrent.h"
    further_headers = (NetloomRecurrent.header,)
    function = "recur_masked"

    def mask(self, context: LoweringContext, inputs: list[str]) -> list[str]:
        """The last of the inputs, as one bit.

        Raises:
            LayerNotSupportedError: if it is proven to be 1 always.
        """
        mask = inputs.pop()
        if (context.bounds_of(mask).low > 0).all():
            raise LayerNotSupportedError(
                f"layer {self.name!r}: it has a mask, and no step can be masked: the type of what is compared does not"
                " have the mask_value; use one that it has, such as 0, or leave the mask out"
            )
        return [context.cast("mask", mask, BIT.with_modes(overflow=Overflow.SAT))]


def add_cell(layer: OwnLayer, cell: RecurrentCell) -> None:
    """Give a layer a cell's weights and tables, and types that wait for `settle_cell`; called by `initialize`."""
    for role in CELL_TYPES:
        layer.set_type(role, ZERO)
    layer.add_constants("kernel", cell.kernel.ravel(), cell.kernel_type)
    layer.add_constants("recurrent", cell.recurrent.ravel(), cell.recurrent_type)
    layer.add_constants("bias", cell.bias, cell.bias_type)
    layer.add_constants("recurrent_bias", cell.recurrent_bias, cell.bias_type)
    for name, function in (("act_table", cell.activation), ("gate_table", cell.gate)):
        layer.add_constants(name, _by_bits(function), function.result.with_modes())


def settle_cell(layer: OwnLayer, cell: RecurrentCell, scan: Scan) -> None:
    """The types of what a cell sums, so wide that nothing is lost.

    Args:
        layer: with a cell.
        cell: that one.
        scan: the loop it becomes; names of its body begin with the layer's.
    """
    found = {name.removeprefix(f"{layer.name}/"): tensor.element for name, tensor in scan.body.types.items()}
    results = {source.removeprefix(f"{layer.name}/"): result for source, result in scan.carries}

    def holding(*parts: str) -> FixedPoint:
        return common_type([*(found[part] for part in parts if part in found), ZERO])

    gates = [f"{gate}.{part}" for gate in cell.gates for part in ("input", "product", "sum")]
    (step,) = next(node for node in scan.body.nodes if node.name == results["state.read"]).inputs
    types = {
        "sum": holding(*gates),
        "kept": holding("candidate.kept"),
        "memory": holding("memory.sum"),
        "step": scan.body.types[step].element.with_modes(),
        "state": cell.state,
        "act": _result(cell.activation, holding(*gates, "memory.sum")),
        "gate": _result(cell.gate, holding(*gates)),
        "act_index": cell.activation.index,
        "gate_index": cell.gate.index,
    }
    for role, type_ in types.items():
        layer.get_attr(f"{role}_t").precision = APTypeConverter().convert(precision_type(type_))


def cell_constants(cell: RecurrentCell) -> dict[str, int | bool]:
    """A cell's sizes, and which cell and functions it is, as its C++ takes them."""
    return {
        "kind": _KINDS[cell.kind],
        "act": _FUNCTIONS[cell.activation.kind],
        "gate": _FUNCTIONS[cell.gate.kind],
        "n_in": int(cell.kernel.shape[0]),
        "n_units": cell.units,
        "n_columns": cell.units * len(cell.gates),
        "n_act_table": len(cell.activation.entries),
        "n_gate_table": len(cell.gate.entries),
    }


def _by_bits(function: CellFunction) -> np.ndarray:
    """A table's entries by the bits of what it takes, read as a number without a sign."""
    entries = np.array(function.entries, dtype=np.int64)
    return np.roll(entries, -len(entries) // 2) if function.index.signed else entries


def _result(function: CellFunction, value: FixedPoint) -> FixedPoint:
    return value if function.kind == "nothing" else function.result


def recurrent(
    name: str,
    cell: RecurrentCell,
    shapes: Sequence[tuple[int, ...]],
    every: bool,
    backwards: bool,
    memory: bool = False,
    keep: bool = False,
    masked: bool = False,
) -> dict[str, Any]:
    """hls4ml's description of a `NetloomRecurrent`, or one with a mask, for handlers, without its tensors.

    Args:
        name: of the layer.
        cell: what a step computes.
        shapes: of the inputs: (steps, inputs), (units,) of each state to begin with, if any are brought, and
            (steps, 1) of a mask.
        every: whether to give what all steps compute, in the order they are computed.
        backwards: whether to begin with the last step.
        memory: whether to give an LSTM's memory behind its result.
        keep: whether a sample begins where the one before it ended.
        masked: whether the last input is a mask.
    """
    return {
        "name": name,
        "class_name": (NetloomMaskedRecurrent if masked else NetloomRecurrent).__name__,
        "cell": cell,
        "every": every,
        "backwards": backwards,
        "memory": memory,
        "keep": keep,
        "input_shape": [list(shape) for shape in shapes],
    }
