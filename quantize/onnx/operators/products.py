"""Matrix products."""

from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError, QuantizerNotSupportedError
from netloom.quantize.onnx.attributes import attributes
from netloom.quantize.onnx.edge import Edge
from netloom.quantize.onnx.keras_builder import KerasBuilder
from netloom.quantize.onnx.real import Grid, Real
from netloom.quantize.smallest_grid import is_fixed, smallest_grid


def build_matmul(builder: KerasBuilder, node: Any) -> Edge:
    """A dense layer, a bias added after it included."""
    kernel, steps = builder.kernel(node, node.input[1], -1)
    bias, last = _added(builder, node, kernel.shape[-1])
    return _dense(builder, node, kernel, steps, bias, last)


def build_gemm(builder: KerasBuilder, node: Any) -> Edge:
    """A dense layer."""
    given = attributes(node)
    kernel, steps = builder.kernel(node, node.input[1], 0 if given.get("transB", 0) else -1)
    if given.get("alpha", 1) != 1 or given.get("beta", 1) != 1 or given.get("transA", 0):
        raise LayerNotSupportedError(f"node {builder.node_name(node)!r}: alpha and beta must be 1, and transA 0")
    kernel = kernel.T if given.get("transB", 0) else kernel
    if len(node.input) < 3:
        bias, last = _added(builder, node, kernel.shape[-1])
    else:
        bias, last = np.broadcast_to(builder.weights(node, node.input[2]), (1, kernel.shape[1]))[0], node
    return _dense(builder, node, kernel, steps, bias, last)


def _dense(
    builder: KerasBuilder, node: Any, kernel: np.ndarray, steps: np.ndarray | None, bias: np.ndarray | None, last: Any
) -> Edge:
    edge, name = builder.edge(node, real=True), builder.node_name(node)
    if kernel.ndim != 2:
        raise LayerNotSupportedError(f"node {name!r}: its weights must be a matrix, not of shape {kernel.shape}")
    tensor = edge.tensor if edge.order is not None else builder.as_in_onnx(name, edge)
    kernel = kernel if edge.order is None else kernel[edge.order]
    inside, real = split(builder, node, edge, kernel, steps, bias)
    layer = builder.weighted("Dense", {"kernel": (node, kernel), "bias": (last, inside)}, kernel.shape[1], name=name)
    grid = sum_grid(builder, edge, kernel, inside, False)
    result = Edge(layer(tensor), grid=grid, real=real)
    layer.set_weights([kernel] if inside is None else [kernel, inside])
    builder.edges[last.output[0]] = result
    return result


def split(
    builder: KerasBuilder, node: Any, edge: Edge, kernel: np.ndarray, steps: np.ndarray | None, bias: np.ndarray | None
) -> tuple[np.ndarray | None, Real | None]:
    """What of a product is in its layer, and what is left to the next quantizer.

    Args:
        builder: of the model.
        node: the product.
        edge: what it takes.
        kernel: (inputs, outputs), or for a convolution (..., outputs).
        steps: of the kernel, an output each, or None.
        bias: an output each, or None.

    Returns:
        The bias that is in the layer; and what its result stands for.

    Raises:
        QuantizerNotSupportedError: if its inputs have a step a channel, or are the network's and not quantized.
    """
    if builder.quantized and builder.is_input(edge):
        raise QuantizerNotSupportedError(
            f"node {builder.node_name(node)!r}: no quantizer reads the network's input before it; put a Quant there,"
            " or say the type of its values: --input-type 'fixed<16,6>'"
        )
    if edge.real is None and steps is None and (bias is None or not builder.quantized or is_fixed(bias)):
        return bias, None
    real, name = edge.real or Real(), builder.node_name(node)
    if real.limited or not real.single:
        raise QuantizerNotSupportedError(
            f"node {name!r}: its input has a scale a channel, or limits, and no quantizer after that; put one before it"
        )
    columns = kernel.reshape(-1, kernel.shape[-1]) * (1.0 if steps is None else steps)
    shift = columns.sum(0) * float(real.shift.flat[0]) + (0.0 if bias is None else bias)
    scale = real.scale.flat[0] * (np.ones(1) if steps is None else steps)
    return None, Real(scale, shift, count=real.count)


def sum_grid(
    builder: KerasBuilder, edge: Edge, kernel: np.ndarray, bias: np.ndarray | None, zeros: bool
) -> Grid | None:
    """Where sums of products lie: every column of the kernel with the inputs' least and greatest."""
    if edge.grid is None or not builder.quantized:
        return None
    low, high = int(edge.grid.low.min()), int(edge.grid.high.max())
    if zeros:
        low, high = min(low, 0), max(high, 0)
    columns = kernel.reshape(-1, kernel.shape[-1])
    step = smallest_grid(columns, "").step
    up, down = (np.rint(part.sum(0) / step) for part in (np.maximum(columns, 0), np.minimum(columns, 0)))
    grid = Grid.of(edge.grid.step * step, up * low + down * high, up * high + down * low)
    return grid if bias is None else grid.moved(Real(np.ones(1), bias))


def _added(builder: KerasBuilder, node: Any, channels: int) -> tuple[np.ndarray | None, Any]:
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
