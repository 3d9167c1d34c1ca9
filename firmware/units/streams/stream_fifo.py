"""`StreamFifo`: lets a stream run ahead of its consumer."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from netloom.firmware.units.memories.styles import BLOCK, REGISTERS, bank_words, ram_resources, ram_style
from netloom.firmware.units.timing import StreamTiming
from netloom.firmware.units.unit import Resources, SourceUnit

_SHALLOWEST_BLOCK = 5
"""Places below which the three clock cycles through block RAM would cost throughput."""


@dataclass(frozen=True)
class StreamFifo(SourceUnit):
    """First in, first out. Holds exactly `depth` beats, the one at the output included: it takes beats until then.

    Built in LUT RAM its latency is 1; in block RAM, 3. Full throughput either way: valid, ready and data are registers.

    Attributes:
        depth: beats it holds, at least 2.

    Raises:
        SettingsError: if it is less than 2 deep.
    """

    module = "stream_fifo"
    kind = "FIFO"

    depth: int

    def __post_init__(self) -> None:
        if self.depth < 2:
            raise self._error(f"depth must be at least 2, not {self.depth}")

    @cached_property
    def style(self) -> str:
        """What the memory is built of."""
        style = ram_style(self.depth - 1, self.source.width, self.target)
        return REGISTERS if style == BLOCK and self.depth < _SHALLOWEST_BLOCK else style

    @property
    def beats_held(self) -> int:
        """Its depth."""
        return self.depth

    def parameters(self) -> dict[str, int | str]:
        """Width of a beat, number of places, and what they are built of."""
        bank = {"BANK": bank_words(self.depth - 2, self.source.width, self.target)} if self.style == BLOCK else {}
        return {"WIDTH": self.source.width, "DEPTH": self.depth, "STYLE": self.style, **bank}

    def timing(self) -> StreamTiming:
        """By what the memory is built of."""
        return _BlockTiming(self.depth) if self.style == BLOCK else _FifoTiming(self.depth)

    def resources(self) -> Resources:
        """Memory, output register (of each memory of block RAM), two pointers and two counters."""
        width, bits = self.source.width, self.depth.bit_length()
        logic = Resources(lut=10 * bits + 8, ff=4 * bits + 4)
        if self.style == BLOCK:
            banks = -(-(self.depth - 2) // bank_words(self.depth - 2, width, self.target))
            held = 0 if self.target.ram_register else banks * width
            choice = Resources(lut=(banks - 1) * width, ff=held)
            return logic + choice + ram_resources(self.depth - 2, width, self.style, self.target)
        return logic + Resources(lut=width, ff=width) + ram_resources(self.depth - 1, width, self.style, self.target)


class _FifoTiming(StreamTiming):
    """First in, first out, `depth` places; a beat can leave in the cycle after it came."""

    twin = "buffer"
    ready_is_registered = True

    def __init__(self, depth: int) -> None:
        self.constants = [depth]
        self._depth = self._room = depth

    def takes(self, ready: bool) -> bool:
        del ready
        return self._room > 0

    def clock(self, taken: Sequence[bool], given: Sequence[bool]) -> None:
        self._room += given[0] - taken[0]
        self.offers = self._room < self._depth


class _BlockTiming(_FifoTiming):
    """The RAM, and the register behind it, which is the output's: beats move on where the next place becomes free."""

    twin = "block"

    def __init__(self, depth: int) -> None:
        super().__init__(depth)
        self._stored = 0
        self._fetched = False

    def clock(self, taken: Sequence[bool], given: Sequence[bool]) -> None:
        move = given[0] or not self.offers
        fetch = self._stored > 0 and (move or not self._fetched)
        if move:
            self.offers = self._fetched
        if move or not self._fetched:
            self._fetched = fetch
        self._stored += taken[0] - fetch
        self._room += given[0] - taken[0]
