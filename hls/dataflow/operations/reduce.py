"""`Reduce`: maximum or sum along one axis."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow.operations.operation import TensorType
from netloom.hls.dataflow.operations.sum_or_maximum import Summation, SumOrMaximum


@dataclass(frozen=True)
class Reduce(SumOrMaximum):
    """Maximum (if `accum` is None) or sum in `accum` along the last axis, which becomes 1."""

    accum: FixedPoint | None = None
    summation: Summation = Summation.TREE

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType]:
        """Last axis 1."""
        return (TensorType((*inputs[0].shape[:-1], 1), self.accum or inputs[0].element),)

    def _terms(self, x: np.ndarray) -> list[np.ndarray]:
        return [x[..., index : index + 1] for index in range(x.shape[-1])]

    def _greatest(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(x.max(axis=-1, keepdims=True))
