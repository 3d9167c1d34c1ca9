"""`UnrolledText`: the adders of an unrolled product, in SystemVerilog."""

from collections.abc import Iterator

from netloom.firmware.families import Family
from netloom.firmware.units.products.shift_add import AdderNode, Term
from netloom.firmware.units.products.unrolled_sums import UnrolledSums
from netloom.firmware.units.products.weights import bits_of_range
from netloom.rounding import Rounding


class UnrolledText:
    """Writes what is between `in_data` and `results`; counts its LUTs and flip-flops on the way.

    Attributes:
        body: the text.
        luts: of all adders.
        registers: all bits that are held.
    """

    def __init__(self, sums: UnrolledSums, target: Family) -> None:
        self._sums = sums
        self._nodes = sums.network.nodes
        self._target = target
        self._limit = sums.operation.accum.width
        self._lines: list[str] = []
        self._clocked: list[str] = []
        self._late: dict[int, int] = {}
        self.luts = 0
        self.registers = 0
        live = self._live()
        body = [line for index in live for line in self._node(index, self._nodes[index])]
        finish = [line for lane in range(len(sums.terms)) for line in self._result(lane)]
        for index in live:
            self._delay(index)
        clocked = ["  always_ff @(posedge clk) begin", *self._clocked, "  end", ""]
        self.body = "\n".join([*body, *finish, *self._lines, *clocked])

    def _live(self) -> list[int]:
        """Nodes that some result needs, in order; all inputs count, as the beat brings them."""
        inputs = len(self._sums.operation.weights)
        needed = {term.node for term in self._sums.terms if term} | set(range(inputs))
        for index in range(len(self._nodes) - 1, -1, -1):
            if index in needed:
                node = self._nodes[index]
                operands = (node.first, node.second, node.rounded.node if node.rounded else None)
                needed |= {operand for operand in operands if operand is not None}
        return sorted(needed)

    def _width(self, node: AdderNode) -> int:
        """Bits of a node: of a sum, those above the result's width never matter."""
        width = max(1, bits_of_range(node.low, node.high, signed=node.low < 0))
        leaf = self._nodes[next(iter(node.coefficients))]
        # Of what is, or is part of, a product that is yet to be rounded, every bit matters.
        return width if self._sums.shift > 0 and leaf.rounded is None else min(width, self._limit)

    def _at(self, index: int, level: int) -> str:
        """Name of a node's value some clocks later than it is made."""
        late = level - self._nodes[index].level
        self._late[index] = max(late, self._late.get(index, 0))
        return f"n{index}" + (f"_{late}" if late else "")

    def _bits(self, term: Term, level: int, width: int, drop: int = 0) -> str:
        """A term's low `width` bits, without its sign, as an expression; without the lowest `drop` of them."""
        node = self._nodes[term.node]
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

    def _node(self, index: int, node: AdderNode) -> Iterator[str]:
        width = self._width(node)
        self.registers += width
        yield f"  logic [{width - 1}:0] n{index};"
        if node.rounded is not None:
            yield from self._rounding(index, node, width)
        elif node.first is None or node.second is None:
            bits = self._sums.element.width
            yield f"  // input {index}: {node.low} to {node.high}"
            self._clocked.append(f"    n{index} <= in_data[{index * bits}+:{width}];")
        else:
            moved = f"(n{node.second} << {node.shift})" if node.shift else f"n{node.second}"
            yield f"  // n{node.first} {'-' if node.subtract else '+'} {moved}: {node.low} to {node.high}"
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

    def _rounding(self, index: int, node: AdderNode, width: int) -> Iterator[str]:
        product = node.rounded
        assert product is not None
        made = self._nodes[product.node]
        signed = made.low < 0 or product.negative
        bits = self._width(made) + product.shift + product.negative
        shift, rounding = self._sums.shift, self._sums.operation.accum.rounding
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
        term, start = self._sums.terms[lane], self._sums.start[lane]
        width, level = self._limit, self._sums.levels
        constant = f"{width}'d{start & ((1 << width) - 1)}"
        if not self._sums.finishes:
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
        self.luts += self._target.adder(width, False)
        return (
            f"  adder #(.WIDTH({width}), .SUBTRACT(1'b{int(subtract)})) {name} "
            f"(.a({a}), .b({b}), .carry(1'b0), .sum({result}));"
        )

    def _delay(self, index: int) -> None:
        width = self._width(self._nodes[index])
        for late in range(1, self._late.get(index, 0) + 1):
            before = f"n{index}" + (f"_{late - 1}" if late > 1 else "")
            self._lines.append(f"  logic [{width - 1}:0] n{index}_{late};")
            self._clocked.append(f"    n{index}_{late} <= {before};")
            self.registers += width
