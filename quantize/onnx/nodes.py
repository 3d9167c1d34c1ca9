"""`BUILDERS`: what every ONNX operator that is read becomes in Keras."""

from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError
from netloom.quantize.onnx.graph import Builder, Edge, NodeBuilder, attributes
from netloom.quantize.onnx.pictures import (
    build_average_pool,
    build_concat,
    build_conv,
    build_global_average_pool,
    build_max_pool,
)
from netloom.quantize.onnx.quant import QUANT_OPERATORS, activation_type
from netloom.quantize.quantizers import type_quantizer


def build_quant(builder: Builder, node: Any) -> Edge:
    """A `QActivation`."""
    from qkeras import QActivation

    given = attributes(node)
    scale, _, bits = (builder.weights(node, name) for name in node.input[1:4])
    mode = given.get("rounding_mode", b"ROUND").decode()
    type_ = activation_type(
        builder.node_name(node), scale, int(bits), bool(given.get("signed", 1)), bool(given.get("narrow", 0)), mode
    )
    edge = builder.edge(node)
    return _changed(edge, QActivation(type_quantizer(type_), name=builder.name(builder.node_name(node)))(edge.tensor))


def build_relu(builder: Builder, node: Any) -> Edge:
    """A `ReLU`."""
    import keras

    edge = builder.edge(node)
    return _changed(edge, keras.layers.ReLU(name=builder.name(builder.node_name(node)))(edge.tensor))


def build_same(builder: Builder, node: Any) -> Edge:
    """Nothing: what does nothing in inference."""
    return builder.edge(node)


def build_dropout(builder: Builder, node: Any) -> Edge:
    """Nothing, unless it is told that this is training."""
    if len(node.input) > 2 and node.input[2] and builder.weights(node, node.input[2]).any():
        raise LayerNotSupportedError(
            f"node {builder.node_name(node)!r}: a dropout that drops; export the model for inference"
        )
    return builder.edge(node)


def build_matmul(builder: Builder, node: Any) -> Edge:
    """A `QDense`, a bias added after it included."""
    kernel = builder.weights(node, node.input[1])
    bias, last = _added(builder, node, kernel.shape[-1])
    return _dense(builder, node, kernel, bias, last)


def build_gemm(builder: Builder, node: Any) -> Edge:
    """A `QDense`."""
    given = attributes(node)
    kernel = builder.weights(node, node.input[1])
    if given.get("alpha", 1) != 1 or given.get("beta", 1) != 1 or given.get("transA", 0):
        raise LayerNotSupportedError(f"node {builder.node_name(node)!r}: alpha and beta must be 1, and transA 0")
    kernel = kernel.T if given.get("transB", 0) else kernel
    if len(node.input) < 3:
        bias, last = _added(builder, node, kernel.shape[-1])
    else:
        bias, last = np.broadcast_to(builder.weights(node, node.input[2]), (1, kernel.shape[1]))[0], node
    return _dense(builder, node, kernel, bias, last)


def _dense(builder: Builder, node: Any, kernel: np.ndarray, bias: np.ndarray | None, last: Any) -> Edge:
    from qkeras import QDense

    edge, name = builder.edge(node), builder.node_name(node)
    if kernel.ndim != 2:
        raise LayerNotSupportedError(f"node {name!r}: its weights must be a matrix, not of shape {kernel.shape}")
    tensor = edge.tensor if edge.order is not None else builder.as_in_onnx(name, edge)
    kernel = kernel if edge.order is None else kernel[edge.order]
    layer = QDense(
        kernel.shape[1],
        kernel_quantizer=builder.quantizer(node, kernel, "weights"),
        bias_quantizer=None if bias is None else builder.quantizer(last, bias, "bias"),
        use_bias=bias is not None,
        name=builder.name(name),
    )
    result = Edge(layer(tensor))
    layer.set_weights([kernel] if bias is None else [kernel, bias])
    builder.edges[last.output[0]] = result
    return result


