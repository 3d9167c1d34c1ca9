"""Cells of recurrent layers: what one step computes, as QKeras does, in operations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from netloom.fixed_point import BIT, ZERO, FixedPoint
from netloom.hls.dataflow import (
    Bounds,
    Cast,
    DataflowBuilder,
    DepthwiseMatVec,
    Elementwise,
    ElementwiseFunction,
    Layer,
    Lookup,
    MatVec,
    Operation,
    Permute,
    Scan,
    TensorType,
)
from netloom.hls.lower.merge import common_type

CellKind = Literal["simple", "lstm", "gru", "gru_before"]
"""What a cell computes; `gru_before` resets the state before the product, `gru` the product."""

GATES: dict[CellKind, tuple[str, ...]] = {
    "simple": ("cell",),
    "lstm": ("input", "forget", "candidate", "output"),
    "gru": ("update", "reset", "candidate"),
    "gru_before": ("update", "reset", "candidate"),
}
"""In the order of the columns of Keras's kernels."""

_HALF = FixedPoint(1, 0, signed=False)
_ADD, _SUBTRACT, _MULTIPLY = ElementwiseFunction.ADD, ElementwiseFunction.SUBTRACT, ElementwiseFunction.MULTIPLY
_MINIMUM, _MAXIMUM = ElementwiseFunction.MINIMUM, ElementwiseFunction.MAXIMUM


@dataclass(frozen=True)
class CellFunction:
    """A function in a cell.

    Attributes:
        kind: `table`: entries by the bits of a value cast to `index`; `hard_sigmoid`: (x + 1) / 2 cast to `result`;
            `cast`: x cast to it; `nothing`: x.
        result: type of what it gives, but for `nothing`.
        index: type of what a table takes.
        entries: raws of `result`, for all raws of `index` in their order.
    """

    kind: Literal["table", "hard_sigmoid", "cast", "nothing"]
    result: FixedPoint = ZERO
    index: FixedPoint = ZERO
    entries: tuple[int, ...] = (0,)


@dataclass(frozen=True, eq=False)
class RecurrentCell:
    """One step: weights as raws with their types, in Keras's layout, and what it computes with them.

    Attributes:
        kind: of the cell.
        kernel: (inputs, gates * units).
        recurrent: (units, gates * units).
        bias: (gates * units,); zeros if there is none.
        recurrent_bias: of the state's product; zeros but for `gru`.
        kernel_type: of the kernel; the others likewise.
        state: what the state is cast to when it is read.
        activation: of the candidate, and of what an LSTM gives.
        gate: of the gates.
    """

    kind: CellKind
    kernel: np.ndarray
    recurrent: np.ndarray
    bias: np.ndarray
    recurrent_bias: np.ndarray
    kernel_type: FixedPoint
    recurrent_type: FixedPoint
    bias_type: FixedPoint
    state: FixedPoint
    activation: CellFunction
    gate: CellFunction

    @property
    def units(self) -> int:
        """Elements of the state."""
        return int(self.recurrent.shape[0])

    @property
    def gates(self) -> tuple[str, ...]:
        """Their names."""
        return GATES[self.kind]

    def columns(self, weights: np.ndarray, gate: str) -> np.ndarray:
        """Those of one gate."""
        return np.split(weights, len(self.gates), axis=-1)[self.gates.index(gate)]

    def inputs(self, tensor: TensorType) -> dict[str, MatVec]:
        """By gate, the product of the inputs, (..., inputs), which waits for no state."""
        return {
            gate: exact_product(
                (self.columns(self.kernel, gate), self.kernel_type),
                (self.columns(self.bias, gate), self.bias_type),
                tensor,
            )
            for gate in self.gates
        }

    @property
    def states(self) -> int:
        """How many there are, (units,) each: an LSTM has a memory beside what it gives."""
        return 2 if self.kind == "lstm" else 1

    def scan(
        self,
        name: str,
        products: Sequence[TensorType],
        every: bool,
        backwards: bool,
        begun: bool = False,
        memory: bool = False,
        keep: bool = False,
        masked: bool = False,
    ) -> Scan:
        """The loop over all steps.

        Args:
            name: of the layer; those in the body are `name/gate`.
            products: of the inputs, (steps, units) each, in the order of the gates.
            every: whether to give what all steps compute.
            backwards: whether to begin with the last step.
            begun: whether inputs bring the states to begin with, as they are read; else they are zeros.
            memory: whether to give the memory of an LSTM behind what it gives, in one tensor.
            keep: whether a sample begins where the one before it ended.
            masked: whether an input behind the products, (steps, 1) of type `BIT`, says which steps are taken. One
                that is not leaves the states as they are, and gives what the one before it gave: zeros at first.
        """
        builder = DataflowBuilder()
        sources_of = {
            gate: builder.source(f"{name}/{gate}.input", TensorType(tensor.shape[1:], tensor.element))
            for gate, tensor in zip(self.gates, products, strict=True)
        }
        body = CellBody(self, name, builder, sources_of)
        result, carried = body.step()
        states = {source: body.carry(source, value) for source, value in carried.items()}
        if memory:
            result = body.joined(result, *(value for value in carried.values() if value != result))
        zeros = np.zeros(self.units, dtype=np.int64)
        initial = dict.fromkeys(states, None if begun else zeros)
        fed = list(sources_of.values())
        if masked:
            fed.append(mask := builder.source(f"{name}/mask.input", TensorType((1,), BIT)))
            before = builder.source(f"{name}/before.read", builder.types[result])
            initial[before] = np.zeros(builder.types[result].size, dtype=np.int64)
            states = {source: body.chosen(mask, new, source) for source, new in (states | {before: result}).items()}
            result = states[before]
        dataflow = builder.build([*states, *fed], [result])
        steps, starts = products[0].shape[0], tuple(initial.values())
        return Scan(dataflow, tuple(states.items()), starts, steps, (every,), backwards, keep)


