"""Carry chains of ECP5 cut loose at their ends, in a netlist on its way from Yosys to nextpnr.

Yosys connects every port of a carry cell; nextpnr takes whatever is connected for used. It spends one cell (two LUTs)
to bring even a constant into a chain, and one to take the last carry out, whether or not anything listens: four LUTs
for every adder, where an adder of eight bits is made of nine.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from netloom.firmware.families.netlist_uses import uses_of

_CELL = "CCU2C"
_OPEN = ["x"]
"""What nextpnr takes for not connected; it does not do without the port."""


def open_carry_ends(module: dict[str, Any]) -> int:
    """Disconnect carries that nothing uses.

    These are carry outputs that no cell and no port reads, and constant carry inputs of cells whose lower half makes a
    carry of its own without looking at it (see `carry_chain.sv`).

    Args:
        module: of Yosys's JSON, flat, of ECP5's cells; changed in place. Not for writing Verilog from afterwards.

    Returns:
        How many ends were opened.
    """
    opened = 0
    uses = uses_of(module)
    for cell in module.get("cells", {}).values():
        if cell["type"] != _CELL:
            continue
        ports = cell["connections"]
        if ports.get("COUT", _OPEN) != _OPEN and uses[ports["COUT"][0]] == 1:
            ports["COUT"] = _OPEN
            opened += 1
        if ports.get("CIN", _OPEN) in (["0"], ["1"]) and _starts_chain(cell, uses):
            ports["CIN"] = _OPEN
            opened += 1
    return opened


def _starts_chain(cell: Mapping[str, Any], uses: Counter[int | str]) -> bool:
    """Whether the lower half neither adds nor hands on the carry it gets: its sum is not read, its table gives 0."""
    if any(uses[bit] > 1 for bit in cell["connections"].get("S0", ())):
        return False
    table = int(str(cell["parameters"]["INIT0"]), 2)
    fixed = [cell["connections"].get(f"{name}0", ["x"])[0] for name in "ABCD"]
    rows = [
        row
        for row in range(16)
        if all(bit not in ("0", "1") or int(bit) == row >> i & 1 for i, bit in enumerate(fixed))
    ]
    return all(not table >> row & 1 for row in rows)
