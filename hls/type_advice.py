"""Which types of an hls4ml configuration cannot hold what their layers compute, and those that can.

The graph is lowered once more with every type that the proven range leaves widened, so that what is said of a layer
holds once the layers before it are mended.
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from netloom.errors import PrecisionError
from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.backend_types import FromTemplates
from netloom.hls.lower import RESULT, fixed_point, lower
from netloom.quantize.functions.softmax_tables import INDEX_BITS, distance_type
from netloom.rounding import Rounding

COARSE = 1 / 16
"""A softmax table whose entries lie further apart is taken for a fault: exp is then off by more than 6 %."""

_SATURATING = (Overflow.SAT, Overflow.SAT_SYM)


@dataclass(frozen=True)
class Advice:
    """What is wrong with the types of one layer, and what to set in an hls4ml configuration instead.

    Attributes:
        layer: its name.
        fault: in words.
        settings: of the layer: types of tables, `<role>_t`, and sizes.
        precision: entries of its `Precision`, by role.
    """

    layer: str
    fault: str
    settings: Mapping[str, Any]
    precision: Mapping[str, FixedPoint]

    def __str__(self) -> str:
        """One line, with what to set ready to paste."""
        where = f'config["LayerName"]["{self.layer}"]'
        settings, precision = (_plain(entries) for entries in (self.settings, self.precision))
        lines = [f"{where} |= {settings}"] if settings else []
        if precision:
            lines.append(f'{where}["Precision"] |= {precision}')
        return f"layer {self.layer!r}{self.fault}; with granularity='name' set {' and '.join(lines)}"


def _plain(entries: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(entry) if isinstance(entry, FixedPoint) else entry for name, entry in entries.items()}


def type_advice(graph: Any, io_type: str) -> list[Advice]:
    """One for each layer with a type that may wrap on its proven range, or a softmax table that is too coarse.

    Types that saturate count as quantizers if they are results: they leave the range on purpose.

    Args:
        graph: hls4ml's ModelGraph, lowered before without an error.
        io_type: 'io_parallel' or 'io_stream'.
    """
    types = _Widened()
    # Where nothing is wide enough, what was found before it still stands.
    with contextlib.suppress(PrecisionError):
        lower(graph, types, io_type, {})
    return [advice for node in graph.get_layers() if (advice := types.advice(node))]


class _Widened(FromTemplates):
    """The graph's types, each made as wide as what it must hold; softmax's are left, and kept for `advice`."""

    def __init__(self) -> None:
        self._chosen: dict[tuple[str, str], FixedPoint] = {}
        self._found: dict[str, dict[str, tuple[FixedPoint, FixedPoint]]] = {}
        self._sizes: dict[tuple[str, str], int] = {}

    def choose(self, node: Any, role: str, narrowest: Callable[[], FixedPoint]) -> FixedPoint:
        """The graph's type, widened if need be."""
        if (node.name, role) in self._chosen:
            return self._chosen[node.name, role]
        have = super().choose(node, role, narrowest)
        chosen = have
        if node.class_name != "Input":
            try:
                need = narrowest()
                chosen = _widened(have, need, role)
            except PrecisionError:
                need = have
            if node.class_name == "Softmax":
                self._found.setdefault(node.name, {})[role] = (have, need)
                chosen = have
            elif chosen != have:
                self._found.setdefault(node.name, {})[role] = (have, chosen)
        self._chosen[node.name, role] = chosen
        return chosen

    def held(self, node: Any, output: str) -> None:
        """The graph's variables hold the types that are not widened."""

    def table_size(self, node: Any, role: str, default: int) -> int:
        """The graph's size."""
        size = super().table_size(node, role, default)
        self._sizes[node.name, role] = size
        return size

    def advice(self, node: Any) -> Advice | None:
        """What is wrong with the layer's types, and what to set; None if nothing is."""
        found = self._found.get(node.name, {})
        if node.class_name == "Softmax" and "inv_inp" in found:
            return self._softmax_advice(node, found)
        if node.class_name == "Softmax":
            # 'legacy' and 'argmax' have but a result, of at most 1.
            one = FixedPoint(1, 1, signed=False)
            wide = {role: (have, _widened(have, one, role)) for role, (have, _) in found.items()}
            found = {role: (have, wider) for role, (have, wider) in wide.items() if have != wider}
        wrong = found | _narrow_weights(node)
        if not wrong:
            return None
        listed = ", ".join(f"{role} {have} cannot hold it, {wide} does" for role, (have, wide) in wrong.items())
        precision = {role: wide for role, (_, wide) in wrong.items() if role != "table"}
        tables = {"table_t": wrong["table"][1]} if "table" in wrong else {}
        return Advice(node.name, f" may wrap on its proven range: {listed}", tables, precision)

    def _softmax_advice(self, node: Any, found: dict[str, tuple[FixedPoint, FixedPoint]]) -> Advice | None:
        element = fixed_point(node.get_input_variable().type.precision)
        needs = {"inp_norm": distance_type(element)} | {role: need for role, (_, need) in found.items()}
        sizes = {
            "exp_table_size": 2 ** min(needs["inp_norm"].width, INDEX_BITS),
            "inv_table_size": 2 ** min(needs["inv_inp"].width, INDEX_BITS),
        }
        exp_index = found["inp_norm"][0] if "inp_norm" in found else element
        faults = [
            f"its table of {name} has an entry every {step:g}"
            for name, role, have, need in (
                ("exponentials", "exp_table_size", exp_index, needs["inp_norm"]),
                ("reciprocals", "inv_table_size", found["inv_inp"][0], needs["inv_inp"]),
            )
            if (step := _spacing(have, self._sizes[node.name, role])) > max(COARSE, _spacing(need, sizes[role]))
        ]
        # The distance from the maximum is at most the width of the input's range.
        if exp_index.overflow not in _SATURATING and exp_index.integer < element.integer:
            faults.append(f"{exp_index} cannot hold the distance from the largest input")
        faults += [
            f"{role} {have} cannot hold {'its sum' if role in ('accum', 'inv_inp') else '1'}"
            for role, (have, need) in found.items()
            if role != "inp_norm" and _magnitude(have) < _magnitude(need) - (have.overflow in _SATURATING)
        ]
        if not faults:
            return None
        precision = {role: needs[role] for role in ("accum", RESULT)}
        tables = {f"{role}_t": type_ for role, type_ in needs.items() if role not in precision}
        stable = {} if "inp_norm" in found else {"Implementation": "stable"}
        fault = f": hls4ml's types cannot hold its softmax: {'; '.join(faults)}"
        return Advice(node.name, fault, stable | tables | sizes, precision)