def _added(builder: Builder, node: Any, channels: int) -> tuple[np.ndarray | None, Any]:
    """A constant, one a channel, that the next node adds, and that node; or None, and the node itself."""
    after = builder.alone(node, "Add")
    if after is None:
        return None, node
    values = [builder.constant(name) for name in after.input]
    constant = next((value for value in values if value is not None), None)
    if constant is None or constant.size not in (1, constant.shape[-1] if constant.ndim else 1):
        return None, node
    if constant.size not in (1, channels):
        return None, node
    return np.broadcast_to(constant.ravel(), (channels,)).copy(), after


def build_add(builder: Builder, node: Any) -> Edge:
    """An `Add` of two tensors; a constant is a scale of one and a shift."""
    import keras

    name = builder.node_name(node)
    values = [builder.constant(one) for one in node.input]
    if any(value is not None for value in values):
        return _affine(builder, node, values, False)
    edges = [builder.edge(node, index) for index in (0, 1)]
    orders = [edge.order for edge in edges]
    rows = [None if order is None else order.tolist() for order in orders]
    alike = edges[0].last == edges[1].last and rows[0] == rows[1]
    tensors = [edge.tensor if alike else builder.as_in_onnx(name, edge) for edge in edges]
    result = keras.layers.Add(name=builder.name(name))(tensors)
    return Edge(result, edges[0].last, orders[0]) if alike else Edge(result)


def build_multiply(builder: Builder, node: Any) -> Edge:
    """A constant scale."""
    values = [builder.constant(one) for one in node.input]
    if all(value is None for value in values):
        raise LayerNotSupportedError(
            f"node {builder.node_name(node)!r}: a product of two tensors is not read from ONNX"
        )
    return _affine(builder, node, values, True)


def _affine(builder: Builder, node: Any, values: list[np.ndarray | None], scales: bool) -> Edge:
    index = 0 if values[0] is None else 1
    constant = builder.weights(node, node.input[1 - index])
    return _scaled(builder, node, builder.edge(node, index), *((constant, 0.0) if scales else (1.0, constant)))


def _scaled(builder: Builder, node: Any, edge: Edge, scale: Any, shift: Any) -> Edge:
    """A tensor times a scale plus a shift, both as they broadcast in ONNX."""
    from netloom.quantize.flat.equal.affine import affine

    name = builder.node_name(node)
    if np.size(scale) == np.size(shift) == 1:
        scale, shift = float(np.reshape(scale, ())), float(np.reshape(shift, ()))
    elif edge.last or edge.order is not None:
        scale, shift = (_in_order(np.asarray(value, np.float64), edge, name) for value in (scale, shift))
    return _changed(edge, affine(edge.tensor, scale, shift, builder.name(name), f"node {name!r}"))


def _in_order(value: np.ndarray, edge: Edge, name: str) -> np.ndarray:
    """A constant of ONNX as it meets the elements in Keras."""
    if value.ndim == 0:
        return value
    if edge.order is not None:
        return np.broadcast_to(value, (1, edge.order.size))[:, edge.order]
    *spatial, channels = edge.tensor.shape[1:]
    try:
        whole = np.broadcast_to(value, (1, channels, *spatial))
    except ValueError:
        raise LayerNotSupportedError(f"node {name!r}: a constant of shape {value.shape} fits no channel") from None
    return np.moveaxis(whole, 1, -1)


def build_batch_normalization(builder: Builder, node: Any) -> Edge:
    """The scale and the shift that it is in inference."""
    edge = builder.edge(node)
    gamma, beta, mean, variance = (builder.weights(node, name) for name in node.input[1:5])
    scale = gamma / np.sqrt(variance + attributes(node).get("epsilon", 1e-5))
    axes = (1, -1, *(1,) * (len(edge.tensor.shape) - 2))
    return _scaled(builder, node, edge, scale.reshape(axes), (beta - mean * scale).reshape(axes))


