"""`Edge`: a tensor of an ONNX graph as Keras has it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from netloom.quantize.onnx.real import Grid, Real


@dataclass(frozen=True)
class Edge:
    """A tensor of the ONNX graph in Keras.

    Attributes:
        tensor: Keras's.
        last: whether its channels, first in ONNX, are last in Keras.
        order: of a picture in a row: Keras's element i is ONNX's element `order[i]`; None if they are one.
        grid: where Keras's values lie; None if that is not known.
        real: what they stand for; None for themselves.
    """

    tensor: Any
    last: bool = False
    order: np.ndarray | None = None
    grid: Grid | None = None
    real: Real | None = None
