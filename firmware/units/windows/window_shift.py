"""`WindowShift`: whole windows from their columns."""

from collections.abc import Sequence
from dataclasses import dataclass

from netloom.errors import SettingsError
from netloom.firmware.stream import Stream
from netloom.firmware.units.timing import Timing
from netloom.firmware.units.unit import Resources, Unit


@dataclass(frozen=True)
class WindowShift(Unit):
    """Windows from rows of columns: (rows, width, column) -> (rows, positions, kernel_width * column).

    Lane `kernel column * source.lanes + column lane`.

    Attributes:
        source: columns, one a beat, row by row.
        width: columns in a row, padding included.
        kernel_width: columns of a window.
        stride_width: columns from one window to the next.

    Raises:
        SettingsError: if the stream is not rows of `width` columns, or the window does not fit.
    """

    module = "window_shift"

    name: str
    source: Stream
    width: int
    kernel_width: int
    stride_width: int

    def __post_init__(self) -> None:
        if self.width < 1 or self.source.beats % self.width:
            raise SettingsError(
                f"unit {self.name!r}: {self.source.beats} beats must be rows of {self.width} columns, one a beat"
            )
        if not 1 <= self.kernel_width <= self.width or self.stride_width < 1:
            raise SettingsError(
                f"unit {self.name!r}: kernel_width must be 1 to {self.width} and stride_width at least 1, not "
                f"{self.kernel_width} and {self.stride_width}"
            )

    @property
    def positions(self) -> int:
        """Windows in a row."""
        return (self.width - self.kernel_width) // self.stride_width + 1

    @property
    def inputs(self) -> tuple[Stream, ...]:
        """The columns."""
        return (self.source,)

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """The windows."""
        beats = self.source.beats // self.width * self.positions
        return (Stream(f"{self.name}_out", self.source.element, self.kernel_width * self.source.lanes, beats),)

    def parameters(self) -> dict[str, int | str]:
        """Geometry, in columns."""
        return {
            "COLUMN_WIDTH": self.source.width,
            "WIDTH": self.width,
            "KERNEL_WIDTH": self.kernel_width,
            "STRIDE_WIDTH": self.stride_width,
        }

    def timing(self) -> Timing:
        """Position in the row, and whether a window waits at the output."""
        return _WindowShiftTiming(self)

    def resources(self) -> Resources:
        """The window's registers and two counters."""
        counters = self.width.bit_length() + max(self.kernel_width, self.stride_width).bit_length()
        return Resources(2 * counters + 4, self.kernel_width * self.source.width + counters + 1)


class _WindowShiftTiming(Timing):
    """Mirrors `window_shift.sv`."""

    def __init__(self, unit: WindowShift) -> None:
        past = [column - (unit.kernel_width - 1) for column in range(unit.width)]
        self._ends = [column >= 0 and column % unit.stride_width == 0 for column in past]
        self._index = 0
        self._full = False

    def compiled(self) -> tuple[str, list[int]]:
        """See `Timing`."""
        return "shift", [len(self._ends), *self._ends]

    def valid(self) -> tuple[bool, ...]:
        """A window waits."""
        return (self._full,)

    def ready(self, valid: Sequence[bool], ready: Sequence[bool]) -> tuple[bool, ...]:
        """Unless a window stays."""
        del valid
        return (not self._full or ready[0],)

    def clock(self, taken: Sequence[bool], given: Sequence[bool]) -> None:
        """A column in may complete a window."""
        if given[0]:
            self._full = False
        if taken[0]:
            self._full = self._ends[self._index]
            self._index = (self._index + 1) % len(self._ends)
