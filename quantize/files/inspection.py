"""What is in a model: its layers, quantizers and weights."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from netloom.errors import InputError
from netloom.quantize.flat import is_own_layer
from netloom.quantize.quantizer_types import quantizer_type


def all_layers(model: Any) -> Iterator[Any]:
    """Every layer of a model: also those of nested models and own layers, within wrappers and decoders."""
    import keras

    for layer in model._flatten_layers(include_self=False, recursive=False):
        if isinstance(layer, keras.Model | keras.layers.Wrapper) or is_own_layer(layer) or _has_parts(layer):
            yield from all_layers(layer)
        else:
            yield layer


def _has_parts(layer: Any) -> bool:
    return type(layer).__name__ == "RecurrentDecoder"


def layer_quantizers(layer: Any) -> dict[str, tuple[Any, Any]]:
    """Each weight of a QKeras layer that the layer has a place for a quantizer for: name -> (variable, quantizer)."""
    layer, places = getattr(layer, "cell", layer), {}  # a recurrent layer has them in its cell
    for name in ("kernel", "depthwise", "pointwise", "recurrent", "bias", "gamma", "beta", "embeddings"):
        variable = getattr(layer, f"{name}_kernel", getattr(layer, name, None))
        if hasattr(layer, f"{name}_quantizer_internal") and variable is not None:
            places[name] = (variable, getattr(layer, f"{name}_quantizer_internal"))
    return places


def has_quantized_layers(model: Any) -> bool:
    """Whether a model has layers of QKeras or HGQ2."""
    return any(_is_quantized(layer) for layer in all_layers(model))


def float_layers(model: Any) -> list[str]:
    """Names of the plain Keras layers that multiply by a kernel."""
    return [
        layer.name
        for layer in all_layers(model)
        if not _is_quantized(layer) and any("kernel" in variable.name for variable in layer.weights)
    ]


def is_quantized(model: Any) -> bool:
    """Whether a model has layers of QKeras or HGQ2, and no plain Keras layer that multiplies by a kernel.

    Its other parameters need no quantizer to be on a grid, such as the scale and shift of a `BatchNormalization`, or
    the bias of a `QDense`: the conversion decides layer by layer.
    """
    return has_quantized_layers(model) and not float_layers(model)


def snap_weights(model: Any) -> None:
    """Put the stored weights on their grids. The model computes the same: a quantizer keeps what is on its grid."""
    for layer in all_layers(model):
        for variable, quantizer in layer_quantizers(layer).values():
            if quantizer is not None:
                variable.assign(quantizer(variable.value))


def check_finite(model: Any) -> None:
    """Refuse NaN and infinity in weights.

    Raises:
        InputError: naming the layer and the weight.
    """
    for layer in all_layers(model):
        for variable in layer.weights:
            if not np.isfinite(variable.numpy()).all():
                raise InputError(
                    f"layer {layer.name!r}: {variable.name} must be finite; found NaN or infinity: train again"
                )


def summarize(model: Any, float_model: Any = None) -> list[str]:
    """A line per quantized layer with its fixed-point types.

    Args:
        model: a quantized model.
        float_model: the model it was made from; if given, its batch normalizations are stated as folded or kept.

    Raises:
        QuantizerNotSupportedError: a quantizer has no exact fixed-point type.
    """
    lines = []
    for layer in all_layers(model):
        quantizers = {name: quantizer for name, (_, quantizer) in layer_quantizers(layer).items()}
        if type(layer).__name__ == "QActivation":
            quantizers = {"output": layer.activation}
        types = [
            f"{name} {quantizer_type(quantizer)}" for name, quantizer in quantizers.items() if quantizer is not None
        ]
        if types:
            lines.append(f"{layer.name} ({type(layer).__name__}): {', '.join(types)}")
    names = {layer.name for layer in all_layers(model)}
    for layer in all_layers(float_model) if float_model is not None else ():
        if type(layer).__name__ == "BatchNormalization":
            state = "kept as a scale and a shift" if layer.name in names else "folded into the layer before it"
            lines.append(f"{layer.name} (BatchNormalization): {state}")
    return lines


def _is_quantized(layer: Any) -> bool:
    cell = getattr(layer, "cell", None)  # an `RNN` is what its cells are
    if type(layer).__name__ == "RNN" and cell is not None:
        return all(map(_is_quantized, getattr(cell, "cells", [cell])))
    module = type(layer).__module__
    # What those of `elements` say of an element, they say of a float model's too.
    ours = ("qkeras.", "netloom.quantize.layers.", "hgq.")
    return module.startswith(ours) and module != "netloom.quantize.layers.elements"
