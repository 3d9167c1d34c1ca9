"""`StreamWidth`: narrow beats to wide ones, or wide to narrow."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from netloom.firmware.stream import Stream
from netloom.firmware.units.timing import StreamTiming, Timing
from netloom.firmware.units.unit import Resources, SourceUnit


@dataclass(frozen=True)
class StreamWidth(SourceUnit):
    """The same elements, `lanes` a beat. A beat on the narrow side every clock cycle, without pauses. Latency 1.

    Attributes:
        lanes: elements of an output beat; a divisor or a multiple of the source's.

    Raises:
        SettingsError: if neither number of lanes divides the other, or they are equal, or an inference would not fill
            its last beat.
    """

    module = "stream_width"
    kind = "width converter"

    lanes: int

    def __post_init__(self) -> None:
        few, many = sorted((self.source.lanes, self.lanes))
        if few < 1 or few == many or many % few:
            raise self._error(
                f"lanes must be a divisor or a multiple of the source's {self.source.lanes}, not {self.lanes}"
            )
        if self._elements % self.lanes:
            raise self._error(
                f"lanes must divide the {self._elements} elements of an inference, and {self.lanes} do not"
            )

    @property
    def _elements(self) -> int:
        return self.source.beats * self.source.lanes

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """The same elements in other beats."""
        return (replace(self.source, name=f"{self.name}_out", lanes=self.lanes, beats=self._elements // self.lanes),)

    def parameters(self) -> dict[str, int | str]:
        """Both widths."""
        return {"IN_WIDTH": self.source.width, "OUT_WIDTH": self.outputs[0].width}

    def timing(self) -> Timing:
        """By direction."""
        if self.lanes > self.source.lanes:
            return ShiftTiming([*[False] * (self.lanes // self.source.lanes - 1), True])
        return _DownTiming(self.source.lanes // self.lanes)

    def resources(self) -> Resources:
        """One register of the wide side, shifted; a counter."""
        narrow, wide = sorted((self.source.width, self.outputs[0].width))
        down = self.lanes < self.source.lanes
        bits = (wide // narrow - 1).bit_length()
        return Resources(lut=(wide - narrow if down else 0) + 2 * bits + 4, ff=wide + bits + 2)


class ShiftTiming(StreamTiming):
    """A register that beats are shifted into, and that is the output when it holds what is to be given.

    Mirrors `stream_width.sv` where it widens, and `window_shift.sv`. `ends` says for every beat of what comes again and
    again whether the register is given with it.
    """

    twin = "shift"

    def __init__(self, ends: Sequence[bool]) -> None:
        self.constants = [len(ends), *ends]
        self._ends = ends
        self._index = 0

    def takes(self, ready: bool) -> bool:
        """Unless what is to be given stays."""
        return not self.offers or ready

    def clock(self, taken: Sequence[bool], given: Sequence[bool]) -> None:
        """A beat in may complete it."""
        if given[0]:
            self.offers = False
        if taken[0]:
            self.offers = self._ends[self._index]
            self._index = (self._index + 1) % len(self._ends)


class _DownTiming(StreamTiming):
    """A wide beat is shifted out; the next one comes in with the last part."""

    twin = "down"

    def __init__(self, ratio: int) -> None:
        self.constants = [ratio]
        self._ratio = ratio
        self._left = 0

    def takes(self, ready: bool) -> bool:
        """When empty, or when the last part leaves."""
        return self._left == 0 or (self._left == 1 and ready)

    def clock(self, taken: Sequence[bool], given: Sequence[bool]) -> None:
        self._left = self._ratio if taken[0] else self._left - given[0]
        self.offers = self._left > 0
