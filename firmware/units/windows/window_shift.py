"""`WindowShift`: whole windows from their columns."""

from dataclasses import dataclass

from netloom.firmware.stream import Stream
from netloom.firmware.units.streams.stream_width import ShiftTiming
from netloom.firmware.units.timing import Timing
from netloom.firmware.units.unit import Resources, SourceUnit
from netloom.firmware.units.windows.geometry import Geometry


@dataclass(frozen=True)
class WindowShift(SourceUnit):
    """Windows from rows of columns: (rows, width, column) -> (rows, positions, kernel_width * column).

    Lane `kernel column * source.lanes + column lane`.

    Attributes:
        source: columns, one a beat, row by row.
        geometry: columns of a row, padding included, and a window's; its rows are of no matter.

    Raises:
        SettingsError: if the stream is not rows of `width` columns, or the window does not fit.
    """

    module = "window_shift"

    geometry: Geometry

    def __post_init__(self) -> None:
        width, kernel, stride, dilation = self._columns
        if width < 1 or self.source.beats % width:
            raise self._error(f"{self.source.beats} beats must be rows of {width} columns, one a beat")
        if kernel < 1 or self.geometry.span[1] > width or min(stride, dilation) < 1:
            raise self._error(
                f"kernel_width must be 1 to {width}, columns between its own counted, and stride_width at least 1, not "
                f"{kernel} and {stride}; dilation_width too, and it is {dilation}"
            )

    @property
    def _columns(self) -> tuple[int, int, int, int]:
        """Of a row, of a window, from one window to the next, from one of a window's to its next."""
        geometry = self.geometry
        return geometry.padded[1], geometry.kernel[1], geometry.stride[1], geometry.dilation[1]

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """The windows."""
        beats = self.source.beats // self.geometry.padded[1] * self.geometry.columns
        return (Stream(f"{self.name}_out", self.source.element, self.geometry.kernel[1] * self.source.lanes, beats),)

    def parameters(self) -> dict[str, int | str]:
        """Geometry, in columns."""
        names = ("WIDTH", "KERNEL_WIDTH", "STRIDE_WIDTH", "DILATION_WIDTH")
        return {"COLUMN_WIDTH": self.source.width, **dict(zip(names, self._columns, strict=True))}

    def timing(self) -> Timing:
        """Position in the row, and whether a window waits at the output."""
        width, _, stride, _ = self._columns
        last = self.geometry.span[1] - 1
        return ShiftTiming([column >= last and (column - last) % stride == 0 for column in range(width)])

    def resources(self) -> Resources:
        """The window's registers and two counters."""
        width, span, stride = self.geometry.padded[1], self.geometry.span[1], self.geometry.stride[1]
        counters = width.bit_length() + max(span, stride).bit_length()
        return Resources(2 * counters + 4, span * self.source.width + counters + 1)
