"""`DepthwiseMatVec`: constant weights times the last axis, one column a channel."""

import numpy as np

from netloom.hls.dataflow.operations.accumulation import Accumulation


class DepthwiseMatVec(Accumulation):
    """One column of weights a channel: (..., K * C) -> (..., C), input ordered position first, channel last.

    `weights` is (K, C), `bias` (C,). With K = 1 it is a scale and an offset a channel, as batch normalization has.
    """

    def _taken(self) -> int:
        return self.weights.size

    def _sum(self, x: np.ndarray, weights: np.ndarray) -> np.ndarray:
        depth, channels = weights.shape
        columns = x.reshape(*x.shape[:-1], depth, channels)
        total = columns[..., 0, :] * weights[0]
        for index in range(1, depth):
            total += columns[..., index, :] * weights[index]
        return total

    def _term(self, x: np.ndarray, index: int) -> np.ndarray:
        channels = self.weights.shape[1]
        return x[..., index * channels : (index + 1) * channels] * self.weights[index]
