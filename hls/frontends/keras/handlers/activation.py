"""hls4ml handlers of activations: `QActivation`, and the `activation=` argument of QKeras layers."""

from collections.abc import Sequence
from math import prod
from typing import Any

from hls4ml.converters.keras_v3._base import registry

from netloom.errors import LayerNotSupportedError, QuantizerNotSupportedError
from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.frontends.keras.handlers.chain import chained, softmax_chain
from netloom.hls.frontends.keras.handlers.function import (
    function_layer,
    is_table,
    own_activation,
    quantizer_table,
)
from netloom.hls.frontends.keras.handlers.handler import NetloomHandler, for_own_conversion
from netloom.hls.frontends.keras.handlers.quantizer import GridQuantizer
from netloom.hls.hls4ml_types import precision_type
from netloom.quantize.quantizer_types import check_bits, quantizer_type
from netloom.rounding import Rounding


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
    if for_own_conversion():
        return own_activation(activation, f"{layer.name}_{{}}", shape, f"layer {layer.name!r}")
    if activation is keras.activations.softmax:
        return softmax_chain(f"{layer.name}_softmax", shape, len(shape) - 1)[0]
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
    """hls4ml's layer for an activation quantizer, with the quantizer's type as its result.

    Raises:
        QuantizerNotSupportedError: for a quantizer the firmware cannot equal.
    """
    from qkeras.quantizers import quantized_relu, quantized_sigmoid, quantized_tanh

    if is_table(quantizer):
        return quantizer_table(quantizer, name, shape)
    if isinstance(quantizer, quantized_sigmoid | quantized_tanh):
        type_, function = (
            hard_type(quantizer),
            "hard_sigmoid" if isinstance(quantizer, quantized_sigmoid) else "hard_tanh",
        )
        config = {"class_name": "HardActivation", "slope": 0.5, "shift": 0.5, "slope_prec": _HALF, "shift_prec": _HALF}
    else:
        type_, function = quantizer_type(quantizer), "relu" if isinstance(quantizer, quantized_relu) else "linear"
        config = {"class_name": "Activation"}
    return {
        "name": name,
        "activation": function,
        "n_in": prod(shape),
        # For hls4ml's default configuration, and for its pass that merges linear activations into the layer before.
        "activation_quantizer": GridQuantizer(type_),
        "quantizer": GridQuantizer(type_),
        **config,
    }


_HALF = precision_type(FixedPoint(2, 0, signed=False))
"""Type of QKeras's slope and shift, both 0.5."""


def hard_type(quantizer: Any) -> FixedPoint:
    """Result type of QKeras's hard sigmoid (0 to 1) or hard tanh (-1 to 1)."""
    import qkeras.quantizers as q

    is_tanh = isinstance(quantizer, q.quantized_tanh)
    label = type(quantizer).__name__
    check_bits(quantizer)
    if quantizer.symmetric not in (0, 1):
        raise QuantizerNotSupportedError(f"quantizer {label} has symmetric={quantizer.symmetric!r}: use True or False")
    if quantizer.use_stochastic_rounding:
        raise QuantizerNotSupportedError(f"quantizer {label} rounds at random: use use_stochastic_rounding=False")
    if getattr(quantizer, "use_real_tanh" if is_tanh else "use_real_sigmoid"):
        raise QuantizerNotSupportedError(
            f"quantizer {label} with the real function equals no table exactly: use its hard form, or a Keras "
            "activation followed by a QActivation"
        )
    if q._sigmoid is not q.hard_sigmoid:
        raise QuantizerNotSupportedError(f"quantizer {label}: QKeras's internal sigmoid must be 'hard'")
    if is_tanh:
        return FixedPoint(
            quantizer.bits, 1, True, Rounding.RND_CONV, Overflow.SAT_SYM if quantizer.symmetric else Overflow.SAT
        )
    if quantizer.symmetric:
        raise QuantizerNotSupportedError(f"quantizer {label} with symmetric=1 never gives 0: use symmetric=0")
    return FixedPoint(quantizer.bits, 0, False, Rounding.RND_CONV, Overflow.SAT)


class ActivationHandler(NetloomHandler):
    """Keras's `Activation`; hls4ml 1.3's own handler takes a softmax over all axes, not the last."""

    handles = ("keras.src.layers.activations.activation.Activation",)

    def handle(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> tuple[dict[str, Any], ...]:
        """One `Activation` or `Softmax`; a tuple, or hls4ml's base class would append the activation once more.

        Raises:
            LayerNotSupportedError: if the activation is neither a function nor a layer that has a handler.
        """
        activation, shape = layer.activation, tuple(in_tensors[0].shape[1:])
        function = getattr(activation, "__name__", None)
        if function is None:
            return self._of_layer(layer, in_tensors, out_tensors)
        if function != "softmax" and not for_own_conversion():
            return tuple(self.before(layer)(layer, in_tensors, out_tensors))
        if function not in ("linear", "softmax"):
            own = own_activation(activation, layer.name, shape, f"layer {layer.name!r}")
            return ({**self.default_config, **own},)
        config = {**self.default_config, "activation": function, "n_in": prod(shape)}
        if function != "softmax":
            return ({**config, "class_name": "Activation"},)
        return chained(softmax_chain(layer.name, shape, len(shape) - 1), layer, in_tensors[0], out_tensors[0])

    def _of_layer(
        self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]
    ) -> tuple[dict[str, Any], ...]:
        """`Activation(ReLU())`: what the inner layer would be in its place."""
        kind = type(layer.activation)
        handler = registry.get(f"{kind.__module__}.{kind.__name__}")
        if handler is None:
            raise LayerNotSupportedError(
                f"layer {layer.name!r}: an object of class {kind.__name__} is not supported as activation; give the "
                "function's name, such as 'relu'"
            )
        return tuple({**config, "name": layer.name} for config in handler(layer.activation, in_tensors, out_tensors))


class ReluHandler(NetloomHandler):
    """Keras's `ReLU`; hls4ml 1.3's own handler makes a thresholded ReLU of one without options."""

    handles = ("keras.src.layers.activations.relu.ReLU",)

    def __call__(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> Any:
        """Leave one with options to hls4ml, but in netloom's own conversion."""
        if _has_options(layer) and not for_own_conversion():
            return self.before(layer)(layer, in_tensors, out_tensors)
        return super().__call__(layer, in_tensors, out_tensors)

    def handle(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> dict[str, Any]:
        """One `Activation`; lines or a table if there are options."""
        del out_tensors
        shape = in_tensors[0].shape[1:]
        if _has_options(layer):
            return function_layer(layer, shape)
        return {"class_name": "Activation", "activation": "relu", "n_in": prod(shape)}


def _has_options(layer: Any) -> bool:
    return layer.max_value is not None or bool(layer.negative_slope) or bool(layer.threshold)


class QActivationHandler(NetloomHandler):
    """`QActivation` of any quantizer that is a function of one value."""

    handles = ("qkeras.qlayers.QActivation",)

    def handle(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> tuple[dict[str, Any], ...]:
        """One layer; a tuple, because hls4ml's base class takes `layer.activation` for a plain function."""
        del out_tensors
        config = quantized_activation(layer.activation, layer.name, tuple(in_tensors[0].shape[1:]))
        return ({**self.default_config, **config},)
