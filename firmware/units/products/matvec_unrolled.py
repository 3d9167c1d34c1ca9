"""`MatVecUnrolled`: a constant matrix times a vector in every clock, weights built into a network of adders."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from netloom.errors import FoldingError, SettingsError
from netloom.firmware.families import GENERIC, Family
from netloom.firmware.stream import Stream
from netloom.firmware.units.pipeline import PipelineTiming, fifo_depth, fifo_resources
from netloom.firmware.units.products.shift_add import Network, Node, Term, linear_network, signed_digits
from netloom.firmware.units.timing import Timing
from netloom.firmware.units.unit import Resources, Unit
from netloom.fixed_point import Overflow, Rounding, round_raw
from netloom.hls.dataflow import Bounds, MatVec, TensorType

_HEAD = """\
// A constant matrix times a vector: {inputs} elements in a beat, {outputs} results in a beat, a beat in every clock.
// Products with the weights are shifts and additions, shared where they occur more than once; a register behind each.
// Free-running behind a credit: a result reaches the output FIFO {latency} clocks after its beat.

// Not every bit of every input and sum counts.
// verilator lint_off UNUSEDSIGNAL
module {name} (
    input  logic clk,
    input  logic rst,  // synchronous; resets control only
    input  logic in_valid,
    output logic in_ready,
    input  logic [{in_top}:0] in_data,
    output logic out_valid,
    input  logic out_ready,
    output logic [{out_top}:0] out_data
);
  logic [{latency}:0] valid;
  logic [{latency}:0] first;
  logic [{out_top}:0] results;

"""
_CONTROL = """\
  credit_pipeline #(
      .STAGES({latency}),
      .WIDTH({width}),
      .DEPTH({depth}),
      .TARGET("{target}")
  ) control (
      .clk(clk),
      .rst(rst),
      .in_valid(in_valid),
      .in_ready(in_ready),
      .valid(valid),
      .first(first),
      .result(results),
      .out_valid(out_valid),
      .out_ready(out_ready),
      .out_data(out_data)
  );
