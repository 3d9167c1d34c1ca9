"""Registers behind ECP5's block RAM moved into it, in a netlist on its way from Yosys to nextpnr.

A block RAM of speed grade 6 takes 5.8 ns from the clock to its output, and 1.0 ns with its own output register in use.
Yosys does not use it; a register in fabric behind a memory, however near, then limits the clock to about 145 MHz.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from netloom.firmware.families.netlist_uses import uses_of

_RAM, _FLIP_FLOP = "DP16KD", "TRELLIS_FF"
_PORT_BITS = 18
_WIDE = 36
Cell = dict[str, Any]


def absorb_registers(module: dict[str, Any]) -> int:
    """Use the output registers of block RAMs.

    It is done where each bit that a port gives is read by one flip-flop and nothing else, all of them with the same
    clock as the port, the same enable, and no reset; these flip-flops go.

    Args:
        module: of Yosys's JSON, flat, of ECP5's cells; changed in place.

    Returns:
        How many flip-flops were removed.
    """
    removed = 0
    cells: dict[str, Cell] = module.get("cells", {})
    uses = uses_of(module)
    readers = {
        cell["connections"]["DI"][0]: name
        for name, cell in cells.items()
        if cell["type"] == _FLIP_FLOP and "DI" in cell["connections"]
    }
    for ram in [cell for cell in cells.values() if cell["type"] == _RAM]:
        for sides, port in _ports(ram):
            behind = _registers(ram, sides, port, cells, readers, uses)
            if behind:
                _absorb(ram, sides, port, behind, cells)
                removed += len(behind)
    return removed


def _ports(ram: Cell) -> list[tuple[str, str]]:
    """Sides whose data outputs are used together, and the port whose clock and enables they have."""
    if int(str(ram["parameters"]["DATA_WIDTH_B"]), 2) == _WIDE:
        return [("AB", "B")]
    return [("A", "A"), ("B", "B")]


def _registers(
    ram: Cell, sides: str, port: str, cells: Mapping[str, Cell], readers: Mapping[int, str], uses: Counter[int | str]
) -> dict[str, str]:
    """{output of the RAM: the flip-flop behind it}, or nothing if one of them cannot be moved."""
    found: dict[str, str] = {}
    for output in (f"DO{side}{bit}" for side in sides for bit in range(_PORT_BITS)):
        bit = ram["connections"].get(output, ["x"])[0]
        if isinstance(bit, str) or uses[bit] == 1:
            continue
        if uses[bit] != 2 or bit not in readers:
            return {}
        found[output] = readers[bit]
    kinds = {_kind(cells[name]) for name in found.values()}
    inverted = ram["parameters"].get(f"CLK{port}MUX", f"CLK{port}") == "INV"
    if len(kinds) != 1 or any(ram["parameters"].get(f"REGMODE_{side}") == "OUTREG" for side in sides):
        return {}
    clock, _, plain = kinds.pop()
    return found if plain and not inverted and clock == ram["connections"][f"CLK{port}"][0] else {}


def _kind(register: Cell) -> tuple[int, int | str, bool]:
    """Its clock, its enable, and whether it is otherwise as a RAM's: rising edge, zero at power-up, no reset."""
    connections, parameters = register["connections"], register["parameters"]
    always = parameters["CEMUX"].strip() == "1"
    plain = (
        parameters["CLKMUX"] == "CLK"
        and (always or parameters["CEMUX"] == "CE")
        and parameters["REGSET"] == "RESET"
        and connections.get("LSR", ["0"])[0] == "0"
        and "M" not in connections
    )
    return connections["CLK"][0], "1" if always else connections["CE"][0], plain


def _absorb(ram: Cell, sides: str, port: str, behind: Mapping[str, str], cells: dict[str, Cell]) -> None:
    for output, name in behind.items():
        register = cells.pop(name)
        ram["connections"][output] = register["connections"]["Q"]
        enable = _kind(register)[1]
    for side in {*sides, port}:
        ram["parameters"][f"REGMODE_{side}"] = "OUTREG"
        ram["connections"][f"OCE{side}"] = [enable]
