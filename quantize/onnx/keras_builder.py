"""`KerasBuilder`: a cleaned ONNX graph as a Keras model under construction, and the layout of each of its tensors."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from netloom.common.ends import OutputScale
from netloom.errors import LayerNotSupportedError, QuantizerNotSupportedError
from netloom.quantize.flat.equal.affine import affine
from netloom.quantize.onnx.edge import Edge
from netloom.quantize.onnx.real import Real, is_short
from netloom.quantize.quantizer_types import type_quantizer
from netloom.quantize.smallest_grid import smallest_grid


class KerasBuilder:
    """Builds layer by layer; `edges` has every tensor built so far, `inputs` Keras's of the network.

    Args:
        wrapped: the graph, cleaned.
        steps: of constants that are whole numbers, each times its step.
        quantized: whether its layers of weights are QKeras's, on the grids that their weights lie on, or Keras's.
    """

    def __init__(self, wrapped: Any, steps: Mapping[str, np.ndarray], quantized: bool = True) -> None:
        self.wrapped, self.steps, self.quantized = wrapped, steps, quantized
        self.opset = next(one.version for one in wrapped.model.opset_import if one.domain in ("", "ai.onnx"))
        self.inputs: list[Any] = []
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

    def name_of(self, node: Any) -> str:
        """The Keras name of a node's layer."""
        return self.name(self.node_name(node))

    def node_name(self, node: Any) -> str:
        """What a node is called in messages."""
        return str(node.name or node.output[0])

    def constant(self, name: str) -> np.ndarray | None:
        """A constant in float64, or None.

        Raises:
            LayerNotSupportedError: if it is not finite.
        """
        value = self.whole(name)
        return None if value is None else value * self.steps.get(name, 1.0)

    def whole(self, name: str) -> np.ndarray | None:
        """Likewise, but one that has steps as its whole numbers."""
        value = self.wrapped.get_initializer(name)
        if value is not None and not np.isfinite(value).all():
            readers = [self.node_name(node) for node in self.wrapped.graph.node if name in node.input]
            raise LayerNotSupportedError(
                f"node {readers[0]!r}: constant {name!r} must be finite; found NaN or infinity: train again"
            )
        return None if value is None else np.asarray(value, np.float64)

    def weights(self, node: Any, name: str) -> np.ndarray:
        """A constant that must be one, finite."""
        value = self.constant(name)
        if value is None:
            raise LayerNotSupportedError(f"node {self.node_name(node)!r}: {name!r} must be a constant")
        return value

    def kernel(self, node: Any, name: str, axis: int) -> tuple[np.ndarray, np.ndarray | None]:
        """Weights as they are multiplied by, and the steps that their products are times, one an output; None for 1.

        Args:
            node: that has them.
            name: of the constant.
            axis: of the outputs.

        Raises:
            QuantizerNotSupportedError: if steps differ along another axis.
        """
        if self.steps.get(name) is None:
            return self.weights(node, name), None
        rows = np.moveaxis(self.steps[name], axis, 0)
        rows = rows.reshape(len(rows), -1)
        if (rows != rows[:, :1]).any():
            raise QuantizerNotSupportedError(
                f"node {self.node_name(node)!r}: scales of weights differ along their inputs; one a channel is read"
            )
        values = self.whole(name)
        assert values is not None
        return values, rows[:, 0].astype(np.float64)

    def weighted(
        self, kind: str, weights: Mapping[str, tuple[Any, np.ndarray | None]], *sizes: Any, name: str, **options: Any
    ) -> Any:
        """A layer of weights, whose values are set later.

        Args:
            kind: its class in Keras; in a quantized model it is QKeras's, or netloom's where QKeras has none.
            weights: each with the node that has it; None is a layer without it.
            sizes: arguments of the layer.
            name: of the node.
            options: of the layer.

        Raises:
            QuantizerNotSupportedError: if weights of a quantized model lie on no grid.
        """
        import keras
        import qkeras

        from netloom.quantize import layers as own

        options = {**options, "use_bias": weights["bias"][1] is not None, "name": self.name(name)}
        if not self.quantized:
            return getattr(keras.layers, kind)(*sizes, **options)
        for what, (node, values) in weights.items():
            options[f"{what}_quantizer"] = None if values is None else self._quantizer(node, values, what)
        home = qkeras if hasattr(qkeras, f"Q{kind}") else own
        return getattr(home, f"Q{kind}")(*sizes, **options)

    def _quantizer(self, node: Any, values: np.ndarray, what: str) -> Any:
        """The QKeras quantizer on whose grid a node's weights lie."""
        grid = smallest_grid(values, f"node {self.node_name(node)!r}, {'bias' if what == 'bias' else 'weights'}")
        if grid.signed and grid.width < 2:
            grid = replace(grid, width=2, integer=grid.integer + 1)
        return type_quantizer(grid)

    def changed(self, node: Any, layer: Any) -> Edge:
        """A node's input through a layer that computes element by element."""
        edge = self.edge(node)
        return replace(edge, tensor=layer(edge.tensor), grid=None)

    def edge(self, node: Any, index: int = 0, real: bool = False) -> Edge:
        """The tensor that a node takes.

        Args:
            node: that takes it.
            index: which of its inputs.
            real: whether it may stand for other values than its own.
        """
        name = node.input[index]
        if name not in self.edges:
            raise LayerNotSupportedError(
                f"node {self.node_name(node)!r}: its input {name!r} is a constant, or computed by no node before it"
            )
        return self.edges[name] if real else self.settled(f"node {self.node_name(node)!r}", self.edges[name])

    def single(self, node: Any) -> Edge:
        """The tensor that a node takes, on one scale; ready for its values to be moved."""
        edge = self.edge(node, real=True)
        real = edge.real
        if real is not None and not real.single:
            edge, real = self.edge(node), None
        if real is not None:
            real = replace(real, scale=real.scale[:1], shift=real.shift[:1])
        return replace(edge, grid=edge.grid if edge.grid is None else edge.grid.uniform, real=real)

    def edges_alike(self, node: Any) -> list[Edge]:
        """All tensors that a node takes, that stand for values on one scale with one shift, or for their own."""
        edges = [self.edge(node, index, real=True) for index in range(len(node.input))]
        reals = [edge.real for edge in edges if edge.real is not None and edge.real.single and not edge.real.limited]
        values = {(float(real.scale.flat[0]), float(real.shift.flat[0]), real.count) for real in reals}
        if len(reals) == len(edges) and len(values) == 1:
            return edges
        return [self.edge(node, index) for index in range(len(node.input))]

    def settled(self, who: str, edge: Edge) -> Edge:
        """The tensor with ONNX's own values.

        Args:
            who: takes it, for messages and for the name of a layer.
            edge: the tensor.

        Raises:
            QuantizerNotSupportedError: if they are on no grid of few bits.
        """
        real = edge.real
        if real is None:
            return edge
        if not real.short:
            raise QuantizerNotSupportedError(
                f"{who}: values in steps of {float(real.slope.flat[0]):g}, which is no power of two, reach it; put a"
                " quantizer before it (products, the largest of a window, ReLU, scales and shifts need none)"
            )
        scale, shift = (value if value.size > 1 else float(value.flat[0]) for value in (real.scale, real.shift))
        if real.plain:
            return replace(edge, real=None)
        tensor = affine(edge.tensor, scale, shift, self.name(f"{who}_value"), who)
        return Edge(tensor, edge.last, edge.order, None if edge.grid is None else edge.grid.moved(real))

    def output(self, name: str) -> Any:
        """A tensor as the model gives it; steps that the network does not compute are left to the host.

        Args:
            name: of the output.

        Raises:
            LayerNotSupportedError: if it is a flattened picture.
        """
        from netloom.quantize.layers import HostScale

        who, edge = f"output {name!r}", self.edges[name]
        real = edge.real
        if real is None or real.short:
            return self.as_in_onnx(who, self.settled(who, edge))
        tensor = self.as_in_onnx(who, replace(edge, real=None))
        places = max(real.slope.size, real.shift.size)
        scale = OutputScale(
            scale=tuple(np.broadcast_to(real.slope, (places,)).tolist()),
            shift=tuple(np.broadcast_to(real.shift, (places,)).tolist()),
            axis=0 if edge.last else len(tensor.shape) - 2,
            floor=real.floor if real.floor > -np.inf else None,
            ceiling=real.ceiling if real.ceiling < np.inf else None,
        )
        return HostScale(scale, name=self.name(f"{who}_value"))(tensor)

    def centred(self, node: Any, edge: Edge) -> Edge:
        """The tensor with 0 where ONNX's is 0: what a zero point is taken from.

        Raises:
            QuantizerNotSupportedError: if that is no number of steps.
        """
        assert edge.real is not None
        shift = edge.real.shift / edge.real.slope
        if not (edge.real.single and is_short(shift)):
            raise QuantizerNotSupportedError(
                f"node {self.node_name(node)!r}: zeros are put around values that never are 0; use a zero point that"
                " is a whole number"
            )
        real = replace(edge.real, shift=np.zeros(1))
        name = f"{self.node_name(node)}_zero"
        tensor = affine(edge.tensor, 1.0, float(shift.flat[0]), self.name(name), f"node {self.node_name(node)!r}")
        grid = None if edge.grid is None else edge.grid.moved(Real(np.ones(1), shift[:1]))
        return Edge(tensor, edge.last, edge.order, grid, real)

    def channels_last(self, node: Any, edge: Edge) -> Any:
        """A picture or a sequence with its channels last, (N, *spatial, C)."""
        import keras

        shape = tuple(edge.tensor.shape[1:])
        if edge.last:
            return edge.tensor
        self._check_one_scale(f"node {self.node_name(node)!r}", edge)
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
        self._check_one_scale(who, edge)
        rank = len(edge.tensor.shape) - 1
        name = self.name(f"{who}_channels_first")
        return keras.layers.Permute((rank, *range(1, rank)), name=name)(edge.tensor)

    def _check_one_scale(self, who: str, edge: Edge) -> None:
        if edge.real is not None and not edge.real.single:
            raise QuantizerNotSupportedError(
                f"{who}: channels of different scales are moved; put a quantizer before it"
            )

    def is_input(self, edge: Edge) -> bool:
        """Whether a tensor is an input of the network, which nothing has quantized yet."""
        return any(edge.tensor is one for one in self.inputs)

    def alone(self, node: Any, kind: str) -> Any | None:
        """The node of a kind that alone reads this one's result, which is no output of the model."""
        readers = [one for one in self.wrapped.graph.node if node.output[0] in one.input]
        outputs = [one.name for one in self.wrapped.graph.output]
        if len(readers) != 1 or readers[0].op_type != kind or node.output[0] in outputs:
            return None
        return readers[0]


NodeBuilder = Callable[[KerasBuilder, Any], Edge]
"""Builds a node's layers and gives its result."""
