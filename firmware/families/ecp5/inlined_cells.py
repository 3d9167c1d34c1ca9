"""The cells of which a netlist for the ECP5 has thousands, written as plain Verilog in the place of their instances.

A simulator takes several times longer over an instance, with its ports, parameters and inner wires, than over what the
instance does. What a cell does here is what Yosys's model of it does, held against it by a test; a cell with any
parameter or pin out of the ordinary stays the instance it is, and has Yosys's model.

Flip-flops of the same clock, reset and enable load in one process: a quarter of the simulator's work on a netlist was
for the processes.
"""

import re
from collections import defaultdict

_END = "endmodule"
_CELL = re.compile(
    rf"^{_END}|^  (TRELLIS_FF|LUT4|PFUMX|L6MUX21|CCU2C) "
    r"(?:#\(\n((?:    \..*\n)*)  \) )?(.+?) \(\n((?:    \..*\n)*)  \);\n",
    re.MULTILINE,
)
_PAIR = re.compile(r"^    \.(\w+)\((.*)\),?$", re.MULTILINE)
_ORDINARY_FF = {
    "CLKMUX": ('"CLK"',),
    "LSRMUX": ('"LSR"',),
    "CEMUX": ('"1"', '"CE"'),
    "GSR": ('"DISABLED"',),
    "REGSET": ('"SET"', '"RESET"'),
    "SRMODE": ('"LSR_OVER_CE"',),
}


def inlined(netlist: str) -> str:
    """A netlist of Yosys's, as `write_verilog -noattr` writes it, with the commonest cells as expressions."""
    names = iter(range(len(netlist)))
    loads: _Loads = defaultdict(list)

    def plain(found: re.Match[str]) -> str:
        if found[0] == _END:
            text = "".join(_process(*controls, registers) for controls, registers in loads.items())
            loads.clear()
            return text + _END
        cell, parameters, _, pins = found.groups()
        chosen = dict(_PAIR.findall(parameters or ""))
        # A name that begins with a backslash ends with a space.
        wires = {pin: f"{wire.strip()} " for pin, wire in _PAIR.findall(pins) if wire.strip()}
        name = f"netloom_cell_{next(names)}"
        try:
            return (
                _flip_flop(chosen, wires, name, loads) if cell == "TRELLIS_FF" else _WRITERS[cell](chosen, wires, name)
            )
        except (KeyError, ValueError):
            return found[0]

    return _CELL.sub(plain, netlist)


_Loads = dict[tuple[str, str, str], list[tuple[str, str, str]]]
"""{(clock, reset, enable): [(register, value at reset, data)]}"""


def _flip_flop(chosen: dict[str, str], wires: dict[str, str], name: str, loads: _Loads) -> str:
    if any(value not in _ORDINARY_FF[parameter] for parameter, value in chosen.items()):
        raise ValueError
    reset = {'"SET"': "1'h1", '"RESET"': "1'h0"}[chosen["REGSET"]]
    enable = {'"1"': "1'h1", '"CE"': wires.get("CE", "")}[chosen["CEMUX"]]
    if not enable:
        raise ValueError
    text = f"  reg {name} = {reset};\n  assign {wires['Q']} = {name};\n"
    loads[wires["CLK"], wires["LSR"], enable].append((name, reset, wires["DI"]))
    return text


def _process(clock: str, reset: str, enable: str, registers: list[tuple[str, str, str]]) -> str:
    """One statement a line: Verilator refuses long lines."""
    cleared = "".join(f"    {name} <= {value};\n" for name, value, _ in registers)
    loaded = "".join(f"    {name} <= {data};\n" for name, _, data in registers)
    return f"  always @(posedge {clock}) if ({reset}) begin\n{cleared}  end else if ({enable}) begin\n{loaded}  end\n"


def _table(chosen: dict[str, str], wires: dict[str, str], _: str) -> str:
    return f"  assign {wires['Z']} = {_lookup(_bits(chosen['INIT']), [wires[pin] for pin in 'ABCD'])};\n"


def _mux5(_: dict[str, str], wires: dict[str, str], name: str) -> str:
    del name
    return f"  assign {wires['Z']} = {wires['C0']} ? {wires['ALUT']} : {wires['BLUT']};\n"


def _mux6(_: dict[str, str], wires: dict[str, str], name: str) -> str:
    del name
    return f"  assign {wires['Z']} = {wires['SD']} ? {wires['D1']} : {wires['D0']};\n"


def _carry(chosen: dict[str, str], wires: dict[str, str], name: str) -> str:
    if (chosen["INJECT1_0"], chosen["INJECT1_1"]) != ('"NO"', '"NO"'):
        raise ValueError
    text, carry = "", wires["CIN"]
    for half, out in (("0", f"{name} "), ("1", wires.get("COUT", ""))):
        init, pins = _bits(chosen[f"INIT{half}"]), [wires[f"{pin}{half}"] for pin in "ABCD"]
        propagate, generate = _lookup(init, pins), _lookup(init & 15, pins[:2])
        if f"S{half}" in wires:
            text += f"  assign {wires[f'S{half}']} = {propagate} ^ {carry};\n"
        if out:
            text += f"  assign {out} = {propagate} ? {carry} : {generate};\n"
        carry = out
    return f"  wire {name};\n{text}"


_WRITERS = {"LUT4": _table, "PFUMX": _mux5, "L6MUX21": _mux6, "CCU2C": _carry}


def _bits(value: str) -> int:
    """A parameter written as 16'hXXXX; ValueError if it is written in another way."""
    return int(value.removeprefix("16'h"), 16)


def _lookup(table: int, pins: list[str]) -> str:
    """A table of 2**n bits of n pins, the first the lowest, as an expression in parentheses or a name or constant."""
    full = (1 << (1 << len(pins))) - 1
    if table in (0, full):
        return "1'h1" if table else "1'h0"
    *others, pin = pins
    middle = 1 << len(others)
    low, high, ones = table & ((1 << middle) - 1), table >> middle, (1 << middle) - 1
    if low == high or pin == "1'h0 ":
        return _lookup(low, others)
    if pin == "1'h1 ":
        return _lookup(high, others)
    if low == high ^ ones:
        return f"({pin} ^ {_lookup(low, others)})"
    if low == 0:
        return f"({pin} & {_lookup(high, others)})"
    if high == 0:
        return f"(~{pin} & {_lookup(low, others)})"
    if low == ones:
        return f"(~{pin} | {_lookup(high, others)})"
    if high == ones:
        return f"({pin} | {_lookup(low, others)})"
    return f"({pin} ? {_lookup(high, others)} : {_lookup(low, others)})"
