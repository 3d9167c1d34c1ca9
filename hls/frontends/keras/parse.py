"""`parse_keras`: a Keras model, checked, as a `ParsedModel`."""

import sys
from dataclasses import replace
from typing import Any

from netloom.hls.frontends.fuse_tables import fuse_tables
from netloom.hls.frontends.idle import without_idle
from netloom.hls.frontends.keras.check import check_model
from netloom.hls.frontends.parsed import ParsedModel, parsed_by_hls4ml
from netloom.hls.hls_settings import HlsSettings
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
    import netloom.hls.frontends.keras.handlers  # noqa: F401  (registers the handlers with hls4ml)

    parsed = parsed_by_hls4ml(
        model, lambda layers, _: {one["name"]: str(one.get("origin", one["name"])) for one in layers}
    )
    layers, outputs = without_idle(parsed.layers, parsed.outputs)
    shapes = {layer.name: tuple(layer.output.shape[1:]) for layer in model.layers if len(layer._inbound_nodes) == 1}
    return replace(parsed, layers=fuse_tables(layers, outputs), outputs=outputs, layer_shapes=shapes, ends=ends)
