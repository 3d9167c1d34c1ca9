"""`NetloomDecoder`: a cell that is fed what it has just said."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from hls4ml.backends.fpga.fpga_types import APTypeConverter
from hls4ml.model.attributes import Attribute, TypeAttribute, WeightAttribute

from netloom.fixed_point import ZERO, FixedPoint
from netloom.hls.dataflow import Permute
from netloom.hls.hls4ml_types import precision_type
from netloom.hls.layers.decoding import Decoding
from netloom.hls.layers.own_layer import OwnLayer
from netloom.hls.layers.recurrent import CELL_TYPES, CELL_WEIGHTS, add_cell, cell_constants, settle_cell
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.merge import common_type
from netloom.hls.lower.types import fixed_point

_TYPES = (*CELL_TYPES, "read", "score", "noise")
_WEIGHTS = (*CELL_WEIGHTS, "rows", "logits_kernel", "logits_bias")


class NetloomDecoder(OwnLayer):
    """What `Decoding` says: (steps,) symbols. Inputs are states to begin with, (units,), and noise, (steps, symbols).

    There are all of the cell's states or none; noise comes last, if there is any.
    """

    _expected_attributes: ClassVar = [
        Attribute("decoding", value_type=Decoding),
        *map(TypeAttribute, _TYPES),
        *map(WeightAttribute, _WEIGHTS),
    ]
    header = "netloom_decoder.h"
    further_headers = ("netloom_recurrent.h",)
    function = "decode"
    type_roles = _TYPES
    weight_names = _WEIGHTS

    @property
    def _noisy(self) -> bool:
        return len(self.input_shapes()[-1]) == 2

    def initialize(self) -> None:
        """Weights and tables; types wait for `settle`, when those of the inputs stand."""
        super().initialize()
        decoding: Decoding = self.get_attr("decoding")
        self.add_output_variable([decoding.steps])
        add_cell(self, decoding.cell)
        for role in ("read", "score", "noise"):
            self.set_type(role, ZERO)
        self.add_constants("rows", decoding.rows.ravel(), decoding.rows_type.with_modes())
        self.add_constants("logits_kernel", decoding.kernel.ravel(), decoding.kernel_type)
        self.add_constants("logits_bias", decoding.bias, decoding.bias_type)

    def settle(self) -> None:
        """The types of what is summed, so wide that nothing is lost."""
        decoding: Decoding = self.get_attr("decoding")
        noise = fixed_point(self.get_input_variable(self.inputs[-1]).type.precision) if self._noisy else None
        scan = decoding.scan(self.name, True, noise)
        settle_cell(self, decoding.cell, scan)
        scores = [f"{self.name}/{name}" for name in ("logits.product", "scores.sum")]
        types = {
            "read": decoding.read or fixed_point(self.get_attr("step_t").precision),
            "score": common_type([scan.body.types[name].element for name in scores if name in scan.body.types]),
            "noise": noise or FixedPoint(1, 1),
        }
        for role, type_ in types.items():
            self.get_attr(f"{role}_t").precision = APTypeConverter().convert(precision_type(type_))

    def constants(self) -> dict[str, int | bool]:
        """Sizes, symbols, and which cell and functions it is."""
        decoding: Decoding = self.get_attr("decoding")
        return {
            **cell_constants(decoding.cell),
            "n_steps": decoding.steps,
            "n_symbols": decoding.symbols,
            "n_states": len(self.inputs) - self._noisy,
            "noisy": self._noisy,
            "start": decoding.start,
            "stops": decoding.stop is not None,
            "stop": decoding.stop or 0,
        }

    def lower(self, context: LoweringContext) -> None:
        """One loop."""
        decoding: Decoding = self.get_attr("decoding")
        states, noise = list(context.inputs), []
        if self._noisy:
            noise = [states.pop()]
        scan = decoding.scan(self.name, bool(states), context.type_of(noise[0]).element if noise else None)
        begun = [context.cast(f"start{index}", state, decoding.cell.state) for index, state in enumerate(states)]
        symbols = context.add("scan", scan, *noise, *begun)
        context.finish(context.add("symbols", Permute(np.arange(decoding.steps)), symbols))


def decoder(name: str, decoding: Decoding, shapes: Sequence[tuple[int, ...]]) -> dict[str, Any]:
    """hls4ml's description of a `NetloomDecoder`, for handlers, without its tensors.

    Args:
        name: of the layer.
        decoding: what it computes.
        shapes: of the inputs: (units,) of each state to begin with, if any are brought; (steps, symbols) of noise.
    """
    return {
        "name": name,
        "class_name": NetloomDecoder.__name__,
        "decoding": decoding,
        "input_shape": [list(shape) for shape in shapes],
    }
