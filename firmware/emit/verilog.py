"""The generated top level: instances of library modules, joined by named connections. Nothing is computed in it."""

from netloom.firmware.design import Design, Port
from netloom.firmware.stream import Stream
from netloom.firmware.units.unit import Unit

TOP = "network"


def top_level(design: Design, title: str) -> str:
    """SystemVerilog of the module `network`: clk, rst, `s_axis*` for each input, `m_axis*` for each output."""
    watched = {tap.stream.name for tap in design.taps}
    ports = [("s_axis", "input", port, name) for port, name in zip(design.inputs, input_ports(design), strict=True)]
    ports += [("m_axis", "output", port, name) for port, name in zip(design.outputs, output_ports(design), strict=True)]
    declarations = ["    input  wire logic clk", "    input  wire logic rst"]
    for _, direction, port, name in ports:
        declarations += _port(direction, port, name)
    body = [_wires(stream, stream.name in watched) for stream in design.streams.values()]
    for port, name in zip(design.inputs, input_ports(design), strict=True):
        body.append(_input(port.stream, name))
    body += [_instance(unit) for unit in design.units]
    for port, name in zip(design.outputs, output_ports(design), strict=True):
        body.append(_output(port.stream, name))
    return (
        f"// {title}: made by netloom, do not edit.\n`default_nettype none\n\nmodule {TOP} (\n"
        + ",\n".join(declarations)
        + "\n);\n"
        + "\n".join(body)
        + "\nendmodule\n\n`default_nettype wire\n"
    )


def input_ports(design: Design) -> list[str]:
    """Prefixes of the AXI4-Stream inputs: `s_axis`, or `s_axis0`, `s_axis1`, ... if there are several."""
    return _prefixes("s_axis", len(design.inputs))


def output_ports(design: Design) -> list[str]:
    """Prefixes of the AXI4-Stream outputs."""
    return _prefixes("m_axis", len(design.outputs))


def _prefixes(prefix: str, count: int) -> list[str]:
    return [prefix] if count == 1 else [f"{prefix}{index}" for index in range(count)]


def _port(direction: str, port: Port, name: str) -> list[str]:
    other = "output" if direction == "input" else "input"
    wire = "wire logic"
    lines = [
        f"    {direction:6} {wire} [{port.stream.bytes * 8 - 1}:0] {name}_tdata",
        f"    {direction:6} {wire} {name}_tvalid",
        f"    {other:6} {wire} {name}_tready",
    ]
    return lines if direction == "input" else [*lines, f"    {direction:6} {wire} {name}_tlast"]


def _wires(stream: Stream, watched: bool) -> str:
    note = " /* verilator public_flat_rd */" if watched else ""
    return (
        f"\n    // {stream.lanes} x {stream.element}, {stream.beats} beats\n"
        f"    logic {stream.name}_valid{note};\n"
        f"    logic {stream.name}_ready{note};\n"
        f"    logic [{stream.width - 1}:0] {stream.name}_data{note};"
    )


def _input(stream: Stream, name: str) -> str:
    text = (
        f"\n    assign {stream.name}_valid = {name}_tvalid;\n"
        f"    assign {stream.name}_data = {name}_tdata[{stream.width - 1}:0];\n"
        f"    assign {name}_tready = {stream.name}_ready;"
    )
    if stream.bytes * 8 == stream.width:
        return text
    return (
        text + f"\n    logic unused_{name};\n"
        f"    assign unused_{name} = &{{1'b0, {name}_tdata[{stream.bytes * 8 - 1}:{stream.width}]}};"
    )


def _output(stream: Stream, name: str) -> str:
    padding = stream.bytes * 8 - stream.width
    data = f"{stream.name}_data" if padding == 0 else f"{{{padding}'b0, {stream.name}_data}}"
    text = (
        f"\n    assign {name}_tvalid = {stream.name}_valid;\n"
        f"    assign {name}_tdata = {data};\n"
        f"    assign {stream.name}_ready = {name}_tready;\n"
    )
    if stream.beats == 1:
        return text + f"    assign {name}_tlast = 1'b1;"
    bits = (stream.beats - 1).bit_length()
    last = f"{bits}'d{stream.beats - 1}"
    return (
        text + f"    logic [{bits - 1}:0] {name}_beat;\n"
        f"    assign {name}_tlast = {name}_beat == {last};\n"
        f"    always_ff @(posedge clk)\n"
        f"        if (rst) {name}_beat <= '0;\n"
        f"        else if ({name}_tvalid && {name}_tready) {name}_beat <= {name}_tlast ? '0 : {name}_beat + 1'b1;"
    )


def _instance(unit: Unit) -> str:
    module = unit.name if unit.sources() else unit.module
    instance = f"{unit.name}_i" if unit.sources() else unit.name
    parameters = ",\n".join(f"        .{name}({_value(value)})" for name, value in unit.parameters().items())
    connections = ["        .clk(clk)", "        .rst(rst)"]
    for prefix, stream in [
        *zip(unit.input_ports, unit.inputs, strict=True),
        *zip(unit.output_ports, unit.outputs, strict=True),
    ]:
        connections += [f"        .{prefix}_{part}({stream.name}_{part})" for part in ("valid", "ready", "data")]
    head = f"\n    {module} #(\n{parameters}\n    ) {instance} (\n" if parameters else f"\n    {module} {instance} (\n"
    return head + ",\n".join(connections) + "\n    );"


def _value(value: int | str) -> str:
    """A parameter's value; one beyond 32 bits names its size, or it would be cut."""
    if isinstance(value, str):
        return f'"{value}"'
    size = int(value).bit_length() + 1
    return str(value) if size <= 32 else f"{'-' * (value < 0)}{size}'sd{abs(value)}"
