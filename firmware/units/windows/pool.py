"""`PoolUnit`: maximum or sum over windows."""

from dataclasses import dataclass

from netloom.firmware.stream import Stream
from netloom.firmware.units.elements.casting import Casting
from netloom.firmware.units.pipeline import PipelineUnit
from netloom.firmware.units.unit import Resources, SourceUnit
from netloom.hls.dataflow import Pool, Summation


@dataclass(frozen=True)
class PoolUnit(PipelineUnit, SourceUnit):
    """Maximum or sum over windows that arrive column by column.

    For every position and every slice of `source.lanes / rows` channels come the window's columns, left to right, one
    a beat: lane `row * channels + channel`. Out goes a beat with that slice's results.

    Attributes:
        source: the columns.
        operation: what is taken of a window of so many rows and columns. With one row, a window's elements follow each
            other, which is the order in which a saturating sum must be taken.
        saturates: whether a sum may leave a saturating accumulator on the way (`order_matters`). Every one then goes
            through its overflow mode.

    Raises:
        SettingsError: if the stream is not made of such columns.
        LayerNotSupportedError: if the order of a sum matters and the unit does not keep it.
    """

    module = "pool"

    operation: Pool
    saturates: bool

    def __post_init__(self) -> None:
        rows, columns = self.operation.kernel_size
        if self.source.lanes % rows or self.source.beats % columns:
            raise self._error(
                f"{self.source.beats} beats of {self.source.lanes} lanes must be windows of {columns} columns of "
                f"{rows} elements a channel"
            )
        # Two terms have one order only.
        ordered = self.operation.summation is Summation.SEQUENTIAL or columns <= 2
        if self.saturates and not (ordered and rows == 1):
            raise self._order_error(self.operation.accum)

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """The results."""
        rows, columns = self.operation.kernel_size
        element = self.operation.accum or self.source.element
        return (Stream(f"{self.name}_out", element, self.source.lanes // rows, self.source.beats // columns),)

    @property
    def _casting(self) -> Casting:
        # Where nothing can overflow, wrapping is the same, and takes no logic.
        result = self.outputs[0].element
        return Casting(self.source.element, result if self.saturates else result.with_modes(result.rounding))

    @property
    def _cast_works(self) -> bool:
        return self._casting.rounds or self.saturates

    @property
    def latency(self) -> int:
        """Clocks from a window's last beat to its result's arrival in the output FIFO."""
        return 1 + self._cast_works + (self.operation.kernel_size[0] - 1).bit_length()

    def parameters(self) -> dict[str, int | str]:
        """Geometry, types, and what is done with an overflow where one is possible."""
        return {
            "ROWS": self.operation.kernel_size[0],
            "COLUMNS": self.operation.kernel_size[1],
            "LANES": self.outputs[0].lanes,
            "MAXIMUM": int(self.operation.accum is None),
            **self._casting.parameters(),
            **self._fifo_parameters(),
        }

    def resources(self) -> Resources:
        """A comparator and a multiplexer, or an adder, for every element; a register behind each."""
        width, elements, columns = self.outputs[0].element.width, self.source.lanes, self.operation.kernel_size[1]
        node = width + 2 if self.operation.accum is not None else 2 * width + 4
        nodes = elements if columns > 1 else elements - self.outputs[0].lanes
        lut, ff = nodes * node + 2 * columns.bit_length() + 4, self.source.width + nodes * width
        if self._cast_works:
            lut, ff = lut + elements * width * (1 + self.saturates), ff + elements * width
        return Resources(lut, ff + 12) + self._fifo_resources()
