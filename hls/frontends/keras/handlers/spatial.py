"""hls4ml handlers of layers that move pixels: zero padding, cropping, nearest-neighbour upsampling."""

from collections.abc import Sequence
from typing import Any

from netloom.hls.frontends.keras.handlers.handler import NetloomHandler

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
    """`UpSampling1D` and `UpSampling2D`, nearest neighbour."""

    handles = (
        "keras.src.layers.reshaping.up_sampling1d.UpSampling1D",
        "keras.src.layers.reshaping.up_sampling2d.UpSampling2D",
    )

    def handle(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> dict[str, Any]:
        """One `Resize`."""
        del layer
        sizes = _sizes(in_tensors[0].shape[1:], out_tensors[0].shape[1:])
        return {
            "class_name": "Resize",
            "algorithm": "nearest",
            "data_format": "channels_last",
            "in_height": 1,
            "out_height": 1,
            **sizes,
        }
