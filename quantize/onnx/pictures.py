"""Operators on pictures and sequences: convolutions, pooling, channels joined. Their channels are last in Keras."""

from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError
from netloom.quantize.onnx.graph import Builder, Edge, attributes, whole


def build_conv(builder: Builder, node: Any) -> Edge:
    """A `QConv` or, with a group a channel, a `QDepthwiseConv`, zeros around it a layer of their own if need be."""
    import qkeras

    name, given = builder.node_name(node), attributes(node)
    kernel = builder.weights(node, node.input[1])
    rank = kernel.ndim - 2
    if rank not in (1, 2):
        raise LayerNotSupportedError(f"node {name!r}: a convolution over {rank} axes; over 1 and 2 are read")
    group, size = given.get("group", 1), kernel.shape[2:]
    strides, dilations = (whole(given.get(one), rank, 1) for one in ("strides", "dilations"))
    bias = builder.weights(node, node.input[2]) if len(node.input) > 2 else None
    tensor = builder.channels_last(node, builder.edge(node))
    tensor, padding = _padded(builder, node, tensor, _pads(node, rank), size, strides, dilations)
    values = np.moveaxis(kernel, (0, 1), (-1, -2))
    depthwise = group > 1 and group == tensor.shape[-1]
    options: dict[str, Any] = {"padding": padding, "strides": strides, "dilation_rate": dilations}
    if rank == 1:
        options = {key: value if key == "padding" else value[0] for key, value in options.items()}
    options |= {
        "use_bias": bias is not None,
        "bias_quantizer": None if bias is None else builder.quantizer(node, bias, "bias"),
        "name": builder.name(name),
    }
    quantizer = builder.quantizer(node, kernel, "weights")
    if depthwise:
        # (*kernel, 1, C * m) as (*kernel, C, m): ONNX has the results of a channel side by side, as Keras has.
        values = values.reshape(*size, group, kernel.shape[0] // group)
        kind = getattr(qkeras, f"QDepthwiseConv{rank}D", None)
        if kind is None:
            raise LayerNotSupportedError(f"node {name!r}: a depthwise convolution over one axis is not read from ONNX")
        options |= {"depthwise_quantizer": quantizer, "depth_multiplier": kernel.shape[0] // group}
        layer = kind(size, **options)
    else:
        kind = getattr(qkeras, f"QConv{rank}D")
        layer = kind(kernel.shape[0], size, kernel_quantizer=quantizer, groups=group, **options)
    result = layer(tensor)
    layer.set_weights([values] if bias is None else [values, bias])
    return Edge(result, last=True)


def _pads(node: Any, rank: int) -> list[tuple[int, int]]:
    pads = whole(attributes(node).get("pads"), 2 * rank, 0)
    return [(int(pads[axis]), int(pads[rank + axis])) for axis in range(rank)]


def _padded(
    builder: Builder,
    node: Any,
    tensor: Any,
    pads: list[tuple[int, int]],
    size: Any,
    strides: Any,
    dilations: Any,
) -> tuple[Any, str]:
    """The tensor and Keras's `padding`: 'same' where that means these zeros, else they are put around it."""
    import keras

    name = builder.node_name(node)
    if attributes(node).get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"):
        raise LayerNotSupportedError(f"node {name!r}: auto_pad must be NOTSET; give the zeros as pads")
    if min(min(pair) for pair in pads) < 0:
        raise LayerNotSupportedError(f"node {name!r}: pads {pads} must not be negative")
    if not any(any(pair) for pair in pads):
        return tensor, "valid"
    same = []
    for length, kernel, stride, dilation in zip(tensor.shape[1:-1], size, strides, dilations, strict=True):
        missing = max((-(-length // stride) - 1) * stride + (kernel - 1) * dilation + 1 - length, 0)
        same.append((missing // 2, missing - missing // 2))
    if same == pads:
        return tensor, "same"
    zeros = getattr(keras.layers, f"ZeroPadding{len(pads)}D")
    layer = zeros(pads[0] if len(pads) == 1 else tuple(pads), name=builder.name(f"{name}_zeros"))
    return layer(tensor), "valid"


def _window(builder: Builder, node: Any) -> tuple[Any, dict[str, Any]]:
    """What a pooling takes, and its window."""
    name, given = builder.node_name(node), attributes(node)
    size = tuple(given["kernel_shape"])
    rank = len(size)
    if rank not in (1, 2) or given.get("ceil_mode") or any(any(pair) for pair in _pads(node, rank)):
        raise LayerNotSupportedError(f"node {name!r}: pooling over {rank} axes, with pads or ceil_mode, is not read")
    if given.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID") or set(given.get("dilations", [1])) != {1}:
        raise LayerNotSupportedError(f"node {name!r}: pooling with auto_pad or dilations is not read")
    options = {"pool_size": size, "strides": whole(given.get("strides"), rank, 1)}
    if rank == 1:
        options = {key: value[0] for key, value in options.items()}
    return builder.channels_last(node, builder.edge(node)), options | {"name": builder.name(name)}


def build_max_pool(builder: Builder, node: Any) -> Edge:
    """A `MaxPooling`."""
    import keras

    tensor, options = _window(builder, node)
    return Edge(getattr(keras.layers, f"MaxPooling{len(tensor.shape) - 2}D")(**options)(tensor), last=True)


def build_average_pool(builder: Builder, node: Any) -> Edge:
    """An `AveragePooling` over a power of two of elements: any other average is rounded."""
    import keras

    tensor, options = _window(builder, node)
    _check_count(builder, node, int(np.prod(options["pool_size"])))
    return Edge(getattr(keras.layers, f"AveragePooling{len(tensor.shape) - 2}D")(**options)(tensor), last=True)


def build_global_average_pool(builder: Builder, node: Any) -> Edge:
    """A `GlobalAveragePooling`, likewise; its axes of one element are kept."""
    import keras

    tensor, name = builder.channels_last(node, builder.edge(node)), builder.node_name(node)
    rank = len(tensor.shape) - 2
    _check_count(builder, node, int(np.prod(tensor.shape[1:-1])))
    kind = getattr(keras.layers, f"GlobalAveragePooling{rank}D")
    return Edge(kind(keepdims=True, name=builder.name(name))(tensor), last=True)


def _check_count(builder: Builder, node: Any, count: int) -> None:
    if count & (count - 1):
        raise LayerNotSupportedError(
            f"node {builder.node_name(node)!r}: an average over {count} elements, which is no power of two, is"
            " rounded by ONNX and by the firmware differently; pool over a power of two"
        )


def build_concat(builder: Builder, node: Any) -> Edge:
    """A `Concatenate`, of channels or along another axis."""
    import keras

    name, axis = builder.node_name(node), attributes(node)["axis"]
    edges = [builder.edge(node, index) for index in range(len(node.input))]
    rank = len(edges[0].tensor.shape)
    axis = axis + rank if axis < 0 else axis
    if axis == 0:
        raise LayerNotSupportedError(f"node {name!r}: axis 0 is that of samples")
    last = any(edge.last for edge in edges)
    if last:
        tensors = [builder.channels_last(node, edge) for edge in edges]
        axis = rank - 1 if axis == 1 else axis - 1
    else:
        tensors = [builder.as_in_onnx(name, edge) for edge in edges]
    return Edge(keras.layers.Concatenate(axis=axis, name=builder.name(name))(tensors), last=last)
