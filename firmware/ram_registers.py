"""Registers behind ECP5's block RAMs, moved into them: Yosys leaves the RAMs' own output registers unused.

A block RAM takes 5.8 ns to give its word; through its output register it is as quick as a flip-flop. The units register
every word before they do anything with it, so all that is left is to name the register that is already there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Bit = int | str


@dataclass(frozen=True)
class _Port:
    """A read port of a kind of RAM.

    Attributes:
        cell: type of the RAM.
        data: prefix and number of its data outputs.
        clock: its clock, and the parameter that may invert it.
        reset: its reset.
        enable: of the output register.
        mode: parameters that switch the register on.
        gated: whether `enable` is known to hold all of the outputs.
    """

    cell: str
    data: tuple[str, int]
    clock: tuple[str, str]
    reset: str
    enable: str
    mode: str
    gated: bool


_PORTS = (
    _Port("DP16KD", ("DOA", 18), ("CLKA", "CLKAMUX"), "RSTA", "OCEA", "REGMODE_A", gated=True),
    _Port("DP16KD", ("DOB", 18), ("CLKB", "CLKBMUX"), "RSTB", "OCEB", "REGMODE_B", gated=True),
    # 36 bits wide, both halves of the RAM give data, and the tools connect this enable to one of them only.
    _Port("PDPW16KD", ("DO", 36), ("CLKR", "CLKRMUX"), "RST", "OCER", "REGMODE", gated=False),
)


def absorb_registers(module: dict[str, Any]) -> int:
    """Move flip-flops that do nothing but follow a block RAM's output into the RAM.

    A port is changed if every one of its outputs in use goes to one flip-flop and nowhere else, and these share the
    port's clock and one enable, and have no reset.

    Args:
        module: of Yosys's JSON, flat, of ECP5's cells; changed in place.

    Returns:
        How many flip-flops are gone.
    """
    cells = module["cells"]
    loads = _loads(module)
    gone = 0
    for cell in list(cells.values()):
        for port in _PORTS:
            if cell["type"] != port.cell:
                continue
            registers = _registers(cell, port, cells, loads)
            if not registers:
                continue
            first = cells[next(iter(registers.values()))]
            cell["parameters"][port.mode] = "OUTREG"
            cell["connections"][port.enable] = [_enable(first)]
            cell.setdefault("port_directions", {})[port.enable] = "input"
            for output, name in registers.items():
                cell["connections"][output] = cells.pop(name)["connections"]["Q"]
            gone += len(registers)
    return gone


def _loads(module: Mapping[str, Any]) -> dict[Bit, list[tuple[str, str]]]:
    """Net -> the inputs it goes to, as (cell, port); ports of the module count as ("", name)."""
    loads: dict[Bit, list[tuple[str, str]]] = {}
    for name, port in module["ports"].items():
        for bit in port["bits"]:
            loads.setdefault(bit, []).append(("", name))
    for name, cell in module["cells"].items():
        for port, bits in cell["connections"].items():
            if cell["port_directions"].get(port) == "input":
                for bit in bits:
                    loads.setdefault(bit, []).append((name, port))
    return loads


def _registers(
    ram: Mapping[str, Any], port: _Port, cells: Mapping[str, Any], loads: Mapping[Bit, list[tuple[str, str]]]
) -> dict[str, str]:
    """Output of the port -> flip-flop that can move into the RAM; empty if the port must stay as it is."""
    parameters, connections = ram["parameters"], ram["connections"]
    if parameters.get(port.mode, "NOREG") != "NOREG" or connections.get(port.reset, ["0"]) != ["0"]:
        return {}
    found = {output: loads.get(bit, []) for output, bit in _outputs(ram, port)}
    used = {output: to for output, to in found.items() if to}
    names = {output: to[0][0] for output, to in used.items() if len(to) == 1 and to[0][1] == "DI"}
    if len(names) != len(used) or not names:
        return {}
    registers = [cells.get(name) for name in names.values()]
    clock = connections.get(port.clock[0])
    if parameters.get(port.clock[1], port.clock[0]) != port.clock[0]:
        return {}
    if any(register is None or not _is_plain(register) for register in registers):
        return {}
    plain = [register for register in registers if register is not None]
    enables = {_enable(register) for register in plain}
    if any(register["connections"]["CLK"] != clock for register in plain) or len(enables) != 1:
        return {}
    return names if port.gated or enables == {"1"} else {}


def _outputs(ram: Mapping[str, Any], port: _Port) -> Iterator[tuple[str, Bit]]:
    prefix, count = port.data
    for index in range(count):
        for bit in ram["connections"].get(f"{prefix}{index}", ()):
            yield f"{prefix}{index}", bit


def _is_plain(register: Mapping[str, Any]) -> bool:
    """Whether it is a flip-flop that rises with its clock, and neither resets nor starts as one."""
    parameters, connections = register["parameters"], register["connections"]
    return (
        register["type"] == "TRELLIS_FF"
        and _text(parameters.get("CLKMUX", "CLK")) == "CLK"
        and _text(parameters.get("CEMUX", "1")) in ("1", "CE")
        and _text(parameters.get("REGSET", "RESET")) == "RESET"
        and _text(parameters.get("LSRMUX", "LSR")) == "LSR"
        and connections.get("LSR", ["0"]) == ["0"]
    )


def _enable(register: Mapping[str, Any]) -> Bit:
    if _text(register["parameters"].get("CEMUX", "1")) == "1":
        return "1"
    bit: Bit = register["connections"]["CE"][0]
    return bit


def _text(parameter: str) -> str:
    """A string parameter: Yosys puts a space behind those that look like numbers."""
    return parameter.rstrip()
