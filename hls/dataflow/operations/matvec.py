"""`MatVec`: a constant matrix times the last axis."""

import numpy as np

from netloom.hls.dataflow.operations.accumulation import Accumulation


class MatVec(Accumulation):
    """Matrix-vector product on the last axis: (..., K) -> (..., N), the result in the accumulator's type.

    `weights` is (K, N), `bias` (N,).
    """

    def _taken(self) -> int:
        return self._depth

    def _sum(self, x: np.ndarray, weights: np.ndarray) -> np.ndarray:
        flat = np.ascontiguousarray(x).reshape(-1, x.shape[-1])
        return (flat @ weights).reshape(*x.shape[:-1], weights.shape[1])

    def _term(self, x: np.ndarray, index: int) -> np.ndarray:
        return x[..., index, None] * self.weights[index]
