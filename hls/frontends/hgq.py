"""`parse_hgq`: an HGQ2 model, whose weights and activations have a type an element, as a `ParsedModel`.

hls4ml's own handlers read it, and hls4ml's `bit_exact` pass finds all types from its quantizers.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from netloom.errors import LayerNotSupportedError, SettingsError
from netloom.hls.frontends.parsed import ParsedModel
from netloom.hls.hls_settings import HlsSettings
from netloom.hls.identifiers import identifiers
from netloom.quantize.files.hgq2 import is_hgq_layer

LAYERS = frozenset(
    "QDense QBatchNormDense QEinsumDense QEinsumDenseBatchnorm QConv1D QConv2D QActivation QBatchNormalization QAdd "
    "QSubtract QMultiply QMaximum QMinimum QMaxPooling1D QMaxPooling2D Quantizer InputLayer Flatten Reshape Permute "
    "Dropout Activation ReLU Concatenate MaxPooling1D MaxPooling2D".split()
)
"""Layers of HGQ2 and Keras that are read.

Not in the table of layers, which quantization and conversion share: an HGQ2 model is never quantized, and refused of it
are quantizers, and what hls4ml's own handlers and pass cannot take.
"""

_CONSTANT = ("kq", "bq")
_FUNCTIONS = ("linear", "relu")
_ROUNDINGS = ("RND", "TRN", "S_RND")
"""Of what is not constant; hls4ml's pass finds no exact type before others."""


def parse_hgq(model: Any, settings: HlsSettings) -> ParsedModel:
    """Check an HGQ2 model and run hls4ml's Keras-3 parser.

    Raises:
        LayerNotSupportedError: for a layer, function or quantizer that has no exact firmware, or a streamed network.
        SettingsError: for types of the user's: an HGQ2 model brings its own.
    """
    if settings.precision:
        raise SettingsError("an HGQ2 model brings the types of all its layers; leave the precision of layers out")
    for layer in model.layers:
        _check(layer, settings)
    from hls4ml.converters.keras_v3_to_hls import parse_keras_v3_model

    try:
        layers, inputs, outputs, _ = parse_keras_v3_model(model, allow_da_fallback=False, allow_v2_fallback=False)
    except (AssertionError, ValueError, KeyError) as error:
        raise LayerNotSupportedError(f"hls4ml cannot parse the model: {str(error).splitlines()[0]}") from error
    names = identifiers(layer["name"] for layer in layers)
    origins = _origins(layers, names, outputs)
    for layer in layers:
        layer["name"] = names[layer["name"]]
        layer["inputs"] = [names[name] for name in layer["inputs"]]
    return ParsedModel(
        layers,
        [names[name] for name in inputs],
        [names[name] for name in outputs],
        origins,
        [_named_shape(tensor) for tensor in model.inputs],
        [_named_shape(tensor) for tensor in model.outputs],
        {},
        typed=True,
    )


def _origins(layers: list[dict[str, Any]], names: Mapping[str, str], outputs: Collection[str]) -> dict[str, str]:
    """The names in the user's model: of outputs, and of what they stand for of all else.

    Between layers hls4ml keeps only the bits that the next quantizer reads, so results there are not those of HGQ2's
    layers; the names say so, and nothing is held against them.
    """
    origins = {names[layer["name"]]: f"{layer['name']} (bits kept)" for layer in layers}
    for layer in layers:
        if layer["class_name"] == "InputLayer":
            origins[names[layer["name"]]] = layer["name"]
        elif layer["name"] in outputs:
            # An activation stands behind the layer that has it.
            before = layer["inputs"][0] if layer["class_name"] == "Activation" else layer["name"]
            called = layer["name"] == f"{before}_{layer.get('activation')}"
            origins[names[layer["name"]]] = before if called else layer["name"]
    return origins


def _check(layer: Any, settings: HlsSettings) -> None:
    kind = type(layer).__name__
    if kind not in LAYERS or not (is_hgq_layer(layer) or type(layer).__module__.startswith("keras.")):
        raise LayerNotSupportedError(
            f"layer {layer.name!r}: {kind} of an HGQ2 model is not supported; supported are {', '.join(sorted(LAYERS))}"
        )
    if settings.io_type == "io_stream" and is_hgq_layer(layer):
        raise LayerNotSupportedError(
            f"layer {layer.name!r}: an HGQ2 model has a type for every element, which streams have not; use io_parallel"
        )
    function = getattr(getattr(layer, "activation", None), "__name__", "linear")
    if function not in _FUNCTIONS:
        raise LayerNotSupportedError(
            f"layer {layer.name!r}: activation {function!r} of an HGQ2 model is not supported; use "
            f"{' or '.join(_FUNCTIONS)}"
        )
    for name, quantizer in _quantizers(layer):
        inner: Any = getattr(quantizer, "quantizer", None)
        if not hasattr(inner, "kif"):
            raise LayerNotSupportedError(
                f"layer {layer.name!r}: its {name} is a {type(inner).__name__}; use a fixed-point quantizer, kif or kbi"
            )
        if name not in _CONSTANT and inner.round_mode not in _ROUNDINGS:
            raise LayerNotSupportedError(
                f"layer {layer.name!r}: its {name} rounds by {inner.round_mode}; use one of {', '.join(_ROUNDINGS)}"
            )


def _quantizers(layer: Any) -> Iterator[tuple[str, Any]]:
    """The quantizers of a layer that act, by name."""
    for name in ("iq", "oq", "kq", "bq"):
        if getattr(layer, f"_enable_{name}", True):
            found: Any = getattr(layer, f"_{name}", None)
            for one in found if hasattr(found, "__iter__") else [found]:
                if one is not None:
                    yield name, one
    if type(layer).__name__ == "Quantizer":
        yield "quantizer", layer


def _named_shape(tensor: Any) -> tuple[str, tuple[int, ...]]:
    return tensor._keras_history.operation.name, tuple(tensor.shape[1:])
