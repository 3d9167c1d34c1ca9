"""Sums and products of tensors, and of tensors and constants; batch normalization."""

from dataclasses import replace
from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError, QuantizerNotSupportedError
from netloom.quantize.flat.equal.affine import affine
from netloom.quantize.onnx.attributes import attributes
from netloom.quantize.onnx.edge import Edge
from netloom.quantize.onnx.keras_builder import KerasBuilder
from netloom.quantize.onnx.quant import is_power_of_two
from netloom.quantize.onnx.real import SHORT_BITS_OF_AFFINE, Real, is_short


def build_arithmetic(builder: KerasBuilder, node: Any) -> Edge:
    """Two tensors' sum, difference, product, larger or smaller; with a constant, a scale of one and a shift."""
    import keras

    name = builder.node_name(node)
    if len(node.input) != 2:
        raise LayerNotSupportedError(f"node {name!r}: {node.op_type} of {len(node.input)} tensors; give it two")
    values = [builder.constant(one) for one in node.input]
    if any(value is not None for value in values):
        return _with_constant(builder, node, values)
    if node.op_type == "Div":
        raise LayerNotSupportedError(f"node {name!r}: a quotient of two tensors is not read from ONNX")
    edges = builder.edges_alike(node) if node.op_type == "Add" else [builder.edge(node, index) for index in (0, 1)]
    orders = [edge.order for edge in edges]
    rows = [None if order is None else order.tolist() for order in orders]
    alike = edges[0].last == edges[1].last and rows[0] == rows[1]
    tensors = [edge.tensor if alike else builder.as_in_onnx(name, edge) for edge in edges]
    kind = {"Add": "Add", "Max": "Maximum", "Min": "Minimum", "Mul": "Multiply", "Sub": "Subtract"}[node.op_type]
    result = getattr(keras.layers, kind)(name=builder.name(name))(tensors)
    found = Edge(result, edges[0].last, orders[0]) if alike else Edge(result)
    one, other = (edge.grid for edge in edges)
    if kind not in ("Add", "Subtract") or one is None or other is None:
        return found
    real = edges[0].real
    doubled = None if real is None else replace(real, shift=2 * real.shift)
    return replace(found, grid=one.plus(other, 1 if kind == "Add" else -1), real=doubled)


def _with_constant(builder: KerasBuilder, node: Any, values: list[np.ndarray | None]) -> Edge:
    index = 0 if values[0] is None else 1
    constant = builder.weights(node, node.input[1 - index])
    edge, kind = builder.edge(node, index, real=True), node.op_type
    if kind in ("Max", "Min") or (kind == "Div" and (index == 1 or not constant.all())):
        raise LayerNotSupportedError(
            f"node {builder.node_name(node)!r}: {kind} of a tensor and a constant is not read so; limits are a Clip,"
            " and a tensor is divided by what is not 0"
        )
    scale, shift = {
        "Add": (1.0, constant),
        "Div": (1 / constant if kind == "Div" else 1.0, 0.0),
        "Mul": (constant, 0.0),
        "Sub": (1.0, -constant) if index == 0 else (-1.0, constant),
    }[kind]
    return _scaled(builder, node, edge, scale, shift)


def _scaled(builder: KerasBuilder, node: Any, edge: Edge, scale: Any, shift: Any) -> Edge:
    """A tensor times a scale plus a shift, both as they broadcast in ONNX."""
    name = builder.node_name(node)
    if np.size(scale) == np.size(shift) == 1:
        scale, shift = float(np.reshape(scale, ())), float(np.reshape(shift, ()))
    elif edge.last or edge.order is not None:
        scale, shift = (_in_order(np.asarray(value, np.float64), edge, name) for value in (scale, shift))
    rows = [_a_channel(value, edge.tensor.shape[-1]) for value in (scale, shift)]
    short = all(is_short(np.ravel(value)) for value in (scale, shift))
    by_host = builder.quantized and builder.is_input(edge) and _is_of_the_host(edge, *rows)
    if by_host and rows[0] is not None and rows[1] is not None:
        return replace(edge, real=(edge.real or Real()).then(rows[0], rows[1]))
    if edge.real is not None or (builder.quantized and not short):
        real = edge.real or Real()
        if rows[0] is None or rows[1] is None or edge.grid is None or not real.takes(rows[0], rows[1]):
            raise QuantizerNotSupportedError(
                f"node {name!r}: its numbers take more than {SHORT_BITS_OF_AFFINE} bits, or what it takes does; that is"
                " left to the next quantizer only channel by channel, behind a quantizer, and before a ReLU"
            )
        real = real.then(rows[0], rows[1])
        return replace(edge, real=None if real.plain else real)
    result = affine(edge.tensor, scale, shift, builder.name(name), f"node {name!r}")
    grid = None
    if builder.quantized and edge.grid is not None and rows[0] is not None and rows[1] is not None:
        grid = edge.grid.moved(Real(rows[0], rows[1]))
    return replace(edge, tensor=result, grid=grid)


def _is_of_the_host(edge: Edge, scale: np.ndarray | None, shift: np.ndarray | None) -> bool:
    """Whether the quantizer of an input may take over a scale and a shift: float32 rounds once, with it or without."""
    if scale is None or shift is None or scale.size > 1 or shift.size > 1:
        return False
    return is_power_of_two(scale) and not (edge.real is not None and edge.real.shift.any() and shift.any())


def _a_channel(value: Any, channels: int) -> np.ndarray | None:
    """A constant as one number, or one a channel; None if it differs otherwise."""
    rows = np.asarray(value, np.float64)
    if rows.size == 1:
        return rows.reshape(1)
    if rows.shape[-1] not in (1, channels) or (rows != rows.reshape(-1, rows.shape[-1])[0]).any():
        return None
    return np.broadcast_to(rows.reshape(-1, rows.shape[-1])[0], (channels,))


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


def build_batch_normalization(builder: KerasBuilder, node: Any) -> Edge:
    """The scale and the shift that it is in inference."""
    edge = builder.edge(node, real=True)
    if len(edge.tensor.shape) > 2:
        grid = edge.grid if edge.last or edge.grid is None else edge.grid.uniform
        edge = Edge(builder.channels_last(node, edge), True, None, grid, edge.real)
    gamma, beta, mean, variance = (builder.weights(node, name) for name in node.input[1:5])
    scale = gamma / np.sqrt(variance + attributes(node).get("epsilon", 1e-5))
    axes = (1, -1, *(1,) * (len(edge.tensor.shape) - 2))
    return _scaled(builder, node, edge, scale.reshape(axes), (beta - mean * scale).reshape(axes))
