"""`WindowShift`: whole windows from their columns."""

from dataclasses import dataclass

from netloom.errors import SettingsError
from netloom.firmware.stream import Stream
from netloom.firmware.units.shift import ShiftTiming
from netloom.firmware.units.timing import Timing
from netloom.firmware.units.unit import Resources, SourceUnit


@dataclass(frozen=True)
class WindowShift(SourceUnit):
    """Windows from rows of columns: (rows, width, column) -> (rows, positions, kernel_width * column).

    Lane `kernel column * source.lanes + column lane`.

    Attributes:
        source: columns, one a beat, row by row.
        width: columns in a row, padding included.
        kernel_width: columns of a window.
        stride_width: columns from one window to the next.
        dilation_width: columns from one of a window's to its next.

    Raises:
        SettingsError: if the stream is not rows of `width` columns, or the window does not fit.
    """

    module = "window_shift"

    width: int
    kernel_width: int
    stride_width: int
    dilation_width: int = 1

    def __post_init__(self) -> None:
        if self.width < 1 or self.source.beats % self.width:
            raise SettingsError(
                f"unit {self.name!r}: {self.source.beats} beats must be rows of {self.width} columns, one a beat"
            )
        if self.kernel_width < 1 or self.span > self.width or min(self.stride_width, self.dilation_width) < 1:
            raise SettingsError(
                f"unit {self.name!r}: kernel_width must be 1 to {self.width}, columns between its own counted, and "
                f"stride_width at least 1, not {self.kernel_width} and {self.stride_width}; dilation_width too, and "
                f"it is {self.dilation_width}"
            )

    @property
    def span(self) -> int:
        """Columns from a window's first to its last."""
        return (self.kernel_width - 1) * self.dilation_width + 1

    @property
    def positions(self) -> int:
        """Windows in a row."""
        return (self.width - self.span) // self.stride_width + 1

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
            "DILATION_WIDTH": self.dilation_width,
        }

    def timing(self) -> Timing:
        """Position in the row, and whether a window waits at the output."""
        past = [column - (self.span - 1) for column in range(self.width)]
        return ShiftTiming([column >= 0 and column % self.stride_width == 0 for column in past])

    def resources(self) -> Resources:
        """The window's registers and two counters."""
        counters = self.width.bit_length() + max(self.span, self.stride_width).bit_length()
        return Resources(2 * counters + 4, self.span * self.source.width + counters + 1)
