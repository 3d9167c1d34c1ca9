"""Lowering of layers with constant weights: dense, convolutions, batch normalization."""

from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import DepthwiseMatVec, MatVec, Window
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.types import stored

STRATEGIES = ("latency", "resource", "resource_unrolled")
"""Those whose C++ has an exact equal here. `resource_unrolled` adds as `resource` does, but no zeros."""


def _strategy(node: Any) -> str:
    strategy = str(node.get_attr("strategy", "latency")).lower()
    if strategy not in STRATEGIES:
        raise LayerNotSupportedError(
            f"layer {node.name!r}: strategy {strategy!r} is not supported; use one of {', '.join(STRATEGIES)}"
        )
    if strategy == "resource_unrolled" and int(node.get_attr("reuse_factor", 1)) == 1:
        raise LayerNotSupportedError(
            f"layer {node.name!r}: hls4ml rounds its reuse factor to 1, for which Resource_Unrolled writes none of the "
            "C++ that it calls; use Strategy Resource"
        )
    return strategy


def summing_order(node: Any, depth: int, factor: str = "reuse_factor") -> tuple[int, ...] | None:
    """The order in which hls4ml's C++ accumulates the inputs of one output.

    `dense_latency` takes them in order; `dense_resource_rf_leq_nin` takes every reuse_factor-th, then starts anew one
    further; with a larger reuse factor they are in order again.

    Args:
        node: hls4ml's layer.
        depth: inputs of an output.
        factor: the attribute that has the reuse factor.
    """
    reuse = int(node.get_attr(factor, 1))
    if _strategy(node) == "latency" or reuse >= depth:
        return None
    return tuple(index for start in range(reuse) for index in range(start, depth, reuse))


def _output_first(node: Any, data: np.ndarray) -> np.ndarray:
    """Undo the transposition that hls4ml's resource strategy applies to stored weights."""
    return np.moveaxis(data, 0, -1) if node.get_attr("_weights_transposed", False) else data


def stored_matrix(node: Any, data: np.ndarray, outputs: int) -> np.ndarray:
    """Stored weights as (inputs, outputs), by their order in memory: C++ is given no shape, and they may have none."""
    return data.reshape(outputs, -1).T if node.get_attr("_weights_transposed", False) else data.reshape(-1, outputs)


def lower_dense(node: Any, context: LoweringContext) -> None:
    """`Dense`: one matrix-vector product."""
    raw, type_ = stored(node.weights["weight"])
    weights = stored_matrix(node, raw, int(node.get_attr("n_out")))
    product = context.accumulate(
        MatVec,
        context.inputs[0],
        (weights, type_),
        stored(node.weights["bias"]),
        order=summing_order(node, len(weights)),
    )
    context.finish(product)


def _window(node: Any, context: LoweringContext, rank: int) -> str:
    axes = ("height", "width")[-rank:]
    edges = {"height": ("pad_top", "pad_bottom"), "width": ("pad_left", "pad_right")}
    return context.add(
        "window",
        Window(
            tuple(int(node.get_attr(f"filt_{axis}")) for axis in axes),
            tuple(int(node.get_attr(f"stride_{axis}")) for axis in axes),
            tuple((int(node.get_attr(edges[axis][0])), int(node.get_attr(edges[axis][1]))) for axis in axes),
        ),
        context.inputs[0],
    )


def lower_conv(node: Any, context: LoweringContext) -> None:
    """`Conv1D`, `Conv2D`, `PointwiseConv1D`, `PointwiseConv2D`: windows, then a matrix-vector product on each."""
    raw, type_ = stored(node.weights["weight"])
    rank = int(node.class_name[-2])
    weights = stored_matrix(node, raw, int(node.get_attr("n_filt")))
    window = _window(node, context, rank)
    product = context.accumulate(
        MatVec, window, (weights, type_), stored(node.weights["bias"]), order=summing_order(node, weights.shape[0])
    )
    context.finish(product)


def lower_depthwise_conv(node: Any, context: LoweringContext) -> None:
    """`DepthwiseConv1D`, `DepthwiseConv2D`: windows, then one column of weights a channel."""
    raw, type_ = stored(node.weights["weight"])
    raw = _output_first(node, raw)
    channels = int(node.get_attr("n_chan"))
    rank = int(node.class_name[-2])
    window = _window(node, context, rank)
    product = context.accumulate(
        DepthwiseMatVec, window, (raw.reshape(-1, channels), type_), stored(node.weights["bias"])
    )
    context.finish(product)


def lower_batch_norm(node: Any, context: LoweringContext) -> None:
    """`BatchNormalization`: a scale and an offset a channel, in full precision."""
    scale, scale_type = stored(node.weights["scale"])
    bias, bias_type = stored(node.weights["bias"])
    channels = context.type_of(context.inputs[0]).shape[-1]
    product = context.accumulate(
        DepthwiseMatVec,
        context.inputs[0],
        (np.broadcast_to(scale.reshape(1, -1), (1, channels)).copy(), scale_type),
        (np.broadcast_to(bias.ravel(), (channels,)).copy(), bias_type),
        exact=True,
        suffix="scale",
    )
    context.finish(product)


def scale_and_shift(
    context: LoweringContext, source: str, scale: tuple[int, FixedPoint], shift: tuple[int, FixedPoint], suffix: str
) -> str:
    """One scale and one offset for all elements, in full precision."""
    channels = context.type_of(source).shape[-1]
    return context.accumulate(
        DepthwiseMatVec,
        source,
        (np.full((1, channels), scale[0], dtype=np.int64), scale[1]),
        (np.full(channels, shift[0], dtype=np.int64), shift[1]),
        exact=True,
        suffix=suffix,
    )