def exact_product(
    weights: tuple[np.ndarray, FixedPoint], bias: tuple[np.ndarray, FixedPoint], tensor: TensorType
) -> MatVec:
    """In an accumulator that loses nothing."""
    draft = MatVec(*weights, *bias, ZERO)
    return MatVec(*weights, *bias, draft.exact_sum([tensor], [Bounds.of(tensor)]))


class CellBody:
    """Collects the operations of one step."""

    def __init__(self, cell: RecurrentCell, name: str, builder: DataflowBuilder, products: Mapping[str, str]) -> None:
        """Args: the cell; the layer's name; where operations go; by gate, the node of the inputs' product."""
        self.cell, self.name, self.builder, self.products = cell, name, builder, products

    def step(self) -> tuple[str, dict[str, str]]:
        """What the cell gives, and by source the values of its state that the next step reads."""
        match self.cell.kind:
            case "simple":
                h = self._state("state")
                result = self._gate("cell", self.cell.activation, self._recurrent("cell", h))
                return result, {h: result}
            case "lstm":
                return self._lstm()
            case _:
                return self._gru()

    def _lstm(self) -> tuple[str, dict[str, str]]:
        cell = self.cell
        h, c = self._state("state"), self._state("memory")
        functions = {gate: cell.activation if gate == "candidate" else cell.gate for gate in cell.gates}
        i, f, g, o = (self._gate(gate, functions[gate], self._recurrent(gate, h)) for gate in cell.gates)
        kept = self._add("memory", "kept", Elementwise(_MULTIPLY), f, c)
        new = self._add("memory", "new", Elementwise(_MULTIPLY), i, g)
        memory = self._close("memory", self._add("memory", "sum", Elementwise(_ADD), kept, new))
        shown = self._close("shown", self._function("shown", cell.activation, memory))
        result = self._close("result", self._add("result", "product", Elementwise(_MULTIPLY), o, shown))
        return result, {h: result, c: memory}

    def _gru(self) -> tuple[str, dict[str, str]]:
        cell = self.cell
        h = self._state("state")
        z = self._gate("update", cell.gate, self._recurrent("update", h))
        r = self._gate("reset", cell.gate, self._recurrent("reset", h))
        if cell.kind == "gru":
            inner = self._recurrent("candidate", h)
            inner = self._add("candidate", "kept", Elementwise(_MULTIPLY), r, inner)
        else:
            kept = self._add("candidate", "kept", Elementwise(_MULTIPLY), r, h)
            inner = self._recurrent("candidate", kept)
        candidate = self._gate("candidate", cell.activation, inner)
        # z * h + (1 - z) * candidate, with one product.
        change = self._add("result", "change", Elementwise(_SUBTRACT), h, candidate)
        part = self._add("result", "part", Elementwise(_MULTIPLY), z, change)
        result = self._close("result", self._add("result", "sum", Elementwise(_ADD), candidate, part))
        return result, {h: result}

    def _state(self, name: str) -> str:
        return self.builder.source(f"{self.name}/{name}.read", TensorType((self.cell.units,), self.cell.state))

    def joined(self, result: str, memory: str) -> str:
        """Both in one tensor, of a type that holds both."""
        elements = [self.builder.types[name].element for name in (result, memory)]
        both = common_type(elements)
        cast = [
            name if element.with_modes() == both else self._add("both", f"cast{index}", Cast(both), name)
            for index, (name, element) in enumerate(zip((result, memory), elements, strict=True))
        ]
        return self._add("both", "join", Permute(np.arange(2 * self.cell.units)), *cast)

    def carry(self, source: str, value: str) -> str:
        """A value of the state as the next step reads it."""
        return self._add(source.removeprefix(f"{self.name}/").partition(".")[0], "carry", Cast(self.cell.state), value)

    def chosen(self, mask: str, new: str, old: str) -> str:
        """`new` where the mask is 1, the source `old` where it is 0, in the type of that.

        max(min(new, p), min(old, q)), where p and q are the ends of the type, the other way round for 0 than for 1.
        """
        element = self.builder.types[old].element
        part = old.removeprefix(f"{self.name}/").partition(".")[0]
        ends = np.array([element.raw_min, element.raw_max])
        kept = []
        for suffix, value, table in (("new", new, ends), ("old", old, ends[::-1])):
            end = self._add(part, f"{suffix}_end", Lookup(table, element.with_modes()), mask)
            kept.append(self._add(part, suffix, Elementwise(_MINIMUM), value, end))
        either = self._add(part, "either", Elementwise(_MAXIMUM), *kept)
        return self._add(part, "chosen", Cast(element), either)

    def _recurrent(self, gate: str, state: str) -> str:
        cell = self.cell
        weights = cell.columns(cell.recurrent, gate), cell.recurrent_type
        bias = cell.columns(cell.recurrent_bias, gate), cell.bias_type
        return self._add(gate, "product", exact_product(weights, bias, self.builder.types[state]), state)

    def _gate(self, gate: str, function: CellFunction, product: str) -> str:
        """A function of the sum of the products of input and state."""
        total = self._add(gate, "sum", Elementwise(_ADD), self.products[gate], product)
        return self._close(gate, self._function(gate, function, total))

    def _function(self, part: str, function: CellFunction, value: str) -> str:
        match function.kind:
            case "table":
                index = self._add(part, "index", Cast(function.index), value)
                entries = np.array(function.entries, dtype=np.int64)
                offset = -function.index.with_modes().raw_min
                return self._add(part, "table", Lookup(entries, function.result.with_modes(), offset=offset), index)
            case "hard_sigmoid":
                tensor = self.builder.types[value]
                halves = np.ones((1, self.cell.units), dtype=np.int64), _HALF
                draft = DepthwiseMatVec(*halves, halves[0][0], _HALF, ZERO)
                accum = draft.exact_sum([tensor], [Bounds.of(tensor)])
                half = self._add(part, "half", DepthwiseMatVec(*halves, halves[0][0], _HALF, accum), value)
                return self._add(part, "cast", Cast(function.result), half)
            case "cast":
                return self._add(part, "cast", Cast(function.result), value)
            case _:
                return value

    def _add(self, part: str, suffix: str, operation: Operation, *inputs: str) -> str:
        return self.builder.add(f"{self.name}/{part}", suffix, operation, *inputs)

    def _close(self, part: str, value: str) -> str:
        name = f"{self.name}/{part}"
        self.builder.layer(Layer(name, "CellPart", value, self.name, 1))
        return value
