"""`StreamWidth`: narrow beats to wide ones, or wide to narrow."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from netloom.errors import SettingsError
from netloom.firmware.stream import Stream
from netloom.firmware.units.shift import ShiftTiming
from netloom.firmware.units.timing import Timing
from netloom.firmware.units.unit import Resources, SourceUnit


@dataclass(frozen=True)
class StreamWidth(SourceUnit):
    """The same elements, `lanes` a beat. A beat on the narrow side every clock cycle, without pauses. Latency 1.

    Attributes:
        source: the stream to convert.
        lanes: elements of an output beat; a divisor or a multiple of the source's.

    Raises:
        SettingsError: if neither number of lanes divides the other, or they are equal, or an inference would not fill
            its last beat.
    """

    module = "stream_width"

    lanes: int

    def __post_init__(self) -> None:
        few, many = sorted((self.source.lanes, self.lanes))
        if few < 1 or few == many or many % few:
            raise SettingsError(
                f"width converter {self.name!r}: lanes must be a divisor or a multiple of the source's "
                f"{self.source.lanes}, not {self.lanes}"
            )
        if self.source.beats * self.source.lanes % self.lanes:
            raise SettingsError(
                f"width converter {self.name!r}: lanes must divide the {self.source.beats * self.source.lanes} "
                f"elements of an inference, and {self.lanes} do not"
            )

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """The same elements in other beats."""
        beats = self.source.beats * self.source.lanes // self.lanes
        return (replace(self.source, name=f"{self.name}_out", lanes=self.lanes, beats=beats),)

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
        wide = max(self.source.width, self.outputs[0].width)
        narrow = min(self.source.width, self.outputs[0].width)
        down = self.lanes < self.source.lanes
        bits = (wide // narrow - 1).bit_length()
        return Resources(lut=(wide - narrow if down else 0) + 2 * bits + 4, ff=wide + bits + 2)


class _DownTiming(Timing):
    """A wide beat is shifted out; the next one comes in with the last part."""

    def __init__(self, ratio: int) -> None:
        self._ratio = ratio
        self._left = 0

    def compiled(self) -> tuple[str, list[int]]:
        """See `Timing`."""
        return "down", [self._ratio]

    def valid(self) -> tuple[bool, ...]:
        """While parts are left."""
        return (self._left > 0,)

    def ready(self, valid: Sequence[bool], ready: Sequence[bool]) -> tuple[bool, ...]:
        """When empty, or when the last part leaves."""
        del valid
        return (self._left == 0 or (self._left == 1 and ready[0]),)

    def clock(self, taken: Sequence[bool], given: Sequence[bool]) -> None:
        """Count parts."""
        if given[0]:
            self._left -= 1
        if taken[0]:
            self._left = self._ratio