endmodule
// verilator lint_on UNUSEDSIGNAL
"""


@dataclass(frozen=True, eq=False)
class MatVecUnrolled(Unit):
    """Matrix-vector products, one a clock. The module is made for the instance: `sources`.

    Attributes:
        name: of the instance and of its module.
        source: vectors, one a beat.
        operation: matrix, bias and accumulator.
        target: device family.
        bounds: proven range of a vector's elements, as the dataflow graph has it; unless given, all of their type.

    Raises:
        SettingsError: if a beat is not a whole vector.
        FoldingError: if a sum may saturate on the way, so that products must be added one by one.
    """

    module: ClassVar[str] = "matvec_unrolled"

    name: str
    source: Stream
    operation: MatVec
    target: Family = GENERIC
    bounds: Bounds | None = None

    def __post_init__(self) -> None:
        inputs = self.operation.weights.shape[0]
        if self.source.lanes != inputs:
            raise SettingsError(f"unit {self.name!r}: a beat must be {inputs} elements, not {self.source.lanes}")
        vector = [TensorType((inputs,), self.source.element)]
        bounds = [Bounds.of(vector[0]) if self.bounds is None else self.bounds]
        if self.operation.accum.overflow is not Overflow.WRAP and self.operation.may_overflow(vector, bounds):
            raise FoldingError(
                f"unit {self.name!r}: a sum in {self.operation.accum} may saturate on the way and cannot be unrolled; "
                "fold it, or use a wider accumulator, or one that wraps"
            )

    @property
    def inputs(self) -> tuple[Stream, ...]:
        """The vectors."""
        return (self.source,)

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """The results."""
        lanes = self.operation.weights.shape[1]
        return (Stream(f"{self.name}_out", self.operation.accum, lanes, self.source.beats),)

    @property
    def multipliers(self) -> int:
        """One a weight, whatever is left of it."""
        return self.operation.weights.size

    @property
    def _shift(self) -> int:
        """Fraction bits of a product minus those of the result."""
        operation = self.operation
        return self.source.element.fraction + operation.weight_type.fraction - operation.accum.fraction

    @cached_property
    def _network(self) -> tuple[Network, list[Term | None]]:
        """The adders, and every result without its bias, in its own step."""
        operation, shift, width = self.operation, self._shift, self.operation.accum.width
        inputs = operation.weights.shape[0]
        low, high = np.full(inputs, self.source.element.raw_min), np.full(inputs, self.source.element.raw_max)
        if self.bounds is not None:
            low = self.bounds.low.reshape(-1, inputs).min(axis=0)
            high = self.bounds.high.reshape(-1, inputs).max(axis=0)
        if shift > 0:
            return self._rounded_network(low, high)
        network, sums = _shared_network(operation.weights, low, high)
        below = [term and Term(term.node, term.shift - shift, term.negative) for term in sums]
        return network, [term if term and term.shift < width else None for term in below]

    def _rounded_network(self, low: np.ndarray, high: np.ndarray) -> tuple[Network, list[Term | None]]:
        """Each product is rounded before it is added: only equal products are shared."""
        network, weights = Network(), self.operation.weights
        inputs = [network.leaf(*ends) for ends in zip(low.tolist(), high.tolist(), strict=True)]
        made: dict[tuple[int, int], int] = {}
        sums: list[list[Term]] = [[] for _ in weights.T]
        for k, row in enumerate(weights.tolist()):
            for n, weight in enumerate(row):
                if weight and (k, weight) not in made:
                    made[k, weight] = self._rounded(network, inputs[k], weight)
                if weight:
                    sums[n].append(Term(made[k, weight], 0))
        return network, [network.tree(terms) if terms else None for terms in sums]

    def _rounded(self, network: Network, element: int, weight: int) -> int:
        product = network.tree(Term(element, *digit) for digit in signed_digits(weight))
        node = network.nodes[element]
        ends = np.array(sorted((node.low * weight, node.high * weight)), dtype=object)
        low, high = round_raw(ends, self._shift, self.operation.accum.rounding).tolist()
        return network.leaf(low, high, network.nodes[product.node].level + 1, rounded=product)

    @cached_property
    def _start(self) -> list[int]:
        start: list[int] = self.operation.start().tolist()
        return start

    @cached_property
    def _levels(self) -> int:
        """Clocks from the registered inputs to the results' sums."""
        network, sums = self._network
        return max((network.nodes[term.node].level for term in sums if term), default=0)

    @property
    def _finishes(self) -> bool:
        """Whether a last adder brings in a bias, or a sum of which only the negative is there."""
        return any(self._start) or any(term is not None and term.negative for term in self._network[1])

    @property
    def latency(self) -> int:
        """Clocks from a beat to its result's arrival in the output FIFO."""
        return 1 + self._levels + self._finishes

    @property
    def depth(self) -> int:
        """Places of the output FIFO."""
        return fifo_depth(1, self.latency)

    def parameters(self) -> dict[str, int | str]:
        """None: all is in the module's text."""
        return {}

    def timing(self) -> Timing:
        """A free-running pipeline, a result a beat."""
        return PipelineTiming(1, self.latency, self.depth)

    def sources(self) -> dict[str, str]:
        """The module, named as the instance."""
        return {f"{self.name}.sv": _Writer(self).text()}

    def resources(self) -> Resources:
        """Every adder and register there is."""
        writer = _Writer(self)
        writer.text()
        return Resources(writer.luts, writer.registers) + fifo_resources(self.outputs[0].width, self.depth, self.target)

    def least_resources(self) -> Resources:
        """What is left if all sums were free: a register for every result."""
        return Resources(ff=self.outputs[0].width)


_networks: dict[tuple[bytes, ...], tuple[Network, list[Term | None]]] = {}
"""Those made last: one layer is looked at at many paces, and each time its adders are the same."""
_KEPT = 16


