"""The shell around the network: a serial link, buffers, a cycle counter. As a pure function to SystemVerilog."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from netloom.errors import SettingsError
from netloom.firmware.emit.design_file import PortPart
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.firmware.emit.library import needed
from netloom.firmware.families import find_family

SHELL_TOP = "shell"
CORE = "core"
"""The network's instance there."""
BAUD = 1_000_000
"""Bits a second on the link unless told otherwise: common USB bridges divide it exactly, and loose wires bear it."""
MOST_SAMPLES = 255
IDLE_SECONDS = 0.1
"""Silence after which a frame counts as broken off, unless told otherwise."""
_LEAST_DIVIDER = 4
_WORST_BAUD_ERROR = 0.02


@dataclass(frozen=True)
class ShellSettings:
    """How a shell is built.

    Attributes:
        clock_hz: of the network and the shell.
        baud: bits a second on the link.
        samples: inferences that a request may hold; None for as many as fit the block RAMs that one takes anyway.
        idle_seconds: silence after which a frame counts as broken off.
    """

    clock_hz: float
    baud: int = BAUD
    samples: int | None = None
    idle_seconds: float = IDLE_SECONDS

    @property
    def divider(self) -> int:
        """Clock cycles of a bit.

        Raises:
            SettingsError: if the clock does not divide into that rate closely enough.
        """
        divider = round(self.clock_hz / self.baud)
        if divider < _LEAST_DIVIDER or abs(self.clock_hz / divider / self.baud - 1) > _WORST_BAUD_ERROR:
            raise SettingsError(
                f"a clock of {self.clock_hz / 1e6:g} MHz cannot be divided into {self.baud} baud; use a rate of at most"
                f" {int(self.clock_hz / _LEAST_DIVIDER)}, such as 115200"
            )
        return divider


