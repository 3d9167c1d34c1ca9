"""hls4ml handlers of activations: `QActivation`, and the `activation=` argument of QKeras layers."""

from collections.abc import Sequence
from math import prod
from typing import Any

from hls4ml.converters.keras_v3._base import KerasV3LayerHandler

from netloom.errors import LayerNotSupportedError
from netloom.hls.handlers.quantizer import GridQuantizer, precision_type
from netloom.quantize.quantizers import quantizer_type


def activation_layer(layer: Any, activation: Any, shape: tuple[int, ...]) -> dict[str, Any] | None:
    """hls4ml's layer for a QKeras layer's `activation=`; None for a linear one.

    Raises:
        LayerNotSupportedError: for a function with no firmware equivalent here.
        QuantizerNotSupportedError: for a quantizer the firmware cannot equal.
    """
    import keras

    if activation is None or activation is keras.activations.linear:
        return None
    if hasattr(activation, "bits"):
        return quantized_activation(activation, f"{layer.name}_activation", shape)
    plain = {keras.activations.relu: "relu", keras.activations.sigmoid: "sigmoid", keras.activations.tanh: "tanh"}
    if activation not in plain:
        name = getattr(activation, "__name__", type(activation).__name__)
        raise LayerNotSupportedError(
            f"layer {layer.name!r}: activation {name!r} is not supported inside a QKeras layer; put it in an "
            "Activation or QActivation layer of its own"
        )
    return {
        "name": f"{layer.name}_{plain[activation]}",
        "class_name": "Activation",
        "activation": plain[activation],
        "n_in": prod(shape),
    }


def quantized_activation(quantizer: Any, name: str, shape: tuple[int, ...]) -> dict[str, Any]:
    """hls4ml's layer for an activation quantizer: linear or ReLU, with the quantizer's type as its result."""
    from qkeras.quantizers import quantized_relu

    type_ = quantizer_type(quantizer)
    return {
        "name": name,
        "class_name": "Activation",
        "activation": "relu" if isinstance(quantizer, quantized_relu) else "linear",
        "n_in": prod(shape),
        # The type of the result, and the same for the pass that merges linear activations into the layer before.
        "quantizer_precision": precision_type(type_),
        "quantizer": GridQuantizer(type_),
    }


class QActivationHandler(KerasV3LayerHandler):
    """`QActivation` with `quantized_bits` or `quantized_relu`."""

    handles = ("qkeras.qlayers.QActivation",)

    def handle(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> tuple[dict[str, Any], ...]:
        """One `Activation`; a tuple, because hls4ml's base class takes `layer.activation` for a plain function."""
        del out_tensors
        config = quantized_activation(layer.activation, layer.name, tuple(in_tensors[0].shape[1:]))
        return ({**self.default_config, **config},)
