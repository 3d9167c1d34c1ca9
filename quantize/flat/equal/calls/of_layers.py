"""Operations that are layers with constants for their weights: convolutions, pooling, resizing, one-hot rows."""

from collections.abc import Callable
from typing import Any

import numpy as np

from netloom.quantize.flat.equal import embeddings, products, resizes
from netloom.quantize.flat.equal.calls.call import Call


def _rank(call: Call) -> int:
    """Axes of the picture, whose channels come last."""
    import keras

    if (call.operation.data_format or keras.config.image_data_format()) == "channels_first":
        call.refuse("its channels come first: use data_format='channels_last'")
    return len(call.shape) - 2


def _pooled(call: Call) -> Any:
    one, rank = call.operation, _rank(call)
    kind = "AveragePooling" if call.kind == "AveragePool" else "MaxPooling"
    return call.layer(f"{kind}{rank}D", one.pool_size, strides=one.strides, padding=one.padding)


def _convolved(call: Call) -> Any:
    """`conv` and `depthwise_conv` with a constant kernel."""
    import keras

    one, rank, kernel = call.operation, _rank(call), call.constant()
    if kernel is None or call.values[0] is not call.tensors[0]:
        call.refuse("its kernel must be constant: multiply tensors with matmul or einsum")
        raise AssertionError
    options = {"strides": one.strides, "padding": one.padding, "dilation_rate": one.dilation_rate, "use_bias": False}
    name = call.parts.names.of(f"{call.parts.name}_conv")
    if call.kind == "DepthwiseConv":
        if rank > 2:
            call.refuse("over three axes it is no layer: use a convolution with groups")
        kind, options = f"DepthwiseConv{rank}D", {**options, "depth_multiplier": kernel.shape[-1]}
        layer = getattr(keras.layers, kind)(kernel.shape[:rank], **options, name=name)
    else:
        layer = getattr(keras.layers, f"Conv{rank}D")(kernel.shape[-1], kernel.shape[:rank], **options, name=name)
    result = layer(call.tensors[0])
    layer.set_weights([kernel])
    return result


def _resized(call: Call) -> Any:
    """`keras.ops.image.resize`."""
    import keras

    one = call.operation
    _rank(call)
    if one.antialias or one.fill_mode != "constant" or one.fill_value:
        call.refuse("antialias, fill_mode and fill_value have no layer: leave them out")
    layer = keras.layers.Resizing(
        *one.size,
        interpolation=one.interpolation,
        crop_to_aspect_ratio=one.crop_to_aspect_ratio,
        pad_to_aspect_ratio=one.pad_to_aspect_ratio,
    )
    return resizes.resized(layer, call.tensors, call.parts)


def _one_hot(call: Call) -> Any:
    one, (tensor,) = call.operation, call.tensors
    if one.axis not in (-1, len(tensor.shape)):
        call.refuse("its vectors must be the last axis: use axis=-1, and transpose")
    vectors = embeddings.one_hot_vectors(tensor, one.num_classes, call.parts)
    return call.parts.reshape(vectors, (*tensor.shape[1:], one.num_classes))


def _taken(call: Call) -> Any:
    """`take_along_axis` at rows that are computed: the product of their one-hot vectors with all rows.

    As in NumPy, -1 is the last row. One before the first or beyond the last, which TensorFlow refuses, is the nearest.
    """
    if len(call.tensors) != 2:
        call.refuse("of its tensor and its indices one is a constant: use take, or an Embedding")
    tensor, places = call.tensors
    shape, axis = tuple(tensor.shape), call.operation.axis
    if axis is None or axis % len(shape) != 1 or len(shape) > 3:
        call.refuse("it must go along the rows of (samples, rows) or (samples, rows, elements): use axis=1, or reshape")
    if tuple(places.shape[2:]) != (1,) * (len(shape) - 2):
        call.refuse("it must take whole rows: give it indices of shape (samples, count, 1)")
    count, parts = shape[1], call.parts
    places = parts.function(places, "clip", {"x_min": float(-count), "x_max": float(count - 1)})
    places = parts.reshape(parts.function(places, "add", {"x2": float(count)}, "x1"), places.shape[1:2])
    vectors = embeddings.rows_at(places, np.tile(np.eye(count), (2, 1)), parts)
    rows = parts.reshape(tensor, (*shape[1:], 1)[:2])
    return parts.reshape(products.matmul([vectors, rows], parts), (places.shape[1], *shape[2:]))


CALLS: dict[str, Callable[[Call], Any]] = {
    "MaxPool": _pooled,
    "AveragePool": _pooled,
    "Conv": _convolved,
    "DepthwiseConv": _convolved,
    "Resize": _resized,
    "OneHot": _one_hot,
    "TakeAlongAxis": _taken,
}
