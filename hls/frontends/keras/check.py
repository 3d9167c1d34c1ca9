"""Refusals: what hls4ml or netloom cannot turn into exact firmware, named before anything is written."""

from typing import Any

from netloom.errors import LayerNotSupportedError
from netloom.hls.frontends.keras.outputs import check_outputs
from netloom.hls.settings import HlsSettings
from netloom.quantize.support.arguments import constructor_arguments
from netloom.quantize.support.layer import Layer
from netloom.quantize.support.table import check_layer


def check_model(model: Any, settings: HlsSettings) -> None:
    """Refuse a model by its first layer that cannot be converted.

    Args:
        model: a Keras model.
        settings: of the conversion; some layers depend on `io_type`.

    Raises:
        LayerNotSupportedError: naming the layer, what is wrong, and what to do instead.
    """
    if not getattr(model, "inputs", None):
        raise LayerNotSupportedError("the model must be a Sequential or functional Keras model with fixed input shapes")
    for tensor in model.inputs:
        if any(size is None for size in tensor.shape[1:]):
            raise LayerNotSupportedError(
                f"input {tensor.name!r} has shape {tuple(tensor.shape[1:])}: every size must be fixed; rebuild "
                "the model with keras.Input(shape=(...)) in full"
            )
    check_outputs(model, settings)
    for layer in model.layers:
        for node in layer._inbound_nodes:
            check_layer(_facts(layer, node), settings.io_type)
        _check_calls(layer)


def _facts(layer: Any, node: Any) -> Layer:
    return Layer(
        layer.name,
        type(layer).__name__,
        layer.get_config() | _not_in_config(layer),
        constructor_arguments(type(layer)),
        [tuple(tensor.shape[1:]) for tensor in node.input_tensors],
        tuple(node.outputs[0].shape[1:]),
        [id(tensor) for tensor in node.input_tensors],
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


def _check_calls(layer: Any) -> None:
    """Refuse what a call of a layer asks for beside its inputs: `training=True` goes on computing as in training."""
    for node in layer._inbound_nodes:
        for name, value in node.arguments.kwargs.items():
            if value is not None and value is not False:
                raise LayerNotSupportedError(
                    f"layer {layer.name!r} ({type(layer).__name__}): it is called with {name}={value!r}, which changes "
                    "what it computes; call it with its inputs alone"
                )
