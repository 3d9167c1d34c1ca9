"""`LineBuffer`: columns of image windows, from an image that arrives row by row."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from netloom.firmware.stream import Stream
from netloom.firmware.units.memories.styles import BLOCK, ram_resources, ram_style
from netloom.firmware.units.timing import StreamTiming, Timing
from netloom.firmware.units.unit import Resources, SourceUnit
from netloom.firmware.units.windows.geometry import Geometry


@dataclass(frozen=True)
class LineBuffer(SourceUnit):
    """Columns of windows over a zero-padded image: (height, width, channels) -> (rows, padded width, columns).

    A pixel arrives in slices of `source.lanes` channels. For every window row, every column of the padded image and
    every slice comes a beat of `kernel_height * source.lanes` elements, lane `kernel row * source.lanes + channel`.

    Attributes:
        source: the image, row by row, channels last.
        geometry: its shape, the padding, and a window's rows; its columns are of no matter.

    Raises:
        SettingsError: if the stream is not the image, or the window does not fit.
    """

    module = "line_buffer"

    geometry: Geometry

    def __post_init__(self) -> None:
        geometry, kernel = self.geometry, self.geometry.kernel[0]
        height, width, channels = geometry.height, geometry.width, geometry.channels
        if channels % self.source.lanes or self.source.beats != height * width * self.slices:
            raise self._error(
                f"{self.source.beats} beats of {self.source.lanes} lanes must carry an image of {height} x {width} x "
                f"{channels}, channels split evenly"
            )
        if min(map(min, geometry.padding)) < 0 or min(geometry.stride[0], geometry.dilation[0]) < 1:
            raise self._error("padding must be at least 0, the stride at least 1 and dilation_height too")
        if kernel < 1 or geometry.span[0] > geometry.padded[0]:
            raise self._error(
                f"kernel_height must be 1 to the padded height {geometry.padded[0]}, rows between its own counted, "
                f"not {kernel}"
            )

    @property
    def slices(self) -> int:
        """Beats of a pixel."""
        return self.geometry.channels // self.source.lanes

    @property
    def rows(self) -> int:
        """Rows gone through: the image, and what padding above and below it the windows need."""
        geometry = self.geometry
        windows = (geometry.rows - 1) * geometry.stride[0] + geometry.span[0]
        return max(windows, geometry.padding[0][0] + geometry.height)

    @property
    def interval(self) -> int:
        """One clock for every word of the rows gone through, padding included."""
        return self.rows * self.geometry.padded[1] * self.slices

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """The columns."""
        beats = self.geometry.rows * self.geometry.padded[1] * self.slices
        lanes = self.geometry.kernel[0] * self.source.lanes
        return (Stream(f"{self.name}_out", self.source.element, lanes, beats),)

    @property
    def line_words(self) -> int:
        """Words of an image row."""
        return self.geometry.width * self.slices

    @property
    def style(self) -> str:
        """What the rows lie in."""
        width = max(self.geometry.span[0] - 1, 1) * self.source.width
        return ram_style(max(self.line_words - 1, 1), width, self.target)

    def parameters(self) -> dict[str, int | str]:
        """Geometry, in rows and pixels."""
        geometry = self.geometry
        (top, bottom), (left, right) = geometry.padding
        return {
            "WORD_WIDTH": self.source.width,
            "HEIGHT": geometry.height,
            "WIDTH": geometry.width,
            "SLICES": self.slices,
            "KERNEL_HEIGHT": geometry.kernel[0],
            "STRIDE_HEIGHT": geometry.stride[0],
            "DILATION_HEIGHT": geometry.dilation[0],
            "PAD_TOP": top,
            "PAD_BOTTOM": bottom,
            "PAD_LEFT": left,
            "PAD_RIGHT": right,
            "STYLE": self.style,
        }

    def timing(self) -> Timing:
        """Position in the padded image, and whether a column waits at the output."""
        return _LineBufferTiming(self)

    def resources(self) -> Resources:
        """Output register, line memory with two registers behind it, counters."""
        geometry, word = self.geometry, self.source.width
        lines, row = (geometry.span[0] - 1) * word, geometry.padded[1] * self.slices
        counters = self.rows.bit_length() + row.bit_length() + self.line_words.bit_length()
        (top, bottom), (left, right) = geometry.padding
        edges = 12 * sum(edge > 0 for edge in (top, bottom, left, right)) + (word if top or bottom else 0)
        logic = Resources(3 * counters + 16 + edges, geometry.kernel[0] * word + 2 * counters + 6)
        if not lines:
            return logic
        if self.line_words <= 2:
            return logic + Resources(ff=lines * self.line_words)
        # Registers behind block RAM become part of it.
        registers = 0 if self.style == BLOCK else 2 * lines
        return logic + Resources(ff=registers) + ram_resources(self.line_words - 1, lines, self.style, self.target)


class _LineBufferTiming(StreamTiming):
    """Mirrors `line_buffer.sv`."""

    twin = "lines"

    def __init__(self, unit: LineBuffer) -> None:
        geometry = unit.geometry
        (top, _), (left, _) = geometry.padding
        row = np.arange(unit.rows)
        column = np.repeat(np.arange(geometry.padded[1]), unit.slices)
        pad_row = (row < top) | (row >= top + geometry.height)
        pad_column = (column < left) | (column >= left + geometry.width)
        past = row - (geometry.span[0] - 1)
        ends = (past >= 0) & (past % geometry.stride[0] == 0)
        self.constants = [len(row), len(column), *pad_row.tolist(), *ends.tolist(), *pad_column.tolist()]
        self._pad: list[bool] = (pad_row[:, None] | pad_column).ravel().tolist()
        self._ends: list[bool] = np.repeat(ends, len(column)).tolist()
        self._position = 0
        self._begun = False
        self._offered = False

    def takes(self, ready: bool) -> bool:
        """At a pixel of the image, if its column has a place to go."""
        return not self._pad[self._position] and self._space(ready)

    def _space(self, ready: bool) -> bool:
        return not self._ends[self._position] or not self.offers or ready

    def ready(self, valid: Sequence[bool], ready: Sequence[bool]) -> tuple[bool, ...]:
        """See `Timing`; padding begins when a beat is offered."""
        self._offered = valid[0]
        return (self.takes(ready[0]),)

    def clock(self, taken: Sequence[bool], given: Sequence[bool]) -> None:
        """Step on at a beat taken, or at padding whose column has a place to go."""
        at = self._position
        pad = self._pad[at] and (self._begun or self._offered or not self._ends[at]) and self._space(given[0])
        if given[0]:
            self.offers = False
        if taken[0] or pad:
            self.offers |= self._ends[at]
            self._position = (at + 1) % len(self._pad)
            self._begun = self._position > 0 and (self._begun or self._offered)
