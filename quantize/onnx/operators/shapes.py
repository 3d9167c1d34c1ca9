"""What moves values."""

from dataclasses import replace
from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError
from netloom.quantize.onnx.attributes import attributes
from netloom.quantize.onnx.edge import Edge
from netloom.quantize.onnx.keras_builder import KerasBuilder


def build_flatten(builder: KerasBuilder, node: Any) -> Edge:
    """A row of all elements; those of a picture stay where Keras has them, and whoever reads them knows."""
    edge, name = builder.edge(node, real=True), builder.node_name(node)
    if attributes(node).get("axis", 1) not in (1, 1 - len(edge.tensor.shape)):
        raise LayerNotSupportedError(f"node {name!r}: axis must be 1")
    return _row(builder, node)


def _row(builder: KerasBuilder, node: Any) -> Edge:
    import keras

    edge = builder.single(node)
    *spatial, channels = edge.tensor.shape[1:]
    order = edge.order
    if edge.last:
        places = np.arange(int(np.prod(spatial)) * channels).reshape(channels, *spatial)
        order = np.moveaxis(places, 0, -1).ravel()
        order = None if (order == np.arange(order.size)).all() else order
    return replace(edge, tensor=keras.layers.Flatten(name=builder.name_of(node))(edge.tensor), last=False, order=order)


def build_reshape(builder: KerasBuilder, node: Any) -> Edge:
    """A `Flatten`, or a `Reshape` of each sample; axes of one element added or left out are that too."""
    import keras

    name, edge = builder.node_name(node), builder.single(node)
    shape = [int(size) for size in builder.wrapped.get_tensor_shape(node.output[0])]
    if len(shape) < 2 or shape[0] != 1 or 0 in shape:
        raise LayerNotSupportedError(f"node {name!r}: shape {shape} must keep the axis of samples")
    if len(shape) == 2:
        return _row(builder, node)
    layer = keras.layers.Reshape(tuple(shape[1:]), name=builder.name(name))
    return replace(edge, tensor=layer(builder.as_in_onnx(name, edge)), last=False)


def build_transpose(builder: KerasBuilder, node: Any) -> Edge:
    """Nothing, where it moves the channels to where Keras's tensor has them, or from there; else a `Permute`."""
    import keras

    name, edge = builder.node_name(node), builder.edge(node, real=True)
    rank = len(edge.tensor.shape)
    axes = list(attributes(node).get("perm", reversed(range(rank))))
    if axes[0] != 0:
        raise LayerNotSupportedError(f"node {name!r}: perm {axes} moves the axis of samples")
    first, last = [0, rank - 1, *range(1, rank - 1)], [0, *range(2, rank), 1]
    if rank > 2 and axes == (last if edge.last else first):
        return replace(edge, last=not edge.last)
    edge = builder.single(node)
    layer = keras.layers.Permute(tuple(axes[1:]), name=builder.name(name))
    return replace(edge, tensor=layer(builder.as_in_onnx(name, edge)), last=False)


def build_depth_to_space(builder: KerasBuilder, node: Any) -> Edge:
    """Channels side by side in the picture, in squares: `Reshape`, `Permute`, `Reshape`."""
    import keras

    name, given, edge = builder.node_name(node), attributes(node), builder.single(node)
    picture = builder.channels_last(node, edge)
    height, width, channels = picture.shape[1:]
    size = given["blocksize"]
    left, first = channels // size**2, given.get("mode", b"DCR") == b"CRD"
    # CRD has the channels that are left before the places in the square, DCR behind them.
    split, axes = ((left, size, size), (1, 4, 2, 5, 3)) if first else ((size, size, left), (1, 3, 2, 4, 5))
    tensor = keras.layers.Reshape((height, width, *split), name=builder.name(f"{name}_split"))(picture)
    tensor = keras.layers.Permute(axes, name=builder.name(f"{name}_squares"))(tensor)
    result = keras.layers.Reshape((height * size, width * size, left), name=builder.name(name))(tensor)
    return replace(edge, tensor=result, last=True)
