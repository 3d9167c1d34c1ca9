"""What a QKeras model means: the same layers in double precision, their weights as QKeras quantizes them.

QKeras computes in float32. Sums of more than 24 bits are rounded there, and a compiled `predict` rewrites expressions
besides; in float64 every sum of a network that converts is exact.
"""

import functools
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from netloom.quantize.double import double_precision, in_float64
from netloom.quantize.files.hdf5 import unregistered

_WEIGHTS = {
    "kernel": "kernel",
    "recurrent": "recurrent_kernel",
    "depthwise": "depthwise_kernel",
    "pointwise": "pointwise_kernel",
    "bias": "bias",
    "gamma": "gamma",
    "beta": "beta",
    "mean": "moving_mean",
    "variance": "moving_variance",
}
"""QKeras's name of a quantizer -> the variable it quantizes."""

_ACTIVATIONS = ("activation", "recurrent_activation", "state_quantizer_internal")
"""Where a layer has quantizers of what it computes."""


def exact_model(model: Any) -> Any:
    """A copy of a QKeras model that computes in float64; to be called eagerly, within `double_precision`.

    Its quantized weights are the very numbers that the original computes with: a scale that QKeras finds from the data
    (`auto_po2`) is found in float32 there.
    """
    import keras

    with double_precision():
        copy = type(model).from_config(in_float64(model.get_config()), custom_objects=unregistered())
    for layer, twin in zip(model.layers, copy.layers, strict=True):
        twin.set_weights(layer.get_weights())  # layer by layer: two may share what the copies have each of their own
        layer, twin = (getattr(one, "cell", one) for one in (layer, twin))  # of a recurrent layer
        _fix_weights(layer, twin)
        if getattr(layer, "_mask", None) is not None:
            twin._mask = keras.ops.cast(layer._mask, "float64")
        for place in _ACTIVATIONS:
            function = getattr(twin, place, None)
            if type(function).__name__ == "quantized_relu":
                setattr(twin, place, _wide_relu(function))
        if type(twin).__name__ in ("MaxPooling3D", "AveragePooling3D"):
            twin.call = functools.partial(_pooled, twin)
    return copy


def _fix_weights(layer: Any, twin: Any) -> None:
    """Let each weight quantizer of `twin` give what the one of `layer` gives."""
    folds = hasattr(layer, "get_folded_weights")
    folded = dict(zip(("kernel", "depthwise", "bias"), _folded(layer), strict=True)) if folds else {}
    for prefix, variable in _WEIGHTS.items():
        quantizer = getattr(layer, f"{prefix}_quantizer_internal", None)
        stored = folded.get(prefix, getattr(layer, variable, None))
        if quantizer is not None and stored is not None:
            setattr(twin, f"{prefix}_quantizer_internal", _constant(quantizer(stored)))


def _folded(layer: Any) -> tuple[Any, Any, Any]:
    """Kernel (under both its names) and bias, a batch normalization folded into them."""
    kernel, bias = layer.get_folded_weights()
    return kernel, kernel, bias


def _constant(value: Any) -> Callable[[Any], Any]:
    import keras

    constant = keras.ops.cast(value, "float64")
    # One-dimensional separable convolutions quantize their kernels with an axis more.
    return lambda weight: keras.ops.reshape(constant, weight.shape)


def _pooled(layer: Any, inputs: Any) -> Any:
    """What a pooling over three axes gives, which TensorFlow has in float32 only: a slice for each of its elements."""
    from keras import ops

    average = type(layer).__name__ == "AveragePooling3D"
    positions = layer.compute_output_shape(inputs.shape)[1:-1]
    edges, counts = [(0, 0)], []
    for length, count, size, step in zip(inputs.shape[1:-1], positions, layer.pool_size, layer.strides, strict=True):
        missing = max((count - 1) * step + size - length, 0)
        edges.append((missing // 2, missing - missing // 2))
        start = np.arange(count) * step - missing // 2
        counts.append(np.minimum(start + size, length) - np.maximum(start, 0))
    padded = ops.pad(inputs, [*edges, (0, 0)], constant_values=0 if average else -np.inf)
    slices = [
        padded[
            :,
            *(
                slice(first, first + (count - 1) * step + 1, step)
                for first, count, step in zip(offset, positions, layer.strides, strict=True)
            ),
        ]
        for offset in itertools.product(*map(range, layer.pool_size))
    ]
    if not average:
        return functools.reduce(ops.maximum, slices)
    inside = functools.reduce(np.multiply.outer, counts)
    return functools.reduce(ops.add, slices) / ops.cast(inside[None, ..., None], inputs.dtype)


def _wide_relu(quantizer: Any) -> Callable[[Any], Any]:
    """QKeras's `quantized_relu` without its cast to float32, where a fixed-point type equals it; else itself."""
    from netloom.errors import QuantizerNotSupportedError
    from netloom.quantize.quantizer_types import quantizer_type

    try:
        type_ = quantizer_type(quantizer)
    except QuantizerNotSupportedError:
        return quantizer
    import keras

    def relu(x: Any) -> Any:
        raw = keras.ops.round(keras.ops.cast(x, "float64") * 2.0**type_.fraction)
        return keras.ops.clip(raw, type_.raw_min, type_.raw_max) * type_.step

    return relu