def _magnitude(type_: FixedPoint) -> int:
    """Bits left of the point, without the sign."""
    return type_.integer - type_.signed


def _spacing(index: FixedPoint, size: int) -> float:
    """How far apart the entries of a table are that the top bits of an `index` word address."""
    return 2.0 ** (index.integer - (size - 1).bit_length())


def _widened(have: FixedPoint, need: FixedPoint, role: str) -> FixedPoint:
    """`have` with as many bits left of the point as `need`."""
    if role == RESULT and have.overflow in _SATURATING:
        return have
    # A table of sigmoid or tanh reaches 1 by rounding only.
    idle = role == "table" and (have.rounding is Rounding.TRN or have.overflow in _SATURATING)
    signed = have.signed or need.signed
    integer = max(_magnitude(have), _magnitude(need) - idle) + signed
    return replace(have, width=have.fraction + integer, integer=integer, signed=signed)


def _narrow_weights(node: Any) -> dict[str, tuple[FixedPoint, FixedPoint]]:
    """Types that cannot hold the weights themselves."""
    found = {}
    for role, variable in node.weights.items():
        have = fixed_point(variable.type.precision)
        raw = np.floor(np.ldexp(np.asarray(variable.data, dtype=np.float64), have.fraction))
        low, high = int(raw.min(initial=0)), int(raw.max(initial=0))
        if low < have.raw_min or high > have.raw_max:
            found[role] = have, _widened(have.with_modes(), FixedPoint.containing(low, high, have.fraction), role)
    return found
