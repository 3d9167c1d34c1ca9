"""The cells of which a netlist for the ECP5 has thousands, written as plain Verilog in the place of their instances.

A simulator takes several times longer over an instance, with its ports, parameters and inner wires, than over what the
instance does. What a cell does here is what Yosys's model of it does, held against it by a test; a cell with any
parameter or pin out of the ordinary stays the instance it is, and has Yosys's model.

Flip-flops of the same clock, reset and enable load in one process, and are the wires they drive where these are single
bits; carry chains are sums of words (`carry_sums.py`).
"""

import re
from collections import defaultdict

from netloom.firmware.families.ecp5.carry_sums import Carry, sums

_END = "endmodule"
_MODULE = re.compile(rf"^module\b.*?^{_END}", re.MULTILINE | re.DOTALL)
_CELL = re.compile(
    r"^  (TRELLIS_FF|LUT4|PFUMX|L6MUX21|CCU2C) "
    r"(?:#\(\n((?:    \..*\n)*)  \) )?(.+?) \(\n((?:    \..*\n)*)  \);\n",
    re.MULTILINE,
)
_WIRE = re.compile(r"^  wire (\S+ ?);\n", re.MULTILINE)
_PAIR = re.compile(r"^    \.(\w+)\((.*)\),?$", re.MULTILINE)
_ZERO, _ONE = "1'h0 ", "1'h1 "
_CHOICES = {"PFUMX": "{C0} ? {ALUT} : {BLUT}", "L6MUX21": "{SD} ? {D1} : {D0}"}
_ORDINARY_FF = {
    "CLKMUX": ('"CLK"',),
    "LSRMUX": ('"LSR"',),
    "CEMUX": ('"1"', '"CE"'),
    "GSR": ('"DISABLED"',),
    "REGSET": ('"SET"', '"RESET"'),
    "SRMODE": ('"LSR_OVER_CE"',),
}


def inlined(netlist: str) -> str:
    """A netlist of Yosys's, as `write_verilog -noattr` writes it, with the commonest cells as expressions.

    Wires of one bit become registers themselves, and carries of one bit are left out where they join two cells of a
    chain; bits of vectors remain.
    """
    return _MODULE.sub(lambda found: _inlined(found[0]), netlist)


def _inlined(module: str) -> str:
    wires, registers, carries = set(_WIRE.findall(module)), _Registers(), list[Carry]()

    def plain(found: re.Match[str]) -> str:
        cell, parameters, _, pins = found.groups()
        chosen = dict(_PAIR.findall(parameters or ""))
        # A name that begins with a backslash ends with a space.
        joined = {pin: f"{wire.strip()} " for pin, wire in _PAIR.findall(pins) if wire.strip()}
        try:
            if cell == "TRELLIS_FF":
                return registers.add(chosen, joined, wires)
            if cell == "CCU2C":
                carries.append(_carry(chosen, joined))
                return ""
            if cell == "LUT4":
                value = _lookup(_bits(chosen["INIT"]), [joined[pin] for pin in "ABCD"])
            else:
                value = _CHOICES[cell].format(**joined)
            return f"  assign {joined['Z']} = {value};\n"
        except (KeyError, ValueError):
            return found[0]

    def declared(found: re.Match[str]) -> str:
        reset = registers.resets.get(found[1])
        return f"  reg {found[1]} = {reset};\n" if reset else found[0]

    cells = _WIRE.sub(declared, _CELL.sub(plain, module)).removesuffix(_END)
    return f"{cells}{sums(carries, module)}{registers.processes()}{_END}"


class _Registers:
    """The flip-flops of a netlist.

    Attributes:
        resets: {wire that is a register itself: its value at reset, and before}.
    """

    def __init__(self) -> None:
        self.resets: dict[str, str] = {}
        self._bits = 0
        self._loads: dict[tuple[str, str, str], list[tuple[str, str, str]]] = defaultdict(list)

    def add(self, chosen: dict[str, str], joined: dict[str, str], wires: set[str]) -> str:
        """Take a flip-flop; what has to stand in its place. It is the wire it drives, or a bit of a vector."""
        if any(value not in _ORDINARY_FF[parameter] for parameter, value in chosen.items()):
            raise ValueError
        reset = {'"SET"': _ONE, '"RESET"': _ZERO}[chosen["REGSET"]]
        enable = {'"1"': _ONE, '"CE"': joined.get("CE", "")}[chosen["CEMUX"]]
        if not enable:
            raise ValueError
        name, data, controls = joined["Q"], joined["DI"], (joined["CLK"], joined["LSR"], enable)
        if name in wires:
            self.resets[name] = reset
            self._loads[controls].append((name, reset, data))
            return ""
        self._bits += 1
        held = f"netloom_register_{self._bits} "
        self._loads[controls].append((held, reset, data))
        return f"  reg {held}= {reset};\n  assign {name} = {held};\n"

    def processes(self) -> str:
        """One statement a line: Verilator refuses long lines."""
        return "".join(_process(*controls, loads) for controls, loads in self._loads.items())


def _process(clock: str, reset: str, enable: str, loads: list[tuple[str, str, str]]) -> str:
    text = "".join(f"    {name}<= {data};\n" for name, _, data in loads)
    if enable != _ONE:
        text = f"    if ({enable}) begin\n{text}    end\n"
    if reset != _ZERO:
        cleared = "".join(f"    {name}<= {value};\n" for name, value, _ in loads)
        text = f"    if ({reset}) begin\n{cleared}    end else begin\n{text}    end\n"
    return f"  always @(posedge {clock}) begin\n{text}  end\n"


def _carry(chosen: dict[str, str], joined: dict[str, str]) -> Carry:
    """Where a bit propagates, the carry goes on; where it does not, it generates the next. That is the sum of two bits:
    what it generates, and that or its inverse."""
    if (chosen["INJECT1_0"], chosen["INJECT1_1"]) != ('"NO"', '"NO"'):
        raise ValueError
    bits = []
    for half in "01":
        init, pins = _bits(chosen[f"INIT{half}"]), [joined[f"{pin}{half}"] for pin in "ABCD"]
        generated = init & 15
        terms = _lookup(generated, pins[:2]), _lookup(init ^ 0x1111 * generated, pins)
        bits.append((*terms, joined.get(f"S{half}", "")))
    return Carry(joined["CIN"], tuple(bits), joined.get("COUT", ""))


def _bits(value: str) -> int:
    """A parameter written as 16'hXXXX; ValueError if it is written in another way."""
    return int(value.removeprefix("16'h"), 16)


def _lookup(table: int, pins: list[str]) -> str:
    """A table of 2**n bits of n pins, the first the lowest, as an expression in parentheses or a name or constant."""
    full = (1 << (1 << len(pins))) - 1
    if table in (0, full):
        return _ONE if table else _ZERO
    *others, pin = pins
    middle = 1 << len(others)
    low, high, ones = table & ((1 << middle) - 1), table >> middle, (1 << middle) - 1
    if low == high or pin == _ZERO:
        return _lookup(low, others)
    if pin == _ONE:
        return _lookup(high, others)
    if low == high ^ ones:
        return {0: pin, ones: f"(~{pin})"}.get(low) or f"({pin} ^ {_lookup(low, others)})"
    if low == 0:
        return f"({pin} & {_lookup(high, others)})"
    if high == 0:
        return f"(~{pin} & {_lookup(low, others)})"
    if low == ones:
        return f"(~{pin} | {_lookup(high, others)})"
    if high == ones:
        return f"({pin} | {_lookup(low, others)})"
    return f"({pin} ? {_lookup(high, others)} : {_lookup(low, others)})"
