"""Units for products with weights: their input in words, gone through once for each group of outputs; multipliers."""

from dataclasses import replace

import numpy as np

from netloom.firmware.map.builder import DesignBuilder
from netloom.firmware.map.folding import Fold, Product
from netloom.firmware.map.geometry import Geometry
from netloom.firmware.map.operations.windows import channel_windows, columns, windows
from netloom.firmware.stream import Stream
from netloom.firmware.units.elements.permute import PermuteUnit
from netloom.firmware.units.products.depthwise import DepthwiseUnit, depthwise_saturates
from netloom.firmware.units.products.matvec import MatVecUnit
from netloom.firmware.units.products.matvec_unrolled import MatVecUnrolled
from netloom.firmware.units.windows.replay_buffer import ReplayBuffer
from netloom.firmware.units.windows.window_shift import WindowShift
from netloom.hls.dataflow import Bounds, DepthwiseMatVec, MatVec, Permute


def plan_product(builder: DesignBuilder, product: Product, window_source: str | None) -> None:
    """Add the units of one product.

    Args:
        builder: to add to.
        product: what is computed.
        window_source: the node whose result its window slides over, if it has one.
    """
    node, operation = product.node, product.operation
    fold, dsps = builder.folding[node.name], builder.dsps.get(node.name, 0)
    source = builder.take(window_source or node.inputs[0])
    if isinstance(operation, DepthwiseMatVec):
        height, width = product.geometry.kernel if product.geometry else (1, 1)
        stream = _channels(builder, product, fold, source)
        types, bounds = builder.dataflow.input_types(node), builder.dataflow.input_bounds(node)
        saturates = depthwise_saturates(operation, types, bounds)
        builder.compute(
            node, lambda name: DepthwiseUnit(name, stream, operation, height, width, builder.target, dsps, saturates)
        )
        return
    assert isinstance(operation, MatVec)
    if product.geometry is not None:
        stream, order = _window_words(builder, product, product.geometry, fold, source)
    else:
        stream, order = _vector_words(builder, product, fold, source)
    if fold.unrolled:
        ordered = MatVec(
            operation.weights[order.ravel()],
            operation.weight_type,
            operation.bias,
            operation.bias_type,
            operation.accum,
        )
        builder.compute(node, lambda name: MatVecUnrolled(name, stream, ordered, builder.target))
        return
    reached = _vector_bounds(builder, product)
    builder.compute(
        node, lambda name: MatVecUnit(name, stream, operation, fold.pe, order, builder.target, dsps, reached)
    )


def _vector_bounds(builder: DesignBuilder, product: Product) -> Bounds:
    """Range of each of the product's inputs, wherever its window is."""
    bounds = builder.dataflow.bounds[product.node.inputs[0]]
    low, high = (raws.reshape(-1, product.depth) for raws in (bounds.low, bounds.high))
    return Bounds(low.min(axis=0), high.max(axis=0))


def _channels(builder: DesignBuilder, product: Product, fold: Fold, source: Stream) -> Stream:
    """Input of a product a channel: windows, channel slice by channel slice."""
    if product.geometry is None:
        return builder.with_lanes(product.node, source, fold.lanes)
    stream = columns(builder, product.node, source, product.geometry, fold.lanes)
    return channel_windows(builder, product.node, stream, product.geometry, fold.lanes)


def _vector_words(builder: DesignBuilder, product: Product, fold: Fold, source: Stream) -> tuple[Stream, np.ndarray]:
    """Vectors in words of SIMD elements, and which input each lane of each word is, (SF, SIMD)."""
    node, depth = product.node, product.depth
    order = np.arange(depth)
    stream = source
    if product.in_order and product.operation.order is not None:
        order = np.array(product.operation.order)
        gather = Permute(np.arange(product.positions)[:, None] * depth + order)
        single = builder.with_lanes(node, stream, 1)
        stream = builder.add(
            node, f"{node.name}_order", lambda name: PermuteUnit(name, (single,), gather, builder.target)
        )
    stream = builder.with_lanes(node, stream, fold.simd)
    words, repeats = depth // fold.simd, product.outputs // fold.pe
    if repeats > 1:
        stream = builder.add(
            node,
            f"{node.name}_replay",
            lambda name: ReplayBuffer(
                name,
                stream,
                rows=product.positions,
                groups=1,
                row_words=words,
                step=words,
                words=words,
                word_stride=1,
                repeats=repeats,
                repeat_stride=0,
                target=builder.target,
            ),
        )
    return stream, order.reshape(words, fold.simd)


def _window_words(
    builder: DesignBuilder, product: Product, geometry: Geometry, fold: Fold, source: Stream
) -> tuple[Stream, np.ndarray]:
    """Windows in words of SIMD elements, column by column or whole, and which input each lane of each word is."""
    node = product.node
    height, width = geometry.kernel
    repeats = product.outputs // fold.pe
    stream = columns(builder, node, source, geometry, fold.lanes)
    order = _column_order(geometry, fold.lanes)
    if fold.simd == product.depth and width > 1:
        stream = builder.add(
            node,
            f"{node.name}_window",
            lambda name: WindowShift(name, stream, geometry.padded_width, width, geometry.stride[1]),
        )
        whole = replace(
            geometry,
            height=geometry.rows,
            width=geometry.columns,
            kernel=(1, 1),
            stride=(1, 1),
            padding=((0, 0), (0, 0)),
        )
        return windows(builder, node, stream, whole, 1, repeats), order.reshape(1, -1)
    stream = builder.with_lanes(node, stream, fold.simd)
    slices = height * geometry.channels // fold.simd
    return windows(builder, node, stream, geometry, slices, repeats), order.reshape(-1, fold.simd)


def _column_order(geometry: Geometry, lanes: int) -> np.ndarray:
    """The product's input index of every element, in the order in which columns bring them."""
    (height, width), channels = geometry.kernel, geometry.channels
    index = np.arange(height * width * channels).reshape(height, width, channels // lanes, lanes)
    return index.transpose(1, 2, 0, 3).ravel()
