"""The shell around the network: a serial link, buffers, a cycle counter. As a pure function to SystemVerilog."""

from collections.abc import Sequence
from dataclasses import dataclass

from netloom.errors import SettingsError
from netloom.firmware.emit.design_file import PortPart
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.firmware.emit.library import needed
from netloom.firmware.families import find_family
from netloom.firmware.filled import filled

SHELL_TOP = "shell"
CORE = "core"
"""The network's instance there."""
BAUD = 1_000_000
"""Bits a second on the link unless told otherwise: common USB bridges divide it exactly, and loose wires bear it."""
MOST_SAMPLES = 255
IDLE_SECONDS = 0.1
"""Silence after which a frame counts as broken off."""
_LEAST_DIVIDER = 4
_WORST_BAUD_ERROR = 0.02


@dataclass(frozen=True)
class ShellSettings:
    """How a shell is built.

    Attributes:
        clock_hz: of the network and the shell.
        baud: bits a second on the link.
        samples: inferences that a request may hold; None for as many as fit the block RAMs that one takes anyway.
    """

    clock_hz: float
    baud: int = BAUD
    samples: int | None = None

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
    samples = request_samples(design, settings.samples)
    top = filled(
        "board/shell.sv.j2",
        design=design,
        name=repr("".join(character for character in design.name if character.isalnum() or character in " _.-")),
        core=CORE,
        samples=samples,
        divider=settings.divider,
        idle=max(int(IDLE_SECONDS * settings.clock_hz), 64 * settings.divider),
        watchdog=min(16 * (design.latency + samples * design.interval) + 1000, 2**31 - 1),
    )
    return {**needed([top], find_family(design.target)), f"{SHELL_TOP}.sv": top}
