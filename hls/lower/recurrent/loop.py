"""A loop of hls4ml's own LSTM or GRU: every intermediate of the type that the C++ gives it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from netloom.errors import PrecisionError
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Bounds, Cast, Clamp, Elementwise, ElementwiseFunction, MatVec, Scan, TensorType
from netloom.hls.lower.activation import look_up_sigmoid, look_up_tanh
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.linear import stored_matrix, summing_order
from netloom.hls.lower.types import ACCUM, RESULT, stored

CPP_GATES = {
    "LSTM": ("input", "forget", "candidate", "output"),
    "GRU": ("update", "reset", "candidate"),
    "GRU of PyTorch": ("reset", "update", "candidate"),
}
"""In the order of the columns of the kernels that the C++ takes."""

CPP_FUNCTIONS: dict[str, Callable[[LoweringContext, str, str], str]] = {
    "sigmoid": look_up_sigmoid,
    "tanh": look_up_tanh,
    "relu": lambda context, source, suffix: context.add(suffix, Clamp(0), source),
}
"""Those that `nnet_recr_activations.h` has."""

_ADD, _SUBTRACT, _MULTIPLY = ElementwiseFunction.ADD, ElementwiseFunction.SUBTRACT, ElementwiseFunction.MULTIPLY


@dataclass(frozen=True)
class BuiltLoop:
    """A loop in a graph.

    Attributes:
        products: the nodes of the inputs' products, which wait for no state.
        scan: what reads them.
        mixed: of a GRU, the nodes in the body of how much is kept of the state, and of what is mixed with it.
    """

    products: tuple[str, ...]
    scan: Scan
    mixed: tuple[str, str] | None


class RecurrentLoop:
    """A loop of an hls4ml layer.

    Args:
        node: hls4ml's layer.
        direction: of a `Bidirectional`, 'forward' or 'backward'; empty for a layer with one loop.

    Attributes:
        prefix: of its attributes and weights.
        name: of its class: 'LSTM' or 'GRU'.
        units: elements of the state.
        functions: that of the gates, and that of the candidate.
    """

    def __init__(self, node: Any, direction: str = "") -> None:
        self._node, self.prefix = node, f"{direction}_" if direction else ""
        self._backwards = direction == "backward"
        self.name = str(self.attribute("class_name")) if direction else str(node.class_name)
        self.units = int(self.attribute("n_states" if direction else "n_out"))
        self.functions = tuple(str(self.attribute(name)) for name in ("recurrent_activation", "activation"))

    def attribute(self, name: str) -> Any:
        """An attribute of the layer, of this direction."""
        return self._node.get_attr(f"{self.prefix}{name}")

    @property
    def _gates(self) -> tuple[str, ...]:
        return CPP_GATES[
            "GRU of PyTorch" if self.name == "GRU" and self._node.get_attr("pytorch", False) else self.name
        ]

    def build(self, context: LoweringContext, source: str, every: bool, begun: bool = False) -> BuiltLoop:
        """All of the loop but the node of the scan itself.

        Args:
            context: of the layer.
            source: (steps, inputs).
            every: whether to give what all steps compute.
            begun: whether the body's ranges in its builder are those of the first step, whose states are zeros.
        """
        products = self._products(context, source, "weight", "bias", "reuse_factor")
        body = context.apart()
        fed = {}
        for gate, product in products.items():
            tensor, bounds = context.type_of(product), context.bounds_of(product)
            fed[gate] = body.builder.source(
                f"{self._node.name}.{self.prefix}{gate}_fed", TensorType(tensor.shape[1:], tensor.element)
            )
            body.builder.bounds[fed[gate]] = any_step(bounds)
        state = TensorType((self.units,), _chosen(body, RESULT))
        zeros = np.zeros(self.units, dtype=np.int64)
        states = []
        for name in ("state", "memory") if self.name == "LSTM" else ("state",):
            states.append(body.builder.source(f"{self._node.name}.{self.prefix}{name}_read", state))
            if begun:
                body.builder.bounds[states[-1]] = Bounds(zeros, zeros)
        mixed = None
        if self.name == "LSTM":
            results = self._lstm(body, fed, *states)
        else:
            *results, z, candidate = self._gru(body, fed, *states)
            mixed = z, candidate
        carries = tuple(zip(states, results, strict=True))
        graph = body.builder.build([*states, *fed.values()], results[:1])
        steps = context.type_of(source).shape[0]
        scan = Scan(graph, carries, (zeros,) * len(states), steps, (every,), self._backwards)
        return BuiltLoop(tuple(products.values()), scan, mixed)

    def _products(self, context: LoweringContext, source: str, weight: str, bias: str, factor: str) -> dict[str, str]:
        """By gate, its columns of a kernel times a vector."""
        raw, type_ = stored(self._node.weights[f"{self.prefix}{weight}"])
        start, start_type = stored(self._node.weights[f"{self.prefix}{bias}"])
        weights = stored_matrix(self._node, raw, self.units * len(self._gates))
        order = summing_order(self._node, len(weights), f"{self.prefix}{factor}")
        columns = (np.split(part, len(self._gates), axis=-1) for part in (weights, start.ravel()))
        return {
            gate: context.accumulate(
                MatVec,
                source,
                (matrix, type_),
                (vector, start_type),
                order=order,
                suffix=f"{self.prefix}{gate}_{weight}",
            )
            for gate, matrix, vector in zip(self._gates, *columns, strict=True)
        }

    def _lstm(self, body: LoweringContext, fed: Mapping[str, str], h: str, c: str) -> list[str]:
        """What it gives, and its memory."""
        gate, act = self.functions
        inner = self._products(body, h, "recurrent_weight", "recurrent_bias", "recurrent_reuse_factor")
        i, f, g, o = (
            self._function(body, act if name == "candidate" else gate, self._sum(body, fed[name], inner[name]))
            for name in CPP_GATES["LSTM"]
        )
        new = self._add(body, "new", _MULTIPLY, g, i)
        kept = self._add(body, "kept", _MULTIPLY, c, f)
        memory = self._assign(body, "memory", self._add(body, "memory_sum", _ADD, new, kept), RESULT)
        shown = self._add(body, "shown", _MULTIPLY, o, self._function(body, act, memory))
        return [self._assign(body, "state", shown, RESULT), memory]

    def _gru(self, body: LoweringContext, fed: Mapping[str, str], h: str) -> list[str]:
        """What it gives; how much is kept of the state, and what is mixed with it."""
        gate, act = self.functions
        inner = self._products(body, h, "recurrent_weight", "recurrent_bias", "recurrent_reuse_factor")
        z, r = (self._function(body, gate, self._sum(body, fed[name], inner[name])) for name in ("update", "reset"))
        reset = self._assign(body, "reset", self._add(body, "gated", _MULTIPLY, r, inner["candidate"]), ACCUM)
        candidate = self._function(body, act, self._sum(body, fed["candidate"], reset))
        # candidate * (1 - z) + h * z, of which the C++ rounds nothing before the sum, with one product.
        change = self._add(body, "change", _SUBTRACT, h, candidate)
        part = self._add(body, "part", _MULTIPLY, z, change)
        return [self._assign(body, "state", self._add(body, "mixed", _ADD, candidate, part), RESULT), z, candidate]

    def _sum(self, body: LoweringContext, fed: str, inner: str) -> str:
        return self._assign(body, "sum", self._add(body, "total", _ADD, fed, inner), ACCUM)

    def _function(self, body: LoweringContext, function: str, value: str) -> str:
        return body.cast(
            f"{self.prefix}active",
            CPP_FUNCTIONS[function](body, value, f"{self.prefix}{function}"),
            _chosen(body, ACCUM),
        )

    def _add(self, body: LoweringContext, suffix: str, function: ElementwiseFunction, a: str, b: str) -> str:
        return body.add(f"{self.prefix}{suffix}", Elementwise(function), a, b)

    def _assign(self, body: LoweringContext, suffix: str, value: str, role: str) -> str:
        """A cast in any case: one ends every state."""
        return body.add(f"{self.prefix}{suffix}", Cast(_chosen(body, role)), value)


def any_step(bounds: Bounds) -> Bounds:
    """Of what has an axis of steps, what any of them can hold."""
    return Bounds(bounds.low.min(axis=0), bounds.high.max(axis=0))


def _chosen(context: LoweringContext, role: str) -> FixedPoint:
    """A type that has been chosen before."""

    def narrowest() -> FixedPoint:
        raise PrecisionError("its type must be set")

    return context.choose(role, narrowest)
