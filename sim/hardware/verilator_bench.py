"""The text around a simulated design: a wrapper in SystemVerilog, and the model's ports in C++."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from netloom.errors import SettingsError

WRAPPER = "netloom_bench"


@dataclass(frozen=True)
class StreamPort:
    """A stream port of a module: signals `{prefix}valid`, `{prefix}ready`, `{prefix}data`.

    Attributes:
        prefix: "in_" for in_valid, in_ready, in_data; "s_axis_t" for s_axis_tvalid and so on.
        width: bits of the data.
        last: whether there is `{prefix}last` too (outputs only); it is then the bit above the data in every beat.
    """

    prefix: str
    width: int
    last: bool = False

    @property
    def bits(self) -> int:
        """Bits of a beat."""
        return self.width + self.last

    @property
    def bytes(self) -> int:
        """Bytes of a beat."""
        return (self.bits + 7) // 8

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.prefix.removesuffix("_t").removesuffix("_")


@dataclass(frozen=True)
class Probe:
    """A stream inside the design: signals `{path}_valid`, `{path}_ready`, `{path}_data`.

    Attributes:
        path: hierarchical, from inside the top module: "layer1_out", or "instance.signal".
        width: bits of the data.
    """

    path: str
    width: int

    @property
    def bytes(self) -> int:
        """Bytes of a beat."""
        return (self.width + 7) // 8


def wrapper(
    top: str,
    inputs: Sequence[StreamPort],
    outputs: Sequence[StreamPort],
    probes: Sequence[Probe],
    parameters: Mapping[str, int | str],
) -> str:
    """A module `netloom_bench` around the design, whose ports have the same names for every design.

    Raises:
        SettingsError: if a name is not a Verilog identifier, or a width is less than 1.
    """
    for name in (top, *parameters, *(port.prefix for port in (*inputs, *outputs))):
        _check(re.fullmatch(r"[A-Za-z_]\w*", name) is not None, f"{name!r} is not a Verilog identifier")
    for name, width in [(p.prefix, p.width) for p in (*inputs, *outputs)] + [(p.path, p.width) for p in probes]:
        _check(width >= 1, f"stream {name!r} must have a width of at least 1, not {width}")
    declared = ["input logic clk", "input logic rst"]
    joined = ["    .clk(clk)", "    .rst(rst)"]
    taps: list[str] = []
    for index, port in enumerate(inputs):
        name = f"in{index}"
        declared += [
            f"input logic {name}_valid",
            f"output logic {name}_ready",
            f"input logic [{port.bits - 1}:0] {name}_data",
        ]
        joined += [f"    .{port.prefix}{signal}({name}_{signal})" for signal in ("valid", "ready", "data")]
    for index, port in enumerate(outputs):
        name = f"out{index}"
        declared += [
            f"output logic {name}_valid",
            f"input logic {name}_ready",
            f"output logic [{port.bits - 1}:0] {name}_data",
        ]
        joined += [f"    .{port.prefix}{signal}({name}_{signal})" for signal in ("valid", "ready")]
        joined.append(f"    .{port.prefix}data({name}_data[{port.width - 1}:0])")
        if port.last:
            joined.append(f"    .{port.prefix}last({name}_data[{port.width}])")
    for index, probe in enumerate(probes):
        name = f"probe{index}"
        declared += [
            f"output logic {name}_valid",
            f"output logic {name}_ready",
            f"output logic [{probe.width - 1}:0] {name}_data",
        ]
        taps += [f"  assign {name}_{signal} = dut.{probe.path}_{signal};" for signal in ("valid", "ready", "data")]
    values = [f"    .{name}({_literal(value)})" for name, value in parameters.items()]
    return "\n".join(
        [
            f"module {WRAPPER} (",
            ",\n".join(f"  {line}" for line in declared),
            ");",
            f"  {top} #(\n{_lines(values)}\n  ) dut (" if values else f"  {top} dut (",
            _lines(joined),
            "  );",
            *taps,
            "endmodule",
            "",
        ]
    )


def ports_source(inputs: Sequence[StreamPort], outputs: Sequence[StreamPort], probes: Sequence[Probe]) -> str:
    """C++ for verilator_main.cpp: the wrapper as a `Bench` of verilator_bench.h."""
    groups = [
        ("inputs", "in", [(port.name, port.bits) for port in inputs]),
        ("outputs", "out", [(port.name, port.bits) for port in outputs]),
        ("probes", "probe", [(probe.path, probe.width) for probe in probes]),
    ]
    rows = [
        f'        {group}.push_back({{"{stream}", &bench.{prefix}{index}_valid, &bench.{prefix}{index}_ready, '
        f"reinterpret_cast<unsigned char*>(&bench.{prefix}{index}_data), {(bits + 7) // 8}, "
        f"{(1 << ((bits - 1) % 8 + 1)) - 1}}});\n"
        for group, prefix, streams in groups
        for index, (stream, bits) in enumerate(streams)
    ]
    return f"""\
#include "V{WRAPPER}.h"
struct Model final : Bench {{
    V{WRAPPER} bench;
    explicit Model(VerilatedContext& context) : bench(&context) {{
        clk = &bench.clk;
        rst = &bench.rst;
{"".join(rows)}    }}
    void eval() override {{ bench.eval(); }}
    void finish() override {{ bench.final(); }}
}};
std::unique_ptr<Bench> make_bench(VerilatedContext& context) {{ return std::make_unique<Model>(context); }}
"""


def _literal(value: int | str) -> str:
    if isinstance(value, str):
        _check('"' not in value and "\\" not in value, f"parameter {value!r} must not have quotes or backslashes")
        return f'"{value}"'
    size = int(value).bit_length() + 1
    if size <= 32:
        return str(int(value))
    return f"-{size}'sd{-value}" if value < 0 else f"{size}'sd{value}"


def _lines(items: list[str]) -> str:
    return ",\n".join(items)


def _check(condition: bool, message: str) -> None:
    if not condition:
        raise SettingsError(message)
