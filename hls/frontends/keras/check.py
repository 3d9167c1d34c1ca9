"""Refusals: what hls4ml or netloom cannot turn into exact firmware, named before anything is written."""

from collections.abc import Hashable, Sequence
from typing import Any

from netloom.errors import LayerNotSupportedError
from netloom.hls.frontends.keras.outputs import check_outputs
from netloom.hls.hls_settings import HlsSettings
from netloom.quantize.flat import check_call
from netloom.quantize.flat.equal.affine import EXACT_EPSILON
from netloom.quantize.support.arguments import constructor_arguments
from netloom.quantize.support.layer import LayerFacts, LayerShape
from netloom.quantize.support.table import check_layer, part_descriptions


def check_model(model: Any, settings: HlsSettings) -> None:
    """Refuse a model by its first layer that cannot be converted.

    Args:
        model: a flat Keras model.
        settings: of the conversion; some layers depend on `io_type`.

    Raises:
        LayerNotSupportedError: naming the layer, what is wrong, and what to do instead.
    """
    check_outputs(model, settings)
    for layer in model.layers:
        for node in layer._inbound_nodes:
            check_call(node)
            shapes = [tuple(tensor.shape[1:]) for tensor in node.input_tensors]
            tensors = [id(tensor) for tensor in node.input_tensors]
            check_layer(_facts(layer, layer.name, shapes, tuple(node.outputs[0].shape[1:]), tensors), "convert")
        for part in part_descriptions(type(layer).__name__, layer.get_config()):
            check_layer(_facts(getattr(layer, part), f"{layer.name}, {part}", [()], (), [0]), "convert")
        _check_after_a_quantizer(layer, settings)


def _check_after_a_quantizer(layer: Any, settings: HlsSettings) -> None:
    """A constant scale or shift of what the host sends needs a type to start from."""
    if type(layer).__name__ != "BatchNormalization" or layer.epsilon != EXACT_EPSILON or settings.precision:
        return
    if type(layer.input._keras_history.operation).__name__ == "InputLayer":
        raise LayerNotSupportedError(
            f"layer {layer.name!r}: it scales or shifts what the host sends before any QActivation gives that a type; "
            "put a QActivation before it, such as quantized_bits(8, 8, keep_negative=0) for bytes, or scale the data "
            "before the network"
        )


def _facts(
    layer: Any, name: str, shapes: Sequence[LayerShape], output: LayerShape, tensors: Sequence[Hashable]
) -> LayerFacts:
    return LayerFacts(
        name,
        type(layer).__name__,
        layer.get_config() | _not_in_config(layer),
        constructor_arguments(type(layer)) | constructor_arguments(type(getattr(layer, "cell", None))),
        shapes,
        output,
        tensors,
    )


def _not_in_config(layer: Any) -> dict[str, Any]:
    """Arguments that a layer keeps and its `get_config` leaves out or rewrites."""
    kind = type(layer).__name__
    kept = {"dtype": layer.dtype if kind == "InputLayer" else layer.dtype_policy.name}
    if kind == "QBatchNormalization":
        kept["activation"] = layer.activation
    if kind == "Activation":
        kept["activation"] = _function(layer.activation)
    return kept


def _function(function: Any) -> str:
    """The name of an activation; a full one if it is not Keras's, whatever it is called."""
    import keras

    name = getattr(function, "__name__", type(function).__name__)
    return name if getattr(keras.activations, name, None) is function else f"{function.__module__}.{name}"
