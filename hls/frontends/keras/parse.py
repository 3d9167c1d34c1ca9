"""`parse_keras`: a Keras model, checked, as a `ParsedModel`."""

import sys
from typing import Any

from netloom.errors import LayerNotSupportedError
from netloom.hls.frontends.fuse_tables import fuse_tables
from netloom.hls.frontends.idle import without_idle
from netloom.hls.frontends.keras.check import check_model
from netloom.hls.frontends.parsed import ParsedModel
from netloom.hls.hls_settings import HlsSettings
from netloom.hls.identifiers import identifiers
from netloom.quantize.flat import flatten, host_ends
from netloom.quantize.graph.graph_check import check_activations


def is_keras(model: Any) -> bool:
    """Whether it is a Keras model; without Keras there is none."""
    return "keras" in sys.modules and isinstance(model, sys.modules["keras"].Model)


def parse_keras(model: Any, settings: HlsSettings) -> ParsedModel:
    """Check a model, run hls4ml's Keras-3 parser with netloom's handlers, and give every layer an identifier.

    Raises:
        LayerNotSupportedError: for a layer, option or shape with no exact firmware, or without a handler.
        QuantizerNotSupportedError: for a quantizer the firmware cannot equal.
    """
    check_activations(model)
    model = flatten(model, single_use=True)
    ends = host_ends(model)
    if ends:
        model = flatten(model, single_use=True, hardware=True)
    check_model(model, settings)
    from hls4ml.converters.keras_v3_to_hls import parse_keras_v3_model

    import netloom.hls.frontends.keras.handlers  # noqa: F401  (registers the handlers with hls4ml)

    try:
        layers, inputs, outputs, _ = parse_keras_v3_model(model, allow_da_fallback=False, allow_v2_fallback=False)
    except (AssertionError, ValueError, KeyError) as error:
        raise LayerNotSupportedError(f"hls4ml cannot parse the model: {str(error).splitlines()[0]}") from error
    names = identifiers(layer["name"] for layer in layers)
    origins = {names[layer["name"]]: str(layer.get("origin", layer["name"])) for layer in layers}
    for layer in layers:
        layer["name"] = names[layer["name"]]
        layer["inputs"] = [names[name] for name in layer["inputs"]]
    layers, outputs = without_idle(layers, [names[name] for name in outputs])
    return ParsedModel(
        fuse_tables(layers, outputs),
        [names[name] for name in inputs],
        outputs,
        origins,
        [_named_shape(tensor) for tensor in model.inputs],
        [_named_shape(tensor) for tensor in model.outputs],
        {layer.name: _shape(layer.output) for layer in model.layers if len(layer._inbound_nodes) == 1},
        ends=ends,
    )


def _shape(tensor: Any) -> tuple[int, ...]:
    return tuple(tensor.shape[1:])


def _named_shape(tensor: Any) -> tuple[str, tuple[int, ...]]:
    return tensor._keras_history.operation.name, _shape(tensor)
