"""Layers with options that no firmware layer has, as several that have: a shape put back, a division as a scale."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from netloom.errors import LayerNotSupportedError
from netloom.quantize.flat import scales
from netloom.quantize.flat.distributed import Cloner
from netloom.quantize.flat.equal import embeddings, layouts, pools, products, recurrences, resizes, spectra
from netloom.quantize.flat.equal.affine import affine
from netloom.quantize.flat.equal.functions import activated, discretized, is_several
from netloom.quantize.flat.equal.parts import Parts

_DENSE_AXES = 3
"""hls4ml's dense layers take no more, the batch aside."""

_WHOLE: dict[str, Callable[[Any, Sequence[Any], Parts], Any]] = {
    **{f"Adaptive{kind}Pooling{rank}D": pools.adaptive for kind in ("Average", "Max") for rank in (1, 2, 3)},
    "CategoryEncoding": embeddings.encoded,
    "CenterCrop": resizes.resized,
    "Discretization": discretized,
    "Dot": products.dot,
    "EinsumDense": products.einsum_dense,
    "IntegerLookup": embeddings.numbered,
    "MelSpectrogram": spectra.mel,
    "RandomCrop": resizes.resized,
    "Resizing": resizes.resized,
    "ReversibleEmbedding": embeddings.looked_up,
    "STFTSpectrogram": spectra.short_time_fourier,
}
"""Layers that are always made of others -> what makes them."""


_BESIDE = {
    "count_weights": "multiply keras.ops.one_hot of the numbers by the weights, and sum over the numbers",
}
"""Arguments of calls of such layers, and what to do instead."""


def check_arguments(kind: str, names: Sequence[str], name: str) -> None:
    """Refuse what a layer that is made of others is called with beside its inputs.

    Args:
        kind: of layer.
        names: of those arguments.
        name: of the layer.

    Raises:
        LayerNotSupportedError: naming the first.
    """
    if kind in _WHOLE and names:
        instead = _BESIDE.get(names[0], "call it with its inputs alone")
        raise LayerNotSupportedError(f"layer {name!r} ({kind}): {names[0]} is not supported: {instead}")


def call_equal(layer: Any, cloner: Cloner, tensors: Sequence[Any], name: str) -> Any:
    """The result of layers that together equal one; None if that is best called as it is.

    Args:
        layer: the user's.
        cloner: what makes the flat model's layers.
        tensors: what it is called on, and nothing else.
        name: of the layer.
    """
    import keras

    kind, tensor = type(layer).__name__, tensors[0]
    parts = Parts(cloner.names, name, f"layer {name!r} ({kind})")
    if kind in _WHOLE:
        return parts.done(_WHOLE[kind](layer, tensors, parts))
    if kind in ("Bidirectional", "QBidirectional", "RNN"):
        return parts.done(recurrences.combined(layer, cloner, tensor, name, parts))
    if hasattr(layer, "cell"):
        return None  # the functions in a cell are no layers behind it
    if getattr(layer, "data_format", None) == "channels_first" and len(tensor.shape) > 2:
        return layouts.channels_last(layer, cloner, tensor, name, parts)
    if layouts.is_normalized_elsewhere(layer, tensor):
        return parts.done(layouts.normalized(layer, tensor, parts))
    if kind == "UpSampling2D" and resizes.is_no_firmware(layer):
        return parts.done(resizes.upsampled(layer, tensor, parts))
    if kind.startswith("Global") and layer.keepdims:
        pooled = type(layer).from_config({**layer.get_config(), "keepdims": False, "name": cloner.names.of(name)})
        shape = layer.compute_output_shape(tensor.shape)[1:]
        return keras.layers.Reshape(shape, name=cloner.names.of(f"{name}_kept"))(pooled(tensor))
    if kind == "Average" and len(tensors) & (len(tensors) - 1):
        total = keras.layers.Add(name=cloner.names.of(f"{name}_sum"))(tensors)
        return affine(total, 1 / len(tensors), 0, cloner.names.of(name), f"layer {name!r} ({kind})")
    if kind in ("Dense", "QDense") and len(tensor.shape) - 1 > _DENSE_AXES:
        rows = keras.layers.Reshape((prod(tensor.shape[1:-1]), tensor.shape[-1]), name=cloner.names.of(f"{name}_rows"))
        clone = cloner.clone(layer, name, shifted=len(tensor.shape) - _DENSE_AXES)
        flat = rows(tensor)
        clone._build_shapes_dict = {"input_shape": tuple(flat.shape)}  # what a saved model is built for when it loads
        shape = (*tensor.shape[1:-1], layer.units)
        return keras.layers.Reshape(shape, name=cloner.names.of(f"{name}_back"))(clone(flat))
    normalizes = kind in ("BatchNormalization", "QBatchNormalization", "GroupNormalization")
    if normalizes and layouts.axes_of(layer.axis, len(tensor.shape)) != (len(tensor.shape) - 1,):
        (axis,) = layouts.axes_of(layer.axis, len(tensor.shape))
        clone = cloner.clone(layer, name, shifted=len(tensor.shape) - 1 - axis)
        clone.axis, clone.input_spec = -1, None

        def compute(last: Any) -> Any:
            clone._build_shapes_dict = {"input_shape": tuple(last.shape)}
            return clone(last)

        return parts.gathered(tensor, (axis,), compute)
    if kind == "QActivation" and scales.is_scaled_input(layer, tensor):
        return scales.quantized_first(layer, cloner, tensor, name)
    activation = getattr(layer, "activation", None)
    if isinstance(activation, keras.Layer):
        clone = cloner.clone(layer, name)
        clone.activation = keras.activations.linear
        return cloner.clone(activation, f"{name}_activation")(clone(*tensors))
    if is_several(activation):
        if kind == "Activation":
            return parts.done(activated(tensor, activation, parts))
        clone = cloner.clone(layer, name)
        clone.activation = keras.activations.linear
        return activated(clone(*tensors), activation, parts)
    return None
