"""`Design`: a network as hardware units joined by streams. What is emitted, timed and estimated."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from math import ceil

from netloom.common.ends import InputScale, OutputScale
from netloom.firmware.families import Family
from netloom.firmware.stream import Stream
from netloom.firmware.units.unit import Resources, Unit


@dataclass(frozen=True)
class Port:
    """An input or output of the network: its name in the dataflow graph, its shape, and the stream that carries it.

    `host` is what the host does before it or after it, if anything.
    """

    name: str
    shape: tuple[int, ...]
    stream: Stream
    host: InputScale | OutputScale | None = None


@dataclass(frozen=True)
class Tap:
    """Where the result of an hls4ml layer can be watched."""

    layer: str
    shape: tuple[int, ...]
    stream: Stream
    interleaved: int = 1
    """Samples whose steps, the first axis, come in turn."""


@dataclass(frozen=True)
class Design:
    """Units in topological order. An input stream of a unit is an output stream of an earlier one, or of a port; in a
    loop over steps, of a later `ScanState`.

    The units of a loop's body go through all their beats once a step: what goes in and out of the loop is the same
    stream, with the beats of one step for the unit inside, and with those of an inference outside.

    Attributes:
        target: the device family whose primitives are named.
        units: all instances.
        layers: unit name -> hls4ml layer it is part of.
        operations: unit name -> the dataflow nodes it computes; empty for plumbing.
        inputs: of the network, in the order of its sources.
        outputs: of the network, in the order of its outputs.
        taps: of all layers whose result is a stream.
        steps: unit name -> how many times it goes through its beats in an inference, where that is not once; a fraction
            where its beats are those of several inferences.
        group: inferences that must be there before any of them comes out.
    """

    target: Family
    units: tuple[Unit, ...]
    layers: Mapping[str, str]
    operations: Mapping[str, tuple[str, ...]]
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    taps: tuple[Tap, ...]
    steps: Mapping[str, Fraction | int] = field(default_factory=dict)
    group: int = 1

    @cached_property
    def streams(self) -> dict[str, Stream]:
        """All streams by name, with the beats of an inference."""
        streams = {port.stream.name: port.stream for port in self.inputs}
        for unit in self.units:
            steps = self.steps.get(unit.name, 1)
            streams |= {stream.name: replace(stream, beats=int(stream.beats * steps)) for stream in unit.outputs}
        return streams

    @cached_property
    def intervals(self) -> dict[str, int]:
        """Clock cycles between inferences that each unit needs."""
        return {unit.name: ceil(unit.interval * self.steps.get(unit.name, 1)) for unit in self.units}

    @cached_property
    def resources(self) -> dict[str, Resources]:
        """Estimate for every unit."""
        return {unit.name: unit.resources() for unit in self.units}

    @cached_property
    def interval_bound(self) -> int:
        """Clock cycles between inferences that the busiest unit needs; the design cannot be faster."""
        return max(self.intervals.values())
