"""`PoolUnit`: maximum or sum over windows."""

from dataclasses import dataclass
from math import prod

from netloom.errors import LayerNotSupportedError, SettingsError
from netloom.firmware.families import GENERIC, Family
from netloom.firmware.stream import Stream
from netloom.firmware.units.elements.casting import Casting
from netloom.firmware.units.pipeline import PipelineTiming, fifo_depth, fifo_resources
from netloom.firmware.units.saturation import may_saturate
from netloom.firmware.units.timing import Timing
from netloom.firmware.units.unit import Resources, SourceUnit
from netloom.hls.dataflow import Pool, Summation


@dataclass(frozen=True)
class PoolUnit(SourceUnit):
    """Maximum or sum over windows that arrive column by column.

    For every position and every slice of `source.lanes / rows` channels come the window's columns, left to right, one
    a beat: lane `row * channels + channel`. Out goes a beat with that slice's results.

    Attributes:
        source: the columns.
        operation: what is taken of a window.
        target: device family.
        rows: elements of a window in a beat: the window's height unless given. With 1, a window's elements follow each
            other row by row, which is the order in which a saturating sum must be taken.
        saturates: whether a sum may leave a saturating accumulator on the way (`order_matters`). Unless given, as the
            source's type has it.

    Raises:
        SettingsError: if the stream is not made of such columns.
        LayerNotSupportedError: if the order of a sum matters and the unit does not keep it.
    """

    module = "pool"

    operation: Pool
    target: Family = GENERIC
    rows: int | None = None
    saturates: bool | None = None

    def __post_init__(self) -> None:
        if self.source.lanes % self.column_rows or self.size % self.column_rows or self.source.beats % self.columns:
            raise SettingsError(
                f"unit {self.name!r}: {self.source.beats} beats of {self.source.lanes} lanes must be windows of "
                f"{self.columns} columns of {self.column_rows} elements a channel"
            )
        # Two terms have one order only.
        ordered = self.operation.summation is Summation.SEQUENTIAL or self.size <= 2
        if self.confines and not (ordered and self.column_rows == 1):
            raise LayerNotSupportedError(
                f"unit {self.name!r}: a sum in {self.operation.accum} may saturate on the way, and the unit does not "
                "add in the order that this depends on; use a wider accumulator, or one that wraps"
            )

    @property
    def size(self) -> int:
        """Elements of a window."""
        return prod(self.operation.kernel_size)

    @property
    def column_rows(self) -> int:
        """Elements of a window in a beat."""
        if self.rows is not None:
            return self.rows
        return self.operation.kernel_size[0] if len(self.operation.kernel_size) > 1 else 1

    @property
    def columns(self) -> int:
        """Beats of a window."""
        return self.size // self.column_rows

    @property
    def lanes(self) -> int:
        """Channels side by side."""
        return self.source.lanes // self.column_rows

    @property
    def confines(self) -> bool:
        """Whether every sum on the way goes through the accumulator's overflow mode."""
        if self.saturates is not None:
            return self.saturates
        return may_saturate(self.operation, (*self.operation.kernel_size, 1), self.source.element)

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """The results."""
        element = self.operation.accum or self.source.element
        return (Stream(f"{self.name}_out", element, self.lanes, self.source.beats // self.columns),)

    @property
    def _casting(self) -> Casting:
        # Where nothing can overflow, wrapping is the same, and takes no logic.
        result = self.outputs[0].element
        return Casting(self.source.element, result if self.confines else result.with_modes(result.rounding))

    @property
    def _cast_works(self) -> bool:
        return self._casting.rounds or self.confines

    @property
    def latency(self) -> int:
        """Clocks from a window's last beat to its result's arrival in the output FIFO."""
        return 1 + self._cast_works + (self.column_rows - 1).bit_length()

    @property
    def depth(self) -> int:
        """Places of the output FIFO."""
        return fifo_depth(self.columns, self.latency)

    def parameters(self) -> dict[str, int | str]:
        """Geometry, types, and what is done with an overflow where one is possible."""
        return {
            "ROWS": self.column_rows,
            "COLUMNS": self.columns,
            "LANES": self.lanes,
            "MAXIMUM": int(self.operation.accum is None),
            **self._casting.parameters(),
            "DEPTH": self.depth,
            "LUT_RAM": int(self.target.lut_ram > 0),
        }

    def timing(self) -> Timing:
        """A free-running pipeline, `columns` beats a result."""
        return PipelineTiming(self.columns, self.latency, self.depth)

    def resources(self) -> Resources:
        """A comparator and a multiplexer, or an adder, for every element; a register behind each."""
        width, elements = self.outputs[0].element.width, self.source.lanes
        node = width + 2 if self.operation.accum is not None else 2 * width + 4
        nodes = elements if self.columns > 1 else elements - self.lanes
        lut, ff = nodes * node + 2 * self.columns.bit_length() + 4, self.source.width + nodes * width
        if self._cast_works:
            lut, ff = lut + elements * (2 * width if self.confines else width), ff + elements * width
        return Resources(lut, ff + 12) + fifo_resources(self.outputs[0].width, self.depth, self.target)