def request_samples(design: EmittedDesign, samples: int | None) -> int:
    """Inferences that a request may hold, in whole groups; None asks for as many as cost nothing.

    Raises:
        SettingsError: for an impossible number.
    """
    if samples is None:
        shapes = find_family(design.target).buffer_shapes
        free = min(_free_samples(port, shapes) for port in (*design.inputs, *design.outputs))
        return max(free // design.group, 1) * design.group
    if samples % design.group:
        raise SettingsError(
            f"a request must hold whole groups of the {design.group} sequences that are interleaved, not {samples}"
        )
    if not 1 <= samples <= MOST_SAMPLES:
        raise SettingsError(f"a request can hold 1 to {MOST_SAMPLES} samples, not {samples}")
    return samples


def _free_samples(port: PortPart, shapes: Sequence[tuple[int, int]]) -> int:
    """Inferences that fit the fewest block RAMs that a buffer of the port takes."""

    def blocks(samples: int) -> int:
        depth, width = samples * port.stream.beats, 8 * port.stream.bytes
        return min(-(-depth // words) * -(-width // bits) for words, bits in shapes)

    return max(samples for samples in range(1, MOST_SAMPLES + 1) if blocks(samples) == blocks(1))


def emit_shell(design: EmittedDesign, settings: ShellSettings) -> dict[str, str]:
    """The shell's files: {name: text}. Top is `shell` with ports clk, rst, rx, tx; it instantiates the network.

    Raises:
        SettingsError: if the settings do not go together.
    """
    top = _top(design, settings)
    return {**needed([top], find_family(design.target)), f"{SHELL_TOP}.sv": top}


def _top(design: EmittedDesign, settings: ShellSettings) -> str:
    samples = request_samples(design, settings.samples)
    inputs, outputs = len(design.inputs), len(design.outputs)
    idle = max(int(settings.idle_seconds * settings.clock_hz), 64 * settings.divider)
    watchdog = min(16 * (design.latency + samples * design.interval) + 1000, 2**31 - 1)
    uart: dict[str, int | str] = {"DIVIDER": settings.divider}
    control: dict[str, int | str] = {
        "INPUTS": inputs,
        "OUTPUTS": outputs,
        "SAMPLES": samples,
        "OUTPUT_BYTES": design.output_bytes,
        "IDENTITY": f"64'h{design.identity:016x}",
        "WATCHDOG": watchdog,
    }
    parts = [
        _HEADER.format(name=_plain(design.name), inputs=inputs - 1, outputs=outputs - 1, sink_bits=8 * outputs - 1),
        _instance("uart_rx", "line_in", uart, ("rx", "valid:byte_valid", "data:byte_data", "broken:byte_broken")),
        _instance("frame_receiver", "receiver", {"IDLE": idle}, _RECEIVER),
        _instance("shell_control", "control", control, _CONTROL),
        *(_source(port, index, samples) for index, port in enumerate(design.inputs)),
        _network(design),
        *(_sink(port, index, samples) for index, port in enumerate(design.outputs)),
        _instance("frame_sender", "sender", {}, _SENDER),
        _instance("uart_tx", "line_out", uart, ("valid:send_valid", "ready:send_ready", "data:send_data", "tx")),
        "endmodule\n",
    ]
    return "\n".join(parts)


_HEADER = """\
// The shell of the network {name!r}: made by netloom, do not edit.
module shell (
    input  logic clk,
    input  logic rst,
    input  logic rx,
    output logic tx
);
    logic        byte_valid, byte_broken;
    logic [7:0]  byte_data;
    logic        started, payload_valid, done, accept;
    logic [7:0]  payload_data, frame_status, tag, kind;
    logic        clear, source_next, run, network_rst;
    logic [{inputs}:0] source_byte, source_full, source_transfer;
    logic [{outputs}:0] sink_done, sink_valid, sink_ready, sink_last;
    logic [{sink_bits}:0] sink_data;
    logic        start, busy, reply_valid, reply_ready, send_valid, send_ready;
    logic [7:0]  status, reply_data, send_data;
    logic [31:0] length;
"""
_RECEIVER = (
    *("byte_valid", "byte_data", "byte_broken", "started", "payload_valid", "payload_data", "done", "accept"),
    *("status:frame_status", "tag", "kind"),
)
_CONTROL = (
    *("started", "payload_valid", "done", "accept", "frame_status", "kind", "clear", "source_byte", "source_full"),
    *("source_next", "run", "source_transfer", "sink_done", "sink_valid", "sink_ready", "sink_data"),
    *("sink_last", "network_rst", "start", "status", "length", "busy", "reply_valid", "reply_ready", "reply_data"),
)
_SENDER = (
    *("start", "tag", "status", "length", "busy", "payload_valid:reply_valid", "payload_ready:reply_ready"),
    *("payload_data:reply_data", "byte_valid:send_valid", "byte_ready:send_ready", "byte_data:send_data"),
)


def _source(port: PortPart, index: int, samples: int) -> str:
    parameters = {"BYTES": port.stream.bytes, "BEATS": port.stream.beats, "SAMPLES": samples}
    connections = (
        *("clear", f"byte_valid:source_byte[{index}]", "byte_data:payload_data", f"full:source_full[{index}]"),
        *("next:source_next", "play:run", *_axis("out", port.port)),
    )
    return (
        _wires(port)
        + f"    assign source_transfer[{index}] = {port.port}_tvalid & {port.port}_tready;\n\n"
        + _instance("shell_source", f"source{index}", parameters, connections)
    )


def _sink(port: PortPart, index: int, samples: int) -> str:
    parameters = {"BYTES": port.stream.bytes, "BEATS": port.stream.beats, "SAMPLES": samples}
    connections = (
        *("clear", *_axis("in", port.port), "expect_one:source_next", "open:run", f"done:sink_done[{index}]"),
        *(f"byte_valid:sink_valid[{index}]", f"byte_ready:sink_ready[{index}]"),
        *(f"byte_data:sink_data[{8 * index + 7}:{8 * index}]", f"byte_last:sink_last[{index}]"),
    )
    return _instance("shell_sink", f"sink{index}", parameters, connections)


def _network(design: EmittedDesign) -> str:
    connections = ["rst:network_rst"]
    for port in (*design.inputs, *design.outputs):
        connections += [f"{port.port}_t{part}" for part in ("data", "valid", "ready")]
    # The sinks count beats; they need no mark on the last one.
    unused = "".join(f"\n    wire unused_{port.port} = {port.port}_tlast;\n" for port in design.outputs)
    wires = "".join(_wires(port) + f"    logic {port.port}_tlast;\n" for port in design.outputs)
    connections += [f"{port.port}_tlast" for port in design.outputs]
    return wires + unused + "\n" + _instance(design.top, CORE, {}, connections, rst=False)


def _wires(port: PortPart) -> str:
    name = port.port
    return f"    logic [{8 * port.stream.bytes - 1}:0] {name}_tdata;\n    logic {name}_tvalid, {name}_tready;\n"


def _axis(side: str, port: str) -> list[str]:
    return [f"{side}_{part}:{port}_t{part}" for part in ("valid", "ready", "data")]


def _instance(
    module: str,
    name: str,
    parameters: Mapping[str, int | str],
    connections: tuple[str, ...] | list[str],
    rst: bool = True,
) -> str:
    """An instance; a connection is `port:wire`, or one name for both."""
    values = ",\n".join(f"        .{key}({value})" for key, value in parameters.items())
    pairs = [pair.split(":", 1) if ":" in pair else [pair, pair] for pair in ("clk", *(("rst",) if rst else ()))]
    for connection in connections:
        port, _, wire = connection.partition(":")
        pairs.append([port, wire or port])
    wires = ",\n".join(f"        .{port}({wire})" for port, wire in pairs)
    head = f"    {module} #(\n{values}\n    ) {name} (" if parameters else f"    {module} {name} ("
    return f"{head}\n{wires}\n    );\n"


def _plain(text: str) -> str:
    return "".join(character for character in text if character.isalnum() or character in " _.-")
