"""`Unit`: one instance of a module of the SystemVerilog library."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import ClassVar

from netloom.errors import NetloomError, SettingsError
from netloom.firmware.families import GENERIC, Family
from netloom.firmware.stream import Stream
from netloom.firmware.units.timing import Timing
from netloom.fixed_point import FixedPoint


@dataclass(frozen=True)
class Resources:
    """Estimate of what a unit takes: 4-input LUTs (memories in LUTs included), flip-flops, DSP blocks.

    `rams` are the memories in block RAM: words, and bits of each.
    """

    lut: int = 0
    ff: int = 0
    dsp: int = 0
    rams: tuple[tuple[int, int], ...] = ()

    def __add__(self, other: "Resources") -> "Resources":
        return Resources(self.lut + other.lut, self.ff + other.ff, self.dsp + other.dsp, (*self.rams, *other.rams))


@dataclass(frozen=True, eq=False)
class Unit(ABC):
    """One instance of a library module. Subclasses are frozen dataclasses, named after their module.

    Attributes:
        name: of the instance; a Verilog identifier, unique in a design.
        target: the device family, which decides what memories and multipliers are built of; of no matter to most.
    """

    module: ClassVar[str]
    """The SystemVerilog module, in `firmware/rtl/ROOM/MODULE.sv`."""
    kind: ClassVar[str] = "unit"
    """What messages call it."""

    name: str
    target: Family = field(default=GENERIC, kw_only=True)

    @property
    @abstractmethod
    def inputs(self) -> tuple[Stream, ...]:
        """Streams it takes, in the order of the module's input ports."""

    @property
    @abstractmethod
    def outputs(self) -> tuple[Stream, ...]:
        """Streams it gives, in the order of the module's output ports."""

    @property
    def input_ports(self) -> tuple[str, ...]:
        """Prefixes of the input ports: `in` stands for in_valid, in_ready, in_data; `in0`, `in1` of two."""
        return port_prefixes("in", len(self.inputs))

    @property
    def output_ports(self) -> tuple[str, ...]:
        """Prefixes of the output ports: `out`, or `out0`, `out1`, ..."""
        return port_prefixes("out", len(self.outputs))

    @abstractmethod
    def parameters(self) -> dict[str, int | str]:
        """The module's parameters; strings are names of memory files or of choices."""

    def memories(self) -> dict[str, str]:
        """Files for `$readmemh`: name -> text."""
        return {}

    def sources(self) -> dict[str, str]:
        """SystemVerilog made for this instance alone: file name -> text. The instance's module is then `name`."""
        return {}

    @abstractmethod
    def timing(self) -> Timing:
        """Its control logic in the state after reset."""

    @property
    def interval(self) -> int:
        """Clock cycles between inferences when nothing holds it up: its busiest port's beats."""
        return max(stream.beats for stream in (*self.inputs, *self.outputs))

    @property
    def multipliers(self) -> int:
        """Multipliers, in whatever they are built."""
        return 0

    @property
    def keeps_state(self) -> bool:
        """Whether what it gives for a sample depends on the samples before it."""
        return False

    @property
    def beats_held(self) -> int | None:
        """How many beats it holds, where it is there to hold them; None of others."""
        return None

    def with_dsps(self, blocks: int) -> "Unit":
        """With so many at most of the DSP blocks that products leave; itself where it takes none of those."""
        del blocks
        return self

    def resources(self) -> Resources:
        """What it is expected to take after synthesis."""
        return Resources()

    def least_resources(self) -> Resources:
        """What it takes at least; at once, also where `resources` takes long to find out."""
        return self.resources()

    def _error(self, text: str, error: type[NetloomError] = SettingsError) -> NetloomError:
        return error(f"{self.kind} {self.name!r}: {text}")


@dataclass(frozen=True, eq=False)
class SourceUnit(Unit):
    """A unit that takes one stream, its `source`, and gives the same beats, unless it says others."""

    source: Stream

    @property
    def inputs(self) -> tuple[Stream, ...]:
        """The source."""
        return (self.source,)

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """The same beats."""
        return (replace(self.source, name=f"{self.name}_out"),)


def port_prefixes(prefix: str, count: int) -> tuple[str, ...]:
    """Prefixes of so many ports: the word alone of one, `in0`, `in1` of several."""
    return (prefix,) if count == 1 else tuple(f"{prefix}{index}" for index in range(count))


def type_parameters(prefix: str, element: FixedPoint) -> dict[str, int | str]:
    """A type as modules take it: its width and whether it is signed."""
    return {f"{prefix}_WIDTH": element.width, f"{prefix}_SIGNED": int(element.signed)}
