"""The types a layer of hls4ml's is lowered with, and its weights as C++ holds them.

While netloom plans, types come from `Planned`: the narrowest that loses nothing, or the user's. Once hls4ml's graph
carries them, `FromGraph` reads them off: lowering then means exactly that graph.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from netloom.errors import PrecisionError, SettingsError
from netloom.fixed_point import MAX_WIDTH, FixedPoint
from netloom.rounding import INT64_LIMIT, magnitude

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

    def held(self, node: Any, output: str) -> FixedPoint | None:
        """The type of a variable that a layer writes; None as long as it is not known."""
        del node, output
        return None

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

    def held(self, node: Any, output: str) -> FixedPoint | None:
        """As the variable has it."""
        return fixed_point(node.get_output_variable(output).type.precision)

    def table_size(self, node: Any, role: str, default: int) -> int:
        """The attribute of that name, or `table_size`, which hls4ml falls back to."""
        return int(node.get_attr(role, node.get_attr("table_size", default)))


class Replaced(TypeSource):
    """Others' types, but for some roles.

    Args:
        others: where all else comes from.
        types: by role.
    """

    def __init__(self, others: TypeSource, types: Mapping[str, FixedPoint]) -> None:
        self._others, self._types = others, types

    def choose(self, node: Any, role: str, narrowest: Callable[[], FixedPoint]) -> FixedPoint:
        """The one in its place, or the others'."""
        return self._types.get(role) or self._others.choose(node, role, narrowest)

    def table_size(self, node: Any, role: str, default: int) -> int:
        """The others'."""
        return self._others.table_size(node, role, default)


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
