"""hls4ml handlers of layers that only move elements, each a `NetloomRearrange`."""

from abc import abstractmethod
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from netloom.hls.frontends.keras.handlers.handler import NetloomHandler
from netloom.hls.layers.rearrange import rearrange


class _MovingHandler(NetloomHandler):
    def lacks(self, layer: Any, in_tensors: Sequence[Any]) -> bool:
        """hls4ml has none of them, or none that is right."""
        del layer, in_tensors
        return True

    @abstractmethod
    def moved(self, layer: Any, grid: np.ndarray) -> np.ndarray:
        """What the layer makes of a tensor whose elements are their own places; -1 is a zero."""

    def handle(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> tuple[dict[str, Any], ...]:
        """One `NetloomRearrange`."""
        shape = tuple(in_tensors[0].shape[1:])
        indices = self.moved(layer, np.arange(prod(shape), dtype=np.int64).reshape(shape))
        return (rearrange(layer.name, indices, [in_tensors[0].name], out_tensors[0].name, [shape]),)


class RepeatVectorHandler(_MovingHandler):
    """`RepeatVector`."""

    handles = ("keras.src.layers.reshaping.repeat_vector.RepeatVector",)

    def moved(self, layer: Any, grid: np.ndarray) -> np.ndarray:
        """The vector `n` times."""
        return np.tile(grid, (layer.n, 1))


class PermuteHandler(_MovingHandler):
    """`Permute`: hls4ml drops it before a flattening and a dense layer, with weights reordered for another order."""

    handles = ("keras.src.layers.reshaping.permute.Permute",)
    own_only = True

    def lacks(self, layer: Any, in_tensors: Sequence[Any]) -> bool:
        """hls4ml has one: through its front door its own numbers are wanted."""
        del layer, in_tensors
        return False

    def moved(self, layer: Any, grid: np.ndarray) -> np.ndarray:
        """The axes in their new order."""
        return np.ascontiguousarray(grid.transpose([axis - 1 for axis in layer.dims]))


class RearrangeHandler(_MovingHandler):
    """netloom's `Rearrange`."""

    handles = ("netloom.quantize.layers.elements.Rearrange",)

    def moved(self, layer: Any, grid: np.ndarray) -> np.ndarray:
        """Its order."""
        del grid
        order: np.ndarray = layer.order
        return order


class VolumeHandler(_MovingHandler):
    """`ZeroPadding3D`, `Cropping3D`, `UpSampling3D`."""

    handles = (
        "keras.src.layers.reshaping.zero_padding3d.ZeroPadding3D",
        "keras.src.layers.reshaping.cropping3d.Cropping3D",
        "keras.src.layers.reshaping.up_sampling3d.UpSampling3D",
    )

    def moved(self, layer: Any, grid: np.ndarray) -> np.ndarray:
        """Padded with zeros, cropped, or every element repeated along each axis."""
        if hasattr(layer, "size"):
            for axis, times in enumerate(layer.size):
                grid = np.repeat(grid, times, axis=axis)
            return grid
        if hasattr(layer, "padding"):
            return np.pad(grid, [*layer.padding, (0, 0)], constant_values=-1)
        ends = zip(layer.cropping, grid.shape, strict=False)
        return np.ascontiguousarray(grid[tuple(slice(before, size - after) for (before, after), size in ends)])
