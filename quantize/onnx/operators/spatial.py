"""Operators on pictures and sequences: convolutions, pooling, channels joined. Their channels are last in Keras."""

from dataclasses import replace
from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError
from netloom.quantize.onnx.attributes import attributes, whole
from netloom.quantize.onnx.edge import Edge
from netloom.quantize.onnx.keras_builder import KerasBuilder
from netloom.quantize.onnx.operators.products import split, sum_grid
from netloom.quantize.onnx.real import Grid, Real


def build_conv(builder: KerasBuilder, node: Any) -> Edge:
    """A convolution, depthwise with a group a channel; zeros around it a layer of their own if need be."""
    name, given = builder.node_name(node), attributes(node)
    kernel, steps = builder.kernel(node, node.input[1], 0)
    rank = kernel.ndim - 2
    if rank not in (1, 2):
        raise LayerNotSupportedError(f"node {name!r}: a convolution over {rank} axes; over 1 and 2 are read")
    group, size = given.get("group", 1), kernel.shape[2:]
    strides, dilations = (whole(given.get(one), rank, 1) for one in ("strides", "dilations"))
    bias = builder.weights(node, node.input[2]) if len(node.input) > 2 else None
    pads = _pads(node, rank)
    edge = builder.edge(node, real=True)
    if np.any(pads) and edge.real is not None and edge.real.shift.any():
        edge = builder.centred(node, edge)
    tensor, padding = _padded(builder, node, builder.channels_last(node, edge), pads, size, strides, dilations)
    values = np.moveaxis(kernel, (0, 1), (-1, -2))
    depthwise = group > 1 and group == tensor.shape[-1]
    if depthwise:
        _check_strides(builder, node, strides)
    options: dict[str, Any] = {"padding": padding, "strides": strides, "dilation_rate": dilations}
    if rank == 1:
        options = {key: value if key == "padding" else value[0] for key, value in options.items()}
    kind, what, sizes = "Conv", "kernel", [kernel.shape[0], size]
    if depthwise:
        # (*kernel, 1, C * m) as (*kernel, C, m): ONNX has the results of a channel side by side, as Keras has.
        values = values.reshape(*size, group, kernel.shape[0] // group)
        kind, what, sizes = "DepthwiseConv", "depthwise", [size]
        options["depth_multiplier"] = kernel.shape[0] // group
    else:
        options["groups"] = group
    columns = np.moveaxis(kernel, 0, -1)
    bias, real = split(builder, node, edge, columns, steps, bias)
    grid = sum_grid(builder, edge, columns, bias, bool(np.any(pads)))
    weights = {what: (node, kernel), "bias": (node, bias)}
    layer = builder.weighted(f"{kind}{rank}D", weights, *sizes, name=name, **options)
    result = layer(tensor)
    layer.set_weights([values] if bias is None else [values, bias])
    return Edge(result, last=True, grid=grid, real=real)


def _pads(node: Any, rank: int) -> list[tuple[int, int]]:
    pads = whole(attributes(node).get("pads"), 2 * rank, 0)
    return [(int(pads[axis]), int(pads[rank + axis])) for axis in range(rank)]


def _padded(
    builder: KerasBuilder,
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
    if _same(tensor, size, strides, dilations) == pads:
        return tensor, "same"
    zeros = getattr(keras.layers, f"ZeroPadding{len(pads)}D")
    layer = zeros(pads[0] if len(pads) == 1 else tuple(pads), name=builder.name(f"{name}_zeros"))
    return layer(tensor), "valid"


def _same(tensor: Any, size: Any, strides: Any, dilations: Any) -> list[tuple[int, int]]:
    """The pads that Keras's 'same' means, axis by axis."""
    pads = []
    for length, kernel, stride, dilation in zip(tensor.shape[1:-1], size, strides, dilations, strict=True):
        missing = max((-(-length // stride) - 1) * stride + (kernel - 1) * dilation + 1 - length, 0)
        pads.append((missing // 2, missing - missing // 2))
    return pads


def _pooled(builder: KerasBuilder, node: Any) -> Edge:
    """What a pooling takes: it commutes with a scale that rises, and an average with any that has no limits."""
    edge = builder.edge(node, real=True)
    real, average = edge.real, node.op_type in ("AveragePool", "GlobalAveragePool", "ReduceMean")
    if real is not None and (real.limited if average else not (real.scale > 0).all()):
        edge = builder.settled(f"node {builder.node_name(node)!r}", edge)
    tensor = builder.channels_last(node, edge)
    return replace(
        edge, tensor=tensor, last=True, grid=edge.grid if edge.last or edge.grid is None else edge.grid.uniform
    )


def _averaged(edge: Edge, tensor: Any, count: int, last: bool = True) -> Edge:
    grid = None if edge.grid is None else Grid(edge.grid.step / count, edge.grid.low * count, edge.grid.high * count)
    return Edge(tensor, last, None, grid, edge.real)


def _window(builder: KerasBuilder, node: Any) -> tuple[Edge, dict[str, Any]]:
    """What a pooling takes, and its window."""
    name, given = builder.node_name(node), attributes(node)
    size = tuple(given["kernel_shape"])
    rank = len(size)
    if rank not in (1, 2) or given.get("ceil_mode"):
        raise LayerNotSupportedError(f"node {name!r}: pooling over {rank} axes, or with ceil_mode, is not read")
    if given.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID") or set(given.get("dilations", [1])) != {1}:
        raise LayerNotSupportedError(f"node {name!r}: pooling with auto_pad or dilations is not read")
    edge, strides, pads = _pooled(builder, node), whole(given.get("strides"), rank, 1), _pads(node, rank)
    options: dict[str, Any] = {"pool_size": size, "strides": strides}
    if rank == 1:
        options = {key: value[0] for key, value in options.items()}
    if any(any(pair) for pair in pads):
        counted = node.op_type == "AveragePool" and given.get("count_include_pad", 0)
        if counted or _same(edge.tensor, size, strides, (1,) * rank) != pads:
            raise LayerNotSupportedError(
                f"node {name!r}: pooling with pads {pads} that are not counted is read where they make as many windows"
                " as the strides, the odd one at the end; pad before it"
            )
        options["padding"] = "same"
    return edge, options | {"name": builder.name(name)}


def build_max_pool(builder: KerasBuilder, node: Any) -> Edge:
    """A `MaxPooling`."""
    import keras

    edge, options = _window(builder, node)
    layer = getattr(keras.layers, f"MaxPooling{len(edge.tensor.shape) - 2}D")(**options)
    return replace(edge, tensor=layer(edge.tensor))


def build_average_pool(builder: KerasBuilder, node: Any) -> Edge:
    """An `AveragePooling`; in a quantized model over a power of two of elements, else a sum."""
    import keras

    edge, options = _window(builder, node)
    count = int(np.prod(options["pool_size"]))
    if _is_summed(builder, node, edge, count, "padding" in options):
        sizes = options["pool_size"] if isinstance(options["pool_size"], tuple) else (options["pool_size"],)
        return _summed(builder, node, edge, sizes, options["strides"])
    layer = getattr(keras.layers, f"AveragePooling{len(edge.tensor.shape) - 2}D")(**options)
    return _averaged(edge, layer(edge.tensor), count)


def build_global_pool(builder: KerasBuilder, node: Any) -> Edge:
    """A `GlobalAveragePooling`, likewise, or a `GlobalMaxPooling`; their axes of one element are kept."""
    import keras

    edge = _pooled(builder, node)
    rank, what = len(edge.tensor.shape) - 2, node.op_type.removeprefix("Global").removesuffix("Pool")
    count = int(np.prod(edge.tensor.shape[1:-1]))
    if what == "Average" and _is_summed(builder, node, edge, count):
        return _summed(builder, node, edge, tuple(edge.tensor.shape[1:-1]), 1)
    layer = getattr(keras.layers, f"Global{what}Pooling{rank}D")(keepdims=True, name=builder.name_of(node))
    if what == "Max":
        return replace(edge, tensor=layer(edge.tensor))
    return _averaged(edge, layer(edge.tensor), count)


def build_mean(builder: KerasBuilder, node: Any) -> Edge:
    """A `GlobalAveragePooling`, where it is over all axes but those of samples and channels."""
    import keras

    name, given, rank = builder.node_name(node), attributes(node), len(builder.wrapped.get_tensor_shape(node.input[0]))
    axes = given.get("axes", [])
    if len(node.input) > 1 and node.input[1]:
        axes = [int(one) for one in builder.weights(node, node.input[1])]
    if rank not in (3, 4) or sorted(axis % rank for axis in axes) != list(range(2, rank)):
        raise LayerNotSupportedError(
            f"node {name!r}: a mean over axes {list(axes)} of {rank}; over all but the first two is read"
        )
    edge, kept = _pooled(builder, node), bool(given.get("keepdims", 1))
    count = int(np.prod(edge.tensor.shape[1:-1]))
    if _is_summed(builder, node, edge, count):
        found = _summed(builder, node, edge, tuple(edge.tensor.shape[1:-1]), 1)
        if kept:
            return found
        return replace(found, tensor=keras.layers.Flatten(name=builder.name(name))(found.tensor), last=False)
    layer = getattr(keras.layers, f"GlobalAveragePooling{rank - 2}D")(keepdims=kept, name=builder.name(name))
    return _averaged(edge, layer(edge.tensor), count, kept)


def _is_summed(builder: KerasBuilder, node: Any, edge: Edge, count: int, padded: bool = False) -> bool:
    """Whether an average is left to the next quantizer, which takes the sum: no fixed-point number is a third.

    Raises:
        LayerNotSupportedError: if that is not possible.
    """
    if not builder.quantized or not (padded or count & (count - 1)):
        return False
    if padded or edge.grid is None:
        raise LayerNotSupportedError(
            f"node {builder.node_name(node)!r}: an average over {count} elements, "
            + ("fewer at the edges; pad before it" if padded else "which lie on no known grid; put a quantizer before")
        )
    return True


def _summed(
    builder: KerasBuilder, node: Any, edge: Edge, size: tuple[int, ...], strides: tuple[int, ...] | int
) -> Edge:
    """The sum of each window, of which ONNX's tensor is a part."""
    assert edge.grid is not None
    _check_strides(builder, node, strides)
    count, ones = int(np.prod(size)), np.ones((*size, edge.tensor.shape[-1], 1))
    weights = {"depthwise": (node, ones), "bias": (node, None)}
    kind, name = f"DepthwiseConv{len(size)}D", f"{builder.node_name(node)}_sum"
    layer = builder.weighted(kind, weights, size, name=name, strides=strides, depth_multiplier=1)
    result = layer(edge.tensor)
    layer.set_weights([ones])
    real = edge.real or Real()
    grid = Grid(edge.grid.step, edge.grid.low * count, edge.grid.high * count)
    return Edge(result, True, None, grid, replace(real, count=real.count * count))


def _check_strides(builder: KerasBuilder, node: Any, strides: tuple[int, ...] | int) -> None:
    if len(set(np.atleast_1d(strides).tolist())) > 1:
        raise LayerNotSupportedError(
            f"node {builder.node_name(node)!r}: strides {strides} of a depthwise convolution, or of an average over a"
            " number that is no power of two, must be alike: TensorFlow has no others"
        )


def build_concat(builder: KerasBuilder, node: Any) -> Edge:
    """A `Concatenate`, of channels or along another axis."""
    import keras

    name, axis = builder.node_name(node), attributes(node)["axis"]
    edges = builder.edges_alike(node)
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
    result = keras.layers.Concatenate(axis=axis, name=builder.name(name))(tensors)
    return Edge(result, last, None, Grid.around([edge.grid for edge in edges]), edges[0].real)


def build_pad(builder: KerasBuilder, node: Any) -> Edge:
    """A `ZeroPadding`."""
    import keras

    name, given, edge = builder.node_name(node), attributes(node), builder.edge(node)
    rank = len(edge.tensor.shape)
    pads = [int(one) for one in given.get("pads", [])]
    if len(node.input) > 1:
        pads = [int(one) for one in builder.weights(node, node.input[1])]
    value = given.get("value", 0)
    if len(node.input) > 2 and node.input[2]:
        value = builder.weights(node, node.input[2])
    pairs = list(zip(pads[:rank], pads[rank:], strict=True))
    if given.get("mode", b"constant") != b"constant" or np.any(value) or len(pairs) != rank or rank not in (3, 4):
        raise LayerNotSupportedError(f"node {name!r}: pads must be zeros, around a sequence or a picture")
    if len(node.input) > 3 or any(any(pair) for pair in pairs[:2]) or min(pads) < 0:
        raise LayerNotSupportedError(f"node {name!r}: pads {pairs} must be of the axes after the first two, 0 or more")
    layer = getattr(keras.layers, f"ZeroPadding{rank - 2}D")(
        pairs[2] if rank == 3 else tuple(pairs[2:]), name=builder.name(name)
    )
    return Edge(layer(builder.channels_last(node, edge)), last=True)


def build_resize(builder: KerasBuilder, node: Any) -> Edge:
    """An `UpSampling2D`: every element repeated, on whatever scale."""
    import keras

    name, given, edge = builder.node_name(node), attributes(node), builder.edge(node, real=True)
    before, after = (builder.wrapped.get_tensor_shape(one) for one in (node.input[0], node.output[0]))
    if given.get("mode", b"nearest") != b"nearest" or len(before) != 4 or list(before[:2]) != list(after[:2]):
        raise LayerNotSupportedError(f"node {name!r}: a picture is made larger by mode nearest alone")
    where = given.get("coordinate_transformation_mode", b"half_pixel"), given.get("nearest_mode", b"round_prefer_floor")
    repeats = (b"asymmetric", b"floor"), (b"half_pixel", b"round_prefer_floor")
    factors = [large // small for small, large in zip(before[2:], after[2:], strict=True)]
    whole_factors = [size * factor for size, factor in zip(before[2:], factors, strict=True)] == list(after[2:])
    if (node.op_type == "Resize" and where not in repeats) or not whole_factors:
        raise LayerNotSupportedError(
            f"node {name!r}: from {before[2:]} to {after[2:]} by {b', '.join(where).decode()} is not read; take whole"
            " factors, asymmetric and floor"
        )
    layer = keras.layers.UpSampling2D(tuple(factors), interpolation="nearest", name=builder.name(name))
    grid = edge.grid if edge.last or edge.grid is None else edge.grid.uniform
    return replace(edge, tensor=layer(builder.channels_last(node, edge)), last=True, grid=grid)
