"""What lowering one hls4ml layer needs: its inputs, a place to put operations, and the types to use.

While netloom plans, types come from `Planned`: the narrowest that loses nothing, or the user's. Once hls4ml's graph
carries them, `FromGraph` reads them off: lowering then means exactly that graph.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, TypeVar

import numpy as np

from netloom.errors import LayerNotSupportedError, PrecisionError, SettingsError
from netloom.fixed_point import INT64_LIMIT, MAX_WIDTH, FixedPoint, Rounding, magnitude
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
from netloom.hls.timing import layer_interval

T = TypeVar("T")

RESULT = "result"
ACCUM = "accum"


def fixed_point(precision: Any) -> FixedPoint:
    """hls4ml's precision object as netloom's type.

    Raises:
        PrecisionError: for floating point, exponent and XNOR types, and for saturation bits.
    """
    modes = getattr(precision, "rounding_mode", None), getattr(precision, "saturation_mode", None)
    kind = type(precision).__name__
    if not hasattr(precision, "integer") or "Xnor" in kind or "Exponent" in kind or "Float" in kind:
        raise PrecisionError(f"type {precision} is not fixed point; use fixed<W,I> or ufixed<W,I>")
    if getattr(precision, "saturation_bits", None):
        raise PrecisionError(f"type {precision}: saturation bits must be 0")
    type_ = FixedPoint(precision.width, precision.integer, bool(precision.signed))
    rounding, overflow = (str(mode).removeprefix("AP_") if mode is not None else None for mode in modes)
    text = f"{'' if type_.signed else 'u'}fixed<{type_.width},{type_.integer},{rounding or 'TRN'},{overflow or 'WRAP'}>"
    return FixedPoint.parse(text)


class TypeSource(ABC):
    """Where a layer's types come from."""

    @abstractmethod
    def choose(self, node: Any, role: str, narrowest: Callable[[], FixedPoint]) -> FixedPoint:
        """The type a layer uses for `role` ('result', 'accum', 'exp_table', ...).

        Args:
            node: hls4ml's layer.
            role: what the type is for.
            narrowest: computes the narrowest type that loses nothing.
        """

    @abstractmethod
    def table_size(self, node: Any, role: str, default: int) -> int:
        """Number of entries of a layer's table; `default` where nothing else is asked for."""


class FromGraph(TypeSource):
    """Read the types that hls4ml's finished graph carries."""

    def choose(self, node: Any, role: str, narrowest: Callable[[], FixedPoint]) -> FixedPoint:
        """The precision of the output variable, or of the attribute `<role>_t`."""
        del narrowest
        if role == RESULT:
            return fixed_point(node.get_output_variable().type.precision)
        return fixed_point(node.get_attr(f"{role}_t").precision)

    def table_size(self, node: Any, role: str, default: int) -> int:
        """The attribute of that name, or `table_size`, which hls4ml falls back to."""
        return int(node.get_attr(role, node.get_attr("table_size", default)))


class Planned(TypeSource):
    """Choose types before hls4ml's graph has them, and remember the choice.

    Args:
        overrides: the user's types, {layer: {role: type}}.
        fixed: results that handlers have set already, {layer: type}; they are quantizers and not to be widened.
    """

    def __init__(self, overrides: Mapping[str, Mapping[str, FixedPoint]], fixed: Mapping[str, FixedPoint]) -> None:
        self.types: dict[str, dict[str, FixedPoint]] = {}
        self.table_sizes: dict[str, dict[str, int]] = {}
        self._overrides = overrides
        self._fixed = fixed

    def choose(self, node: Any, role: str, narrowest: Callable[[], FixedPoint]) -> FixedPoint:
        """The user's type, else the quantizer's, else the narrowest."""
        planned = self.types.get(node.name, {}).get(role)
        if planned is not None:
            return planned
        chosen = self._overrides.get(node.name, {}).get(role)
        if chosen is None and role == RESULT:
            chosen = self._fixed.get(node.name)
        if chosen is None:
            try:
                chosen = narrowest()
            except PrecisionError as error:
                raise PrecisionError(f"layer {node.name!r}, {role}: {error}") from None
        self.types.setdefault(node.name, {})[role] = chosen
        return chosen

    def table_size(self, node: Any, role: str, default: int) -> int:
        """Remember and use the default."""
        self.table_sizes.setdefault(node.name, {})[role] = default
        return default

    def check_overrides_used(self) -> None:
        """Refuse types the user gave for layers or roles that do not exist.

        Raises:
            SettingsError: naming the first of them and what there is.
        """
        for layer, roles in self._overrides.items():
            if layer not in self.types:
                raise SettingsError(f"precision: there is no layer {layer!r}; layers are {', '.join(self.types)}")
            for role in roles:
                if role not in self.types[layer]:
                    raise SettingsError(
                        f"precision: layer {layer!r} has no type {role!r}; it has {', '.join(self.types[layer])}"
                    )


class LoweringContext:
    """One layer at a time: `enter` it, add operations, `finish` it."""

    def __init__(self, types: TypeSource, io_type: str, origins: Mapping[str, str]) -> None:
        self.builder = DataflowBuilder()
        self.stream = io_type == "io_stream"
        self._types = types
        self._origins = origins
        self._variables: dict[str, str] = {}
        self.node: Any = None

    def enter(self, node: Any) -> None:
        """Start lowering a layer."""
        self.node = node

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
        for output in self.node.outputs:
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


def roundable(type_: FixedPoint) -> FixedPoint:
    """At least as wide as its fraction: `ap_fixed` aborts when rounding drops more bits than a type has."""
    missing = type_.signed - type_.integer
    if type_.width + missing > MAX_WIDTH:
        raise PrecisionError(
            f"its numbers lie so far right of the point that rounding them takes {type_.width + missing} bits, and a "
            f"type has at most {MAX_WIDTH}; use more integer bits in the types before it"
        )
    return type_ if missing <= 0 else FixedPoint(type_.width + missing, type_.integer + missing, type_.signed)


def stored(variable: Any) -> tuple[np.ndarray, FixedPoint]:
    """Weights as hls4ml's C++ holds them, as raws, and their type.

    hls4ml writes them as text with as many decimals as the type has fraction bits, which rounds; C++ reads the text
    and casts it to the declared type.
    """
    type_ = fixed_point(variable.type.precision)
    data = np.asarray(variable.data, dtype=np.float64)
    raw = type_.from_float(data)
    # Values on the type's grid are written in full; they need no detour.
    off_grid = type_.to_float(raw) != data
    written = [float(variable.precision_fmt.format(value)) for value in data[off_grid]]
    raw[off_grid] = type_.from_float(np.array(written, dtype=np.float64))
    return _in_int64(raw, type_.with_modes(), variable.name)


def _in_int64(raw: np.ndarray, type_: FixedPoint, name: str) -> tuple[np.ndarray, FixedPoint]:
    """The same values in int64: in a type without the zeros that all of them end in, where the given one is wider."""
    if raw.dtype.kind == "i":
        return raw, type_
    used = int(np.bitwise_or.reduce(raw, axis=None))
    zeros = (used & -used).bit_length() - 1 if used else 0
    if magnitude(raw) >> zeros >= INT64_LIMIT:
        raise PrecisionError(
            f"weights {name!r}: in {type_} the largest and the smallest lie further apart than the 62 bits netloom has"
            " for weights; give them a type of fewer fraction bits"
        )
    raw = (raw >> zeros).astype(np.int64)
    return raw, FixedPoint.containing(int(raw.min(initial=0)), int(raw.max(initial=0)), type_.fraction - zeros)
