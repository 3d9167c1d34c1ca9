"""hls4ml handlers of layers that only move elements, each a `NetloomRearrange`."""

from abc import abstractmethod
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from netloom.hls.frontends.keras.handlers.handler import NetloomHandler
from netloom.hls.layers.rearrange import rearrange


class _MovingHandler(NetloomHandler):
    lacking = True

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