def build_flatten(builder: Builder, node: Any) -> Edge:
    """A row of all elements; those of a picture stay where Keras has them, and whoever reads them knows."""
    import keras

    edge, name = builder.edge(node), builder.node_name(node)
    if attributes(node).get("axis", 1) != 1:
        raise LayerNotSupportedError(f"node {name!r}: axis must be 1")
    *spatial, channels = edge.tensor.shape[1:]
    order = edge.order
    if edge.last:
        places = np.arange(int(np.prod(spatial)) * channels).reshape(channels, *spatial)
        order = np.moveaxis(places, 0, -1).ravel()
        order = None if (order == np.arange(order.size)).all() else order
    return Edge(keras.layers.Flatten(name=builder.name(name))(edge.tensor), order=order)


def build_reshape(builder: Builder, node: Any) -> Edge:
    """A `Flatten`, or a `Reshape` of each sample."""
    import keras

    name, edge = builder.node_name(node), builder.edge(node)
    target = [int(size) for size in builder.weights(node, node.input[1])]
    size = int(np.prod(edge.tensor.shape[1:]))
    if target[1:] in ([-1], [size]):
        return build_flatten(builder, node)
    if target[0] not in (0, 1, -1) or any(one < 1 for one in target[1:]):
        raise LayerNotSupportedError(f"node {name!r}: shape {target} must keep the axis of samples, and say every size")
    return Edge(keras.layers.Reshape(tuple(target[1:]), name=builder.name(name))(builder.as_in_onnx(name, edge)))


def build_transpose(builder: Builder, node: Any) -> Edge:
    """A `Permute`."""
    import keras

    name, edge = builder.node_name(node), builder.edge(node)
    axes = list(attributes(node).get("perm", reversed(range(len(edge.tensor.shape)))))
    if axes[0] != 0:
        raise LayerNotSupportedError(f"node {name!r}: perm {axes} moves the axis of samples")
    return Edge(keras.layers.Permute(tuple(axes[1:]), name=builder.name(name))(builder.as_in_onnx(name, edge)))


def _changed(edge: Edge, tensor: Any) -> Edge:
    return Edge(tensor, edge.last, edge.order)


BUILDERS: dict[str, NodeBuilder] = {
    "Add": build_add,
    "AveragePool": build_average_pool,
    "BatchNormalization": build_batch_normalization,
    "Concat": build_concat,
    "Conv": build_conv,
    "Dropout": build_dropout,
    "Flatten": build_flatten,
    "Gemm": build_gemm,
    "GlobalAveragePool": build_global_average_pool,
    "Identity": build_same,
    "MatMul": build_matmul,
    "MaxPool": build_max_pool,
    "Mul": build_multiply,
    "Relu": build_relu,
    "Reshape": build_reshape,
    "Transpose": build_transpose,
}

QUANTIZERS: dict[str, NodeBuilder] = dict.fromkeys(QUANT_OPERATORS, build_quant)

_WINDOW = ("auto_pad", "dilations", "kernel_shape", "pads", "strides")
_IDLE_IN_POOLS = ("count_include_pad", "storage_order")
"""Nothing is padded there, and no index is given."""

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "AveragePool": (*_WINDOW, "ceil_mode", *_IDLE_IN_POOLS),
    "BatchNormalization": ("epsilon", "momentum"),
    "Concat": ("axis",),
    "Conv": (*_WINDOW, "group"),
    "Dropout": ("ratio", "seed"),
    "Flatten": ("axis",),
    "Gemm": ("alpha", "beta", "transA", "transB"),
    "MaxPool": (*_WINDOW, "ceil_mode", *_IDLE_IN_POOLS),
    "Transpose": ("perm",),
    **dict.fromkeys(QUANT_OPERATORS, ("narrow", "rounding_mode", "signed")),
}
"""Attributes of each operator that its builder reads, or that mean nothing in inference; others keep their default."""
