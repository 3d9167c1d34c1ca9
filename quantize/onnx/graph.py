"""`Builder`: a cleaned ONNX graph as a Keras model under construction, and the layout of each of its tensors."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError
from netloom.quantize.quantizers import type_quantizer
from netloom.quantize.smallest_grid import smallest_grid


@dataclass(frozen=True)
class Edge:
    """A tensor of the ONNX graph in Keras.

    Attributes:
        tensor: Keras's.
        last: whether its channels, first in ONNX, are last in Keras.
        order: of a picture in a row: Keras's element i is ONNX's element `order[i]`; None if they are one.
    """

    tensor: Any
    last: bool = False
    order: np.ndarray | None = None


class Builder:
    """Builds layer by layer; `edges` has every tensor built so far."""

    def __init__(self, wrapped: Any) -> None:
        self.wrapped = wrapped
        self.edges: dict[str, Edge] = {}
        self._taken: set[str] = set()

    def name(self, text: str) -> str:
        """A Keras name for a node's: letters, digits, `_`, `.` and `-`; told from those there are by a number."""
        clean = re.sub(r"[^\w.-]+", "_", text).strip("_.-") or "layer"
        name, number = clean, 2
        while name in self._taken:
            name, number = f"{clean}_{number}", number + 1
        self._taken.add(name)
        return name

    def node_name(self, node: Any) -> str:
        """What a node is called in messages."""
        return str(node.name or node.output[0])

    def constant(self, name: str) -> np.ndarray | None:
        """A constant in float64, or None.

        Raises:
            LayerNotSupportedError: if it is not finite.
        """
        value = self.wrapped.get_initializer(name)
        if value is not None and not np.isfinite(value).all():
            raise LayerNotSupportedError(f"constant {name!r} must be finite; found NaN or infinity: train again")
        return None if value is None else np.asarray(value, np.float64)

    def weights(self, node: Any, name: str) -> np.ndarray:
        """A constant that must be one, finite."""
        value = self.constant(name)
        if value is None:
            raise LayerNotSupportedError(f"node {self.node_name(node)!r}: {name!r} must be a constant")
        return value

    def quantizer(self, node: Any, values: np.ndarray, what: str) -> Any:
        """The QKeras quantizer on whose grid a node's weights lie."""
        grid = smallest_grid(values, f"node {self.node_name(node)!r}, {what}")
        if grid.signed and grid.width < 2:
            grid = replace(grid, width=2, integer=grid.integer + 1)
        return type_quantizer(grid)

    def edge(self, node: Any, index: int = 0) -> Edge:
        """The tensor that a node takes."""
        name = node.input[index]
        if name not in self.edges:
            raise LayerNotSupportedError(
                f"node {self.node_name(node)!r}: its input {name!r} is a constant, or computed by no node before it"
            )
        return self.edges[name]

    def channels_last(self, node: Any, edge: Edge) -> Any:
        """A picture or a sequence with its channels last, (N, *spatial, C)."""
        import keras

        shape = tuple(edge.tensor.shape[1:])
        if edge.last:
            return edge.tensor
        if edge.order is not None or len(shape) not in (2, 3):
            raise LayerNotSupportedError(
                f"node {self.node_name(node)!r}: its input of {len(shape)} axes is no sequence and no picture"
            )
        name = self.name(f"{self.node_name(node)}_channels_last")
        if shape[0] == 1:
            return keras.layers.Reshape((*shape[1:], 1), name=name)(edge.tensor)
        return keras.layers.Permute((*range(2, len(shape) + 1), 1), name=name)(edge.tensor)

    def as_in_onnx(self, who: str, edge: Edge) -> Any:
        """A tensor with its elements where ONNX has them."""
        import keras

        if edge.order is not None:
            raise LayerNotSupportedError(f"{who}: it takes a flattened picture, which only a matrix product can")
        if not edge.last:
            return edge.tensor
        rank = len(edge.tensor.shape) - 1
        name = self.name(f"{who}_channels_first")
        return keras.layers.Permute((rank, *range(1, rank)), name=name)(edge.tensor)

    def alone(self, node: Any, kind: str) -> Any | None:
        """The node of a kind that alone reads this one's result, which is no output of the model."""
        readers = [one for one in self.wrapped.graph.node if node.output[0] in one.input]
        outputs = [one.name for one in self.wrapped.graph.output]
        if len(readers) != 1 or readers[0].op_type != kind or node.output[0] in outputs:
            return None
        return readers[0]


def attributes(node: Any) -> dict[str, Any]:
    """A node's attributes as Python values."""
    from onnx import helper

    return {one.name: helper.get_attribute_value(one) for one in node.attribute}


NodeBuilder = Callable[[Builder, Any], Edge]
"""Builds a node's layers and gives its result."""


def whole(values: Sequence[int] | None, rank: int, value: int) -> tuple[int, ...]:
    """An attribute of one number an axis, or its default for each."""
    return tuple(values) if values is not None else (value,) * rank
