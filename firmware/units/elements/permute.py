"""`PermuteUnit`: elements moved, none changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from netloom.errors import FoldingError
from netloom.firmware.filled import filled
from netloom.firmware.stream import Stream, hex_memory
from netloom.firmware.units.elastic import ElasticTiming, elastic_resources
from netloom.firmware.units.memories.styles import BLOCK, ram_resources, ram_style, rom_in_block, rom_resources
from netloom.firmware.units.timing import Timing
from netloom.firmware.units.unit import Resources, Unit
from netloom.hls.dataflow import Permute

_STAGES = 4
"""Index, address, memory, result."""


def widest_lanes(operation: Permute, sizes: Sequence[int]) -> int:
    """The widest lanes of a `PermuteUnit` of inputs of these sizes: aligned runs of so many elements move together."""
    indices = operation.indices.ravel()
    common = int(np.gcd.reduce([indices.size, *sizes]))
    return next(lanes for lanes in range(common, 0, -1) if common % lanes == 0 and _runs(indices, lanes) is not None)


def _runs(indices: np.ndarray, lanes: int) -> np.ndarray | None:
    """Which aligned run of the joined inputs each run of the result is, or -1; None if they are not such runs."""
    runs = indices.reshape(-1, lanes)
    first = runs[:, :1]
    expected = np.where(first < 0, -1, first + np.arange(lanes))
    if (runs != expected).any() or (first[first >= 0] % lanes).any():
        return None
    return np.where(first < 0, -1, first // lanes).ravel()


@dataclass(frozen=True)
class PermuteUnit(Unit):
    """Whole tensors written to a double buffer in one order and read in another, a beat a clock.

    `permute` has the handshakes of its sources side by side in vectors; for two, a module made for the instance gives
    each ports of its own. The first beat of a tensor is offered 3 clock cycles after the last one was taken.

    Attributes:
        streams: one or two streams of equal lanes and element types.
        operation: where every element comes from.

    Raises:
        FoldingError: if the streams differ in lanes or type, or the indices do not move aligned runs of that many
            elements: see `widest_lanes`.
    """

    module = "permute"

    streams: tuple[Stream, ...]
    operation: Permute

    def __post_init__(self) -> None:
        first = self.streams[0]
        if not 1 <= len(self.streams) <= 2 or any(
            (source.lanes, source.element.with_modes()) != (first.lanes, first.element.with_modes())
            for source in self.streams
        ):
            raise FoldingError(f"{self.name}: one or two streams of equal lanes and element types can be permuted")
        if self.operation.indices.size % first.lanes or _runs(self.operation.indices.ravel(), first.lanes) is None:
            sizes = [source.beats * source.lanes for source in self.streams]
            raise FoldingError(
                f"{self.name}: elements move in runs of {widest_lanes(self.operation, sizes)}, so lanes must be that "
                f"or a divisor of it, not {first.lanes}"
            )

    @property
    def inputs(self) -> tuple[Stream, ...]:
        """The streams."""
        return self.streams

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """The moved elements, in as many lanes."""
        first = self.streams[0]
        beats = self.operation.indices.size // first.lanes
        return (Stream(f"{self.name}_out", first.element.with_modes(), first.lanes, beats),)

    @cached_property
    def _words(self) -> list[int]:
        """The index memory: zero flag, source, beat, from the most significant bit."""
        runs = _runs(self.operation.indices.ravel(), self.streams[0].lanes)
        assert runs is not None
        beats, bits = self.streams[0].beats, self._address_width
        return [2 << bits if run < 0 else (1 << bits) + run - beats if run >= beats else run for run in map(int, runs)]

    @property
    def _address_width(self) -> int:
        return max((max(source.beats for source in self.streams) - 1).bit_length(), 1)

    def _style(self, source: Stream) -> str:
        return ram_style(2 * source.beats, source.width, self.target)

    def _parameters(self) -> dict[str, int | str]:
        second = self.streams[1] if len(self.streams) == 2 else None
        return {
            "SOURCES": len(self.streams),
            "WIDTH": self.streams[0].width,
            "BEATS0": self.streams[0].beats,
            "BEATS1": second.beats if second else 0,
            "OUT_BEATS": len(self._words),
            "STYLE0": self._style(self.streams[0]),
            "STYLE1": self._style(second) if second else BLOCK,
            "INDEX_BLOCK": int(rom_in_block(len(self._words), self._address_width + 2, self.target)),
            "FILE": f"{self.name}.mem",
        }

    def parameters(self) -> dict[str, int | str]:
        """Beats, their width, and the memories; none for two streams, whose own module knows them."""
        return self._parameters() if len(self.streams) == 1 else {}

    def sources(self) -> dict[str, str]:
        """For two streams: `permute` with a set of ports for each."""
        if len(self.streams) == 1:
            return {}
        return {f"{self.name}.sv": filled("units/elements/permute.sv.j2", unit=self, parameters=self._parameters())}

    def memories(self) -> dict[str, str]:
        """The index of every output beat."""
        return {f"{self.name}.mem": hex_memory([(word,) for word in self._words], self._address_width + 2)}

    def timing(self) -> Timing:
        """Halves written and read."""
        return _PermuteTiming([source.beats for source in self.streams], len(self._words))

    def resources(self) -> Resources:
        """Two tensors of every source, the indices, counters, and the choice between memories and zero."""
        width, depth = self.streams[0].width, len(self._words)
        index = self._address_width + 2
        # Zeros are the result's own reset.
        choice = width * (len(self.streams) - 1)
        total = elastic_resources(_STAGES, 0) + Resources(lut=choice + 16, ff=width + 12)
        for source in self.streams:
            address = (2 * source.beats - 1).bit_length()
            total += ram_resources(2 * source.beats, width, self._style(source), self.target)
            registers = 0 if self._style(source) == BLOCK else width
            total += Resources(lut=2 * address + 8, ff=registers + 2 * address + 2)
        # The index's register; in block RAM it is the memory's own.
        held = 0 if rom_in_block(depth, index, self.target) else index
        return total + rom_resources(depth, index, self.target) + Resources(ff=held)


class _PermuteTiming(Timing):
    """Each source fills halves of its buffer; once all have, the result is read, and the halves are free again."""

    twin = "permute"
    ready_is_registered = True

    def __init__(self, beats: Sequence[int], out_beats: int) -> None:
        self.constants = [out_beats, len(beats), *beats]
        self._beats = beats
        self._out_beats = out_beats
        self._written = [0] * len(beats)
        self._full = [0] * len(beats)
        self._read = 0
        # Index and address run ahead of the data; memory and result are two stages like any others.
        self._ahead = ElasticTiming(2)
        self._stages = ElasticTiming(2)

    def valid(self) -> tuple[bool, ...]:
        return (self._stages.offers,)

    def ready(self, valid: Sequence[bool], ready: Sequence[bool]) -> tuple[bool, ...]:
        """Unless both halves of that source are full, whatever leaves."""
        del valid, ready
        return tuple(full < 2 for full in self._full)

    def clock(self, taken: Sequence[bool], given: Sequence[bool]) -> None:
        """Read if all sources have a whole tensor, then count what was written and read."""
        read = self._ahead.offers and all(self._full) and self._stages.takes(given[0])
        self._ahead.clock((self._ahead.takes(read),), (read,))
        self._stages.clock((read,), given)
        for source, beats in enumerate(self._beats):
            self._written[source] += taken[source]
            if self._written[source] == beats:
                self._written[source] = 0
                self._full[source] += 1
        self._read += read
        if self._read == self._out_beats:
            self._read = 0
            self._full = [full - 1 for full in self._full]
