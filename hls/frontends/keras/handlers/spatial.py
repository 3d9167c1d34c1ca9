"""hls4ml handlers of layers that move pixels: zero padding, cropping, nearest-neighbour upsampling."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from hls4ml.converters.keras_v3.conv import gen_conv_config

from netloom.hls.frontends.keras.handlers.handler import NetloomHandler
from netloom.hls.frontends.keras.handlers.quantizer import GridQuantizer
from netloom.hls.layers.rearrange import rearrange
from netloom.quantize.smallest_grid import smallest_grid

_EDGES = (("left", "right"), ("top", "bottom"))


def _edges(prefix: str, amounts: Sequence[Any]) -> dict[str, int]:
    """`pad_left` and so on from Keras's ((top, bottom), (left, right)) or (left, right)."""
    pairs = [amounts] if isinstance(amounts[0], int) else list(amounts)
    return {
        f"{prefix}_{edge}": int(amount)
        for names, pair in zip(_EDGES, reversed(pairs), strict=False)
        for edge, amount in zip(names, pair, strict=True)
    }


def _sizes(in_shape: Sequence[int], out_shape: Sequence[int]) -> dict[str, int]:
    axes = ("width", "height")
    return {
        f"{direction}_{axis}": size
        for direction, shape in (("in", in_shape), ("out", out_shape))
        for axis, size in zip(axes, reversed(shape[:-1]), strict=False)
    } | {"n_chan": in_shape[-1]}


class PaddingHandler(NetloomHandler):
    """`ZeroPadding1D`, `ZeroPadding2D`, `Cropping1D`, `Cropping2D`."""

    handles = (
        "keras.src.layers.reshaping.zero_padding1d.ZeroPadding1D",
        "keras.src.layers.reshaping.zero_padding2d.ZeroPadding2D",
        "keras.src.layers.reshaping.cropping1d.Cropping1D",
        "keras.src.layers.reshaping.cropping2d.Cropping2D",
    )

    def handle(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> dict[str, Any]:
        """One layer of the same name."""
        crop = hasattr(layer, "cropping")
        return {
            "data_format": "channels_last",
            **_edges("crop" if crop else "pad", layer.cropping if crop else layer.padding),
            **_sizes(in_tensors[0].shape[1:], out_tensors[0].shape[1:]),
        }


class UpSamplingHandler(NetloomHandler):
    """`UpSampling1D` and `UpSampling2D`: nearest neighbour, or bilinear by powers of two."""

    handles = (
        "keras.src.layers.reshaping.up_sampling1d.UpSampling1D",
        "keras.src.layers.reshaping.up_sampling2d.UpSampling2D",
    )

    def lacks(self, layer: Any, in_tensors: Sequence[Any]) -> bool:
        """hls4ml takes nearest neighbours, whatever is asked for."""
        del in_tensors
        return getattr(layer, "interpolation", "nearest") == "bilinear"

    def handle(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> Any:
        """One `Resize`; if bilinear, a `NetloomRearrange` and a depthwise convolution."""
        in_shape, out_shape = tuple(in_tensors[0].shape[1:]), tuple(out_tensors[0].shape[1:])
        if self.lacks(layer, in_tensors):
            return _bilinear(layer, in_tensors[0].name, out_tensors[0].name, in_shape, out_shape)
        return {
            "class_name": "Resize",
            "algorithm": "nearest",
            "data_format": "channels_last",
            "in_height": 1,
            "out_height": 1,
            **_sizes(in_shape, out_shape),
        }


def _bilinear(
    layer: Any, source: str, target: str, in_shape: tuple[int, ...], out_shape: tuple[int, ...]
) -> tuple[dict[str, Any], ...]:
    """Pixels spread out with zeros between them, the edges once more, and a kernel that falls off on both sides."""
    spread, kernel = np.arange(prod(in_shape), dtype=np.int64).reshape(in_shape), np.ones(())
    for axis, times in enumerate(layer.size):
        places, weights = _spread(in_shape[axis], times)
        spread = np.where(
            np.expand_dims(places < 0, tuple(i for i in range(3) if i != axis)), -1, np.take(spread, places, axis=axis)
        )
        kernel = np.multiply.outer(kernel, weights)
    grid = smallest_grid(kernel, f"layer {layer.name!r}")
    between = f"{target}_spread"
    moved = rearrange(f"{layer.name}_spread", spread, [source], between, [in_shape])
    return (
        moved | {"origin": f"{layer.name} (part)"},
        {
            "name": layer.name,
            "class_name": "DepthwiseConv2D",
            "data_format": "channels_last",
            "depthwise_data": np.repeat(kernel[:, :, None, None], in_shape[-1], axis=2),
            "depthwise_quantizer": GridQuantizer(grid),
            "depth_multiplier": 1,
            "use_bias": False,
            "bias_data": None,
            "bias_quantizer": None,
            **gen_conv_config(
                in_shape=spread.shape,
                out_shape=out_shape,
                ker_px_shape=kernel.shape,
                strides=(1, 1),
                padding="valid",
                data_format="channels_last",
                name=layer.name,
            ),
            "input_shape": [list(spread.shape)],
            "input_keras_tensor_names": [between],
            "output_keras_tensor_names": [target],
        },
    )


def _spread(size: int, times: int) -> tuple[np.ndarray, np.ndarray]:
    """One axis: where each of the spread pixels comes from (-1: a zero), and the weights of a window of them.

    Pixel o of the result lies at (o + 1/2) / times - 1/2 of the axis; pixel i counts there by 1 less their distance.
    """
    if times == 1:
        return np.arange(size), np.ones(1)
    first = (1 - times) // 2 + 1
    weights = 1 - np.abs(((times + 1) / 2 - np.arange(first, first + 2 * times)) / times)
    places = np.full(size * times + len(weights) - 1, -1, dtype=np.int64)
    for pixel in range(-1, size + 1):
        at = (pixel + 1) * times - first
        if at < len(places):
            places[at] = min(max(pixel, 0), size - 1)
    return places, weights
