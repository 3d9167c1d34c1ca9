"""Carry chains of a netlist as sums of words, for simulation: one addition in the place of two expressions a bit."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_NAME = re.compile(r"\\\S+|[A-Za-z_]\w*")
_MOST_CELLS = 15
"""With the carry behind them 31 bits, which is one word of the simulator's."""


@dataclass(frozen=True)
class Carry:
    """A cell of two bits of a carry chain.

    Attributes:
        start: what comes in at the lowest bit.
        bits: of each the two terms of the sum, and the wire that is driven by it; "" if none is.
        out: the wire that is driven by the carry; "" if none is.
    """

    start: str
    bits: tuple[tuple[str, str, str], ...]
    out: str


def sums(carries: Sequence[Carry], module: str) -> str:
    """Verilog of cells, chain by chain.

    Args:
        carries: the cells, in any order.
        module: that they are from. A carry that is named there anywhere but where it is declared, given and taken is
            the end of a chain.
    """
    uses = Counter(_NAME.findall(module))
    inner = {carry.out for carry in carries if _NAME.fullmatch(name := carry.out.strip()) and uses[name] == 3}
    following = {carry.start: carry for carry in carries if carry.start in inner}
    # Whatever has no beginning is a ring, which may begin anywhere.
    left = dict.fromkeys(sorted(carries, key=lambda carry: carry.start in inner))
    text = ""
    for last in list(left):
        chain: list[Carry] = []
        while last in left and len(chain) < _MOST_CELLS:
            del left[last]
            chain.append(last)
            last = following.get(last.out, last)
        if chain:
            text += _sum(chain, f"netloom_sum_{len(left)}")
    return text


def _sum(chain: Sequence[Carry], name: str) -> str:
    bits = [bit for carry in chain for bit in carry.bits]
    first, second = (",\n    ".join(bit[term] for bit in reversed(bits)) for term in (0, 1))
    text = f"  wire [{len(bits)}:0] {name} = {{ 1'h0,\n    {first}}}\n    + {{\n    {second}}} + {chain[0].start};\n"
    outs = [*(out for _, _, out in bits), chain[-1].out]
    return text + "".join(f"  assign {out} = {name}[{bit}];\n" for bit, out in enumerate(outs) if out)