def _shared_network(weights: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[Network, list[Term | None]]:
    """`linear_network`, kept for the next time."""
    key = (repr(weights.shape).encode(), *(array.astype(np.int64).tobytes() for array in (weights, low, high)))
    if key not in _networks:
        if len(_networks) >= _KEPT:
            del _networks[next(iter(_networks))]
        _networks[key] = linear_network(weights, low, high)
    return _networks[key]


class _Writer:
    """Writes the module of a unit; counts its LUTs and flip-flops on the way."""

    def __init__(self, unit: MatVecUnrolled) -> None:
        self._unit = unit
        self._network, self._sums = unit._network
        self._limit = unit.operation.accum.width
        self._lines: list[str] = []
        self._clocked: list[str] = []
        self._late: dict[int, int] = {}
        self.luts = 0
        self.registers = 0

    def text(self) -> str:
        """The module."""
        unit = self._unit
        source, result = unit.inputs[0], unit.outputs[0]
        live = self._live()
        body = [line for index in live for line in self._node(index, self._network.nodes[index])]
        finish = [line for lane in range(result.lanes) for line in self._result(lane)]
        for index in live:
            self._delay(index)
        tops = {"in_top": source.width - 1, "out_top": result.width - 1}
        head = _HEAD.format(name=unit.name, inputs=source.lanes, outputs=result.lanes, latency=unit.latency, **tops)
        clocked = ["  always_ff @(posedge clk) begin", *self._clocked, "  end", ""]
        control = _CONTROL.format(width=result.width, depth=unit.depth, target=unit.target, latency=unit.latency)
        return head + "\n".join([*body, *finish, *self._lines, *clocked, ""]) + control

    def _live(self) -> list[int]:
        """Nodes that some result needs, in order; all inputs count, as the beat brings them."""
        network = self._network.nodes
        needed = {term.node for term in self._sums if term} | set(range(self._unit.source.lanes))
        for index in range(len(network) - 1, -1, -1):
            if index in needed:
                needed |= set(_operands(network[index]))
        return sorted(needed)

    def _width(self, node: Node) -> int:
        """Bits of a node: of a sum, those above the result's width never matter."""
        signed = node.low < 0
        ends = (node.high, -node.low - 1 if signed else 0)
        width = max(1, max(end.bit_length() for end in ends) + signed)
        return width if self._before_rounding(node) else min(width, self._limit)

    def _before_rounding(self, node: Node) -> bool:
        """Whether it is, or is part of, a product that is yet to be rounded: then every bit matters."""
        leaf = self._network.nodes[next(iter(node.coefficients))]
        return self._unit._shift > 0 and leaf.rounded is None

    def _at(self, index: int, level: int) -> str:
        """Name of a node's value some clocks later than it is made."""
        late = level - self._network.nodes[index].level
        self._late[index] = max(late, self._late.get(index, 0))
        return f"n{index}" + (f"_{late}" if late else "")

    def _bits(self, term: Term, level: int, width: int, drop: int = 0) -> str:
        """A term's low `width` bits, without its sign, as an expression; without the lowest `drop` of them."""
        node = self._network.nodes[term.node]
        name, have = self._at(term.node, level), self._width(node)
        parts = []
        zeros, above = max(term.shift - drop, 0), max(drop - term.shift, 0)
        left = width - drop
        if zeros:
            parts.append(f"{min(zeros, left)}'b0")
            left -= min(zeros, left)
        if left and above < have:
            taken = min(have - above, left)
            whole = taken == have
            parts.append(name if whole else f"{name}[{above + taken - 1}:{above}]")
            left -= taken
        if left:
            parts.append(f"{{{left}{{{name}[{have - 1}]}}}}" if node.low < 0 else f"{left}'b0")
        return parts[0] if len(parts) == 1 else "{" + ", ".join(reversed(parts)) + "}"

    def _node(self, index: int, node: Node) -> Iterator[str]:
        width = self._width(node)
        self.registers += width
        yield f"  logic [{width - 1}:0] n{index};"
        if node.rounded is not None:
            yield from self._rounding(index, node, width)
        elif node.first is None or node.second is None:
            bits = self._unit.source.element.width
            yield f"  // input {index}: {node.low} to {node.high}"
            self._clocked.append(f"    n{index} <= in_data[{index * bits}+:{width}];")
        else:
            yield f"  // {_formula(node)}: {node.low} to {node.high}"
            low = min(node.shift, width)
            yield f"  logic [{width - 1}:0] s{index};"
            first, second = Term(node.first, 0), Term(node.second, node.shift)
            level = node.level - 1
            if low:
                yield f"  assign s{index}[{low - 1}:0] = {self._bits(first, level, low)};"
            if low < width:
                a, b = self._bits(first, level, width, low), self._bits(second, level, width, low)
                yield self._adder(f"a{index}", width - low, a, b, f"s{index}[{width - 1}:{low}]", node.subtract)
            self._clocked.append(f"    n{index} <= s{index};")

    def _rounding(self, index: int, node: Node, width: int) -> Iterator[str]:
        product = node.rounded
        assert product is not None
        made = self._network.nodes[product.node]
        signed = made.low < 0 or product.negative
        bits = self._width(made) + product.shift + product.negative
        shift, rounding = self._unit._shift, self._unit.operation.accum.rounding
        value = self._bits(product, node.level - 1, bits)
        # Room for any product of so many bits, of which the node keeps those that this one can reach.
        yield f"  logic [{bits + 1}:0] s{index};"
        yield (
            f"  round_value #(.IN_WIDTH({bits}), .IN_SIGNED(1'b{int(signed)}), .SHIFT({shift}), "
            f'.ROUNDING("{rounding}"), .OUT_WIDTH({bits + 2}))'
        )
        yield f"  r{index} (.value({'-' if product.negative else ''}{value}), .rounded(s{index}));"
        self.luts += 0 if rounding is Rounding.TRN else width + 2
        self._clocked.append(f"    n{index} <= s{index}[{width - 1}:0];")

    def _result(self, lane: int) -> Iterator[str]:
        unit, term, start = self._unit, self._sums[lane], self._unit._start[lane]
        width, level = self._limit, unit._levels
        constant = f"{width}'d{start & ((1 << width) - 1)}"
        if not unit._finishes:
            value = self._bits(term, level, width) if term else constant
            yield f"  assign results[{lane * width}+:{width}] = {value};"
            return
        yield f"  logic [{width - 1}:0] y{lane};"
        if term is None:
            yield f"  assign y{lane} = {constant};"
        elif not start and not term.negative:
            yield f"  assign y{lane} = {self._bits(term, level, width)};"
        else:
            yield self._adder(f"z{lane}", width, constant, self._bits(term, level, width), f"y{lane}", term.negative)
        self.registers += width if term else 0
        self._clocked.append(f"    results[{lane * width}+:{width}] <= y{lane};")

    def _adder(self, name: str, width: int, a: str, b: str, result: str, subtract: bool) -> str:
        self.luts += self._unit.target.adder(width, False)
        return (
            f'  adder #(.WIDTH({width}), .SUBTRACT(1\'b{int(subtract)}), .TARGET("{self._unit.target}")) {name} '
            f"(.a({a}), .b({b}), .carry(1'b0), .sum({result}));"
        )

    def _delay(self, index: int) -> None:
        width = self._width(self._network.nodes[index])
        for late in range(1, self._late.get(index, 0) + 1):
            before = f"n{index}" + (f"_{late - 1}" if late > 1 else "")
            self._lines.append(f"  logic [{width - 1}:0] n{index}_{late};")
            self._clocked.append(f"    n{index}_{late} <= {before};")
            self.registers += width


def _operands(node: Node) -> list[int]:
    if node.rounded is not None:
        return [node.rounded.node]
    return [operand for operand in (node.first, node.second) if operand is not None]


def _formula(node: Node) -> str:
    sign = "-" if node.subtract else "+"
    return (
        f"n{node.first} {sign} (n{node.second} << {node.shift})"
        if node.shift
        else f"n{node.first} {sign} n{node.second}"
    )
