"""The generated top level: instances of library modules, joined by named connections. Nothing is computed in it."""

from netloom.firmware.design import Design
from netloom.firmware.emit.design_file import own_instance
from netloom.firmware.filled import filled
from netloom.firmware.stream import Stream
from netloom.firmware.units.unit import Unit, port_prefixes

TOP = "network"


def top_level(design: Design, title: str) -> str:
    """SystemVerilog of the module `network`: clk, rst, `s_axis*` for each input, `m_axis*` for each output."""
    return filled(
        "emit/network.sv.j2",
        title=title,
        top=TOP,
        inputs=[(name, port.stream) for name, port in zip(input_ports(design), design.inputs, strict=True)],
        outputs=[(name, port.stream) for name, port in zip(output_ports(design), design.outputs, strict=True)],
        streams=design.streams.values(),
        watched={tap.stream.name for tap in design.taps},
        units=design.units,
        ports_of=_ports_of,
        own_instance=own_instance,
        literal=_literal,
    )


def input_ports(design: Design) -> tuple[str, ...]:
    """Prefixes of the AXI4-Stream inputs: `s_axis`, or `s_axis0`, `s_axis1`, ... if there are several."""
    return port_prefixes("s_axis", len(design.inputs))


def output_ports(design: Design) -> tuple[str, ...]:
    """Prefixes of the AXI4-Stream outputs."""
    return port_prefixes("m_axis", len(design.outputs))


def _ports_of(unit: Unit) -> list[tuple[str, Stream]]:
    inputs = zip(unit.input_ports, unit.inputs, strict=True)
    return [*inputs, *zip(unit.output_ports, unit.outputs, strict=True)]


def _literal(value: int | str) -> str:
    """A parameter's value; one beyond 32 bits names its size, or it would be cut."""
    if isinstance(value, str):
        return f'"{value}"'
    size = int(value).bit_length() + 1
    return str(value) if size <= 32 else f"{'-' * (value < 0)}{size}'sd{abs(value)}"
