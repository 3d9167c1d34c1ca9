"""Functions of one value, and softmax."""

from dataclasses import replace
from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError
from netloom.quantize.onnx.attributes import attributes
from netloom.quantize.onnx.edge import Edge
from netloom.quantize.onnx.keras_builder import KerasBuilder

ACTIVATION_OPERATORS = {
    "Exp": "exponential",
    "Mish": "mish",
    "Relu": "relu",
    "Selu": "selu",
    "Sigmoid": "sigmoid",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Tanh": "tanh",
}
"""Operators without attributes that are an activation of Keras."""

FUNCTION_OPERATORS = {
    "Ceil": "ceil",
    "Cos": "cos",
    "Erf": "erf",
    "Floor": "floor",
    "Log": "log",
    "Reciprocal": "reciprocal",
    "Round": "round",
    "Sign": "sign",
    "Sin": "sin",
    "Sqrt": "sqrt",
}
"""Likewise a function of `keras.ops`."""

_SIXTH = 1e-4
"""As near to a sixth as exporters write it."""


def build_activation(builder: KerasBuilder, node: Any) -> Edge:
    """An `Activation`."""
    import keras

    if node.op_type == "Relu":
        return _limited(builder, node, 0.0, None)
    return builder.changed(
        node, keras.layers.Activation(ACTIVATION_OPERATORS[node.op_type], name=builder.name_of(node))
    )


def _limited(builder: KerasBuilder, node: Any, low: float | None, high: float | None) -> Edge:
    """A `ReLU`; of values that the next quantizer settles, limits for that."""
    import keras

    edge = builder.edge(node, real=True)
    ends = -np.inf if low is None else low, np.inf if high is None else high
    if edge.real is not None and not edge.real.short:
        return replace(edge, real=edge.real.between(*ends))
    edge = builder.edge(node)
    layer = keras.layers.ReLU(max_value=high, name=builder.name_of(node))
    grid = None if edge.grid is None or not edge.grid.has(high) else edge.grid.limited(*ends)
    return replace(edge, tensor=layer(edge.tensor), grid=grid)


def build_function(builder: KerasBuilder, node: Any) -> Edge:
    """A `Function`."""
    from netloom.quantize.layers import Function

    return builder.changed(node, Function(FUNCTION_OPERATORS[node.op_type], name=builder.name_of(node)))


def build_elu(builder: KerasBuilder, node: Any) -> Edge:
    """An `ELU`."""
    import keras

    return builder.changed(node, keras.layers.ELU(attributes(node).get("alpha", 1.0), name=builder.name_of(node)))


def build_leaky_relu(builder: KerasBuilder, node: Any) -> Edge:
    """A `LeakyReLU`."""
    import keras

    slope = attributes(node).get("alpha", 0.01)
    return builder.changed(node, keras.layers.LeakyReLU(slope, name=builder.name_of(node)))


def build_prelu(builder: KerasBuilder, node: Any) -> Edge:
    """A `PReLU` with one slope, or one a channel."""
    import keras

    edge, slopes = builder.edge(node), builder.weights(node, node.input[1])
    channels = edge.tensor.shape[-1 if edge.last else 1]
    if slopes.size not in (1, channels) or edge.order is not None:
        raise LayerNotSupportedError(
            f"node {builder.node_name(node)!r}: slopes of shape {slopes.shape} must be one, or one a channel"
        )
    rank = len(edge.tensor.shape) - 1
    axis = rank if edge.last else 1
    layer = keras.layers.PReLU(
        shared_axes=[one for one in range(1, rank + 1) if one != axis], name=builder.name_of(node)
    )
    result = builder.changed(node, layer)
    shape = layer.alpha.shape
    layer.set_weights([np.broadcast_to(slopes.ravel(), (channels,)).reshape(shape)])
    return result


def build_hard_sigmoid(builder: KerasBuilder, node: Any) -> Edge:
    """Keras's `hard_sigmoid`, whose slope is a sixth."""
    given, name = attributes(node), builder.node_name(node)
    slope, offset = given.get("alpha", 0.2), given.get("beta", 0.5)
    if abs(slope - 1 / 6) > _SIXTH or offset != 0.5:
        raise LayerNotSupportedError(
            f"node {name!r}: alpha={slope:g} and beta={offset:g} must be 1/6 and 0.5, as torch and Keras have them"
        )
    return _named(builder, node, "hard_sigmoid")


def build_hard_swish(builder: KerasBuilder, node: Any) -> Edge:
    """Keras's `hard_silu`."""
    return _named(builder, node, "hard_silu")


def build_gelu(builder: KerasBuilder, node: Any) -> Edge:
    """A `Function`, by tanh or exact."""
    from netloom.quantize.layers import Function

    by_tanh = attributes(node).get("approximate", b"none") == b"tanh"
    return builder.changed(node, Function("gelu", {"approximate": by_tanh}, name=builder.name_of(node)))


def build_clip(builder: KerasBuilder, node: Any) -> Edge:
    """A `ReLU` with a bound, where it begins at 0; else a `Function`."""
    from netloom.quantize.layers import Function

    given = attributes(node)
    limits = [given.get("min"), given.get("max")]
    for index, name in enumerate(node.input[1:3]):
        if name:
            limits[index] = float(np.reshape(builder.weights(node, name), ()))
    low, high = (None if one is None or abs(one) >= np.finfo(np.float32).max else float(one) for one in limits)
    if low is None and high is None:
        return builder.edge(node, real=True)
    real = builder.edge(node, real=True).real
    if low == 0 or (real is not None and not real.short):
        return _limited(builder, node, low, high)
    if low is not None and high is not None:
        layer = Function("clip", {"x_min": low, "x_max": high}, name=builder.name_of(node))
    elif low is not None:
        layer = Function("maximum", {"x2": low}, "x1", name=builder.name_of(node))
    else:
        layer = Function("minimum", {"x2": high}, "x1", name=builder.name_of(node))
    return builder.changed(node, layer)


def build_softmax(builder: KerasBuilder, node: Any) -> Edge:
    """A `Softmax`."""
    import keras

    name, edge = builder.node_name(node), builder.edge(node)
    rank = len(edge.tensor.shape)
    axis = attributes(node).get("axis", -1 if builder.opset >= 13 else 1)
    axis = axis + rank if axis < 0 else axis
    if axis < 1 or edge.order is not None or (builder.opset < 13 and axis != rank - 1):
        raise LayerNotSupportedError(f"node {name!r}: axis={axis} of {rank} cannot be read; take the last")
    if edge.last:
        axis = rank - 1 if axis == 1 else axis - 1
    return builder.changed(node, keras.layers.Softmax(axis=axis, name=builder.name_of(node)))


def _named(builder: KerasBuilder, node: Any, function: str) -> Edge:
    import keras

    return builder.changed(node, keras.layers.Activation(function, name=builder.name_of(node)))
