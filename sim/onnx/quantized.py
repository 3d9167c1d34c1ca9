"""What forms in QONNX are made of: numbers in float32, and `Quant` nodes that say to which types they are quantized."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError
from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import Window
from netloom.rounding import Rounding
from netloom.sim.onnx.site import OnnxSite
from netloom.sim.onnx.writer import GraphWriter, OnnxValue

DOMAIN = "qonnx.custom_op.general"

_ROUNDINGS = {
    Rounding.RND_CONV: "ROUND",
    Rounding.TRN: "FLOOR",
    Rounding.TRN_ZERO: "DOWN",
    Rounding.RND_INF: "HALF_UP",
    Rounding.RND_ZERO: "HALF_DOWN",
}
"""QONNX's names. Its `HALF_UP` rounds ties away from zero."""


@dataclass(frozen=True)
class QuantizedSite(OnnxSite):
    """One operation with what reaches it, in numbers that float32 holds.

    Attributes:
        layer: that it is part of.
        view: the windows before it, of which `values` has the picture; None without.
    """

    layer: str
    view: Window | None

    def refusal(self, what: str) -> LayerNotSupportedError:
        """That QONNX cannot say something."""
        return LayerNotSupportedError(
            f"layer {self.layer!r}: QONNX cannot say {what} ({type(self.operation).__name__}); "
            "the exact twin can: --onnx"
        )


QuantizedForm = Callable[[GraphWriter, QuantizedSite], OnnxValue]
"""Writes an operation's nodes and gives its result, numbers; refuses what QONNX cannot say of it."""


def write_quant(writer: GraphWriter, value: OnnxValue, to: FixedPoint, where: str) -> OnnxValue:
    """A `Quant` node to a type.

    Raises:
        LayerNotSupportedError: if QONNX has none of its modes.
    """
    if to.rounding not in _ROUNDINGS or to.overflow not in (Overflow.SAT, Overflow.SAT_SYM):
        raise LayerNotSupportedError(
            f"{where}: QONNX has no quantizer that rounds and overflows as {to} does; quantize it by a "
            "QActivation(quantized_bits(...)), which saturates"
        )
    parameters = [writer.constant(number, np.float32) for number in (to.step, 0, to.width)]
    narrow = int(to.signed and to.overflow is Overflow.SAT_SYM)
    modes: dict[str, Any] = {"signed": int(to.signed), "narrow": narrow, "rounding_mode": _ROUNDINGS[to.rounding]}
    return writer.add("Quant", value, *parameters, domain=DOMAIN, **modes)
