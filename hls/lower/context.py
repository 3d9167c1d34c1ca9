"""What lowering one hls4ml layer needs: its inputs, a place to put operations, and the types to use."""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, TypeVar

import numpy as np

from netloom.errors import LayerNotSupportedError, PrecisionError
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import (
    Bounds,
    Cast,
    DataflowBuilder,
    DepthwiseMatVec,
    Layer,
    MatVec,
    Operation,
    Permute,
    TensorType,
)
from netloom.hls.intervals import layer_interval
from netloom.hls.lower.types import ACCUM, RESULT, Replaced, TypeSource, roundable
from netloom.rounding import Rounding

T = TypeVar("T")


class LoweringContext:
    """One layer at a time: `enter` it, add operations, `finish` it."""

    def __init__(self, types: TypeSource, io_type: str, origins: Mapping[str, str]) -> None:
        self.builder = DataflowBuilder()
        self.stream = io_type == "io_stream"
        self._io_type = io_type
        self._types = types
        self._origins = origins
        self._variables: dict[str, str] = {}
        self.node: Any = None

    def enter(self, node: Any) -> None:
        """Start lowering a layer."""
        self.node = node

    def apart(self, types: Mapping[str, FixedPoint] | None = None) -> "LoweringContext":
        """A context with the same layer and a graph of its own, such as the body of a loop.

        Args:
            types: what stands there in the place of the layer's, by role.
        """
        other = LoweringContext(Replaced(self._types, types) if types else self._types, self._io_type, self._origins)
        other.enter(self.node)
        return other

    @property
    def inputs(self) -> list[str]:
        """Names of the dataflow nodes that feed the layer."""
        return [self._variables[name] for name in self.node.inputs]

    def type_of(self, name: str) -> TensorType:
        """Type of a dataflow node's result."""
        return self.builder.types[name]

    def bounds_of(self, name: str) -> Bounds:
        """Proven range of a dataflow node's result."""
        return self.builder.bounds[name]

    def source(self, shape: tuple[int, ...], element: FixedPoint) -> None:
        """Make the layer a network input."""
        name = self.builder.source(self.node.name, TensorType(shape, element))
        self._close(name)

    def add(self, suffix: str, operation: Operation, *inputs: str) -> str:
        """Add an operation to the layer; gives its name."""
        if isinstance(operation, Cast):
            self._check_roundable((self.type_of(inputs[0]).element,), operation.to)
        return self._named(lambda: self.builder.add(self.node.name, suffix, operation, *inputs))

    def _named(self, compute: Callable[[], T]) -> T:
        """Let errors of precision say which layer it is."""
        try:
            return compute()
        except PrecisionError as error:
            raise PrecisionError(f"layer {self.node.name!r}: {error}") from None

    def choose(self, role: str, narrowest: Callable[[], FixedPoint]) -> FixedPoint:
        """The type to use for `role`."""
        return self._types.choose(self.node, role, narrowest)

    def table_size(self, role: str, default: int) -> int:
        """The number of entries to use for a table."""
        return self._types.table_size(self.node, role, default)

    def accumulate(
        self,
        operation: type[MatVec] | type[DepthwiseMatVec],
        source: str,
        weights: tuple[np.ndarray, FixedPoint],
        bias: tuple[np.ndarray, FixedPoint],
        *,
        order: tuple[int, ...] | None = None,
        exact: bool = False,
        suffix: str = "matvec",
    ) -> str:
        """Add a matrix product; its accumulator is chosen, or the exact one if `exact`.

        Args:
            operation: `MatVec` or `DepthwiseMatVec`.
            source: the dataflow node that feeds it.
            weights: raws in the operation's shape, and their type.
            bias: raws, and their type.
            order: of accumulation, where it is not the natural one.
            exact: whether hls4ml has no accumulator here, and sums in full precision.
            suffix: of the node's name.
        """
        types, bounds = [self.type_of(source)], [self.bounds_of(source)]

        def narrowest() -> FixedPoint:
            draft = operation(*weights, *bias, FixedPoint(1, 1))
            return draft.exact_sum(types, bounds)

        accum = self._named(narrowest) if exact else self.choose(ACCUM, narrowest)
        factors = types[0].element, weights[1]
        for terms in (factors, (bias[1],)):
            self._check_roundable(terms, accum)
        return self.add(suffix, operation(*weights, *bias, accum, order), source)

    def finish(self, name: str) -> None:
        """Assign the layer's result to its output variable, and close it."""
        result = self.choose(RESULT, lambda: self.narrowed(name))
        self._close(self.cast(RESULT, name, result))

    def cast(self, suffix: str, name: str, to: FixedPoint) -> str:
        """Assign a node's result to a variable of type `to`; gives the node itself where no value can change by that.

        Equal bits are not enough: a symmetric type saturates the lowest value that its bits could hold.
        """
        same_bits = self.type_of(name).element.with_modes() == to.with_modes()
        if same_bits and not self.bounds_of(name).exceeds(to):
            return name
        return self.add(suffix, Cast(to), name)

    def _check_roundable(self, factors: Sequence[FixedPoint], target: FixedPoint) -> None:
        """Refuse a cast of a product of numbers of these types that `ap_fixed` aborts on."""
        fraction, width = sum(factor.fraction for factor in factors), sum(factor.width for factor in factors)
        if target.rounding is not Rounding.TRN and fraction - target.fraction > width:
            raise PrecisionError(
                f"layer {self.node.name!r}: {' x '.join(map(str, factors))} rounds to {target}, which drops more bits "
                "than it has; hls4ml's "
                "ap_fixed aborts on that, use more fraction bits in the target"
            )

    def finish_moved(self, name: str) -> None:
        """Like `finish`, for layers that only move elements: their result's type is their input's."""
        self.choose(RESULT, lambda: self.type_of(name).element)
        self.finish(name)

    def pass_through(self, name: str) -> None:
        """Close a layer whose output variable is its input's: no cast happens."""
        self._close(name)

    def narrowed(self, name: str) -> FixedPoint:
        """The narrowest type for what a node can come to hold."""
        bounds = self.bounds_of(name)
        return roundable(
            FixedPoint.containing(int(bounds.low.min()), int(bounds.high.max()), self.type_of(name).element.fraction)
        )

    def _close(self, name: str) -> None:
        element = self.type_of(name).element
        for output in self.node.outputs:
            held = self._types.held(self.node, output)
            if held is not None and held.with_modes() != element.with_modes():
                raise PrecisionError(
                    f"layer {self.node.name!r}: hls4ml's C++ holds its result in {held}, and it is a {element}"
                )
            self._variables[output] = name
        origin = self._origins.get(self.node.name, self.node.name)
        shape = self.type_of(name).shape
        source = self.type_of(self.inputs[0]).shape if self.node.class_name != "Input" else shape
        interval = layer_interval(self.node, source, shape, self.stream)
        self.builder.layer(Layer(self.node.name, self.node.class_name, name, origin, interval))

    def reshaped(self, name: str, shape: tuple[int, ...]) -> str:
        """The elements of a network output in the model's shape, where hls4ml left out the layer that gives it.

        Raises:
            LayerNotSupportedError: if hls4ml's output has more or fewer elements than the model's.
        """
        tensor = self.type_of(name)
        if tensor.shape == shape:
            return name
        if tensor.size != prod(shape):
            raise LayerNotSupportedError(f"an output has shape {shape} in the model and {tensor.shape} in hls4ml")
        layer = name.partition(".")[0]
        order = np.arange(tensor.size, dtype=np.int64).reshape(shape)
        return self.builder.add(layer, "output", Permute(order), name)

    def output(self, variable: str) -> str:
        """The dataflow node behind one of the network's output variables."""
        return self._variables[variable]
