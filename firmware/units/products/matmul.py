"""`MatMulUnit`: sums of products of two streams, folded on PE x SIMD multipliers."""

from dataclasses import dataclass

from netloom.firmware.stream import Stream
from netloom.firmware.units.pipeline import PipelineUnit
from netloom.firmware.units.products.multiplier import LATENCY, multiplier_resources
from netloom.firmware.units.unit import Resources, type_parameters
from netloom.hls.dataflow import MatMul, TensorType


@dataclass(frozen=True)
class MatMulUnit(PipelineUnit):
    """Rows of one stream times columns of another, which come together, as often as each is needed.

    Attributes:
        rows: SIMD elements of a row a beat.
        columns: as many elements of each of `pe` columns a beat: column by column if the second tensor is transposed,
            else a row of `pe` elements by another.
        operation: which of both it is.
        pe: sums computed at a time.
        sf: beats of a row.
        dsps: DSP blocks it may use, a multiplier each.

    Raises:
        SettingsError: if the streams do not fit each other, or `dsps` is not 0 to `pe` * SIMD.
    """

    module = "matmul"

    rows: Stream
    columns: Stream
    operation: MatMul
    pe: int
    sf: int
    dsps: int = 0

    def __post_init__(self) -> None:
        rows, columns = self.rows, self.columns
        if self.pe < 1 or columns.lanes != self.pe * rows.lanes:
            raise self._error(
                f"a beat of {rows.lanes} elements of a row needs as many of each of {self.pe} columns, not "
                f"{columns.lanes} in all"
            )
        if rows.beats != columns.beats or self.sf < 1 or rows.beats % self.sf:
            raise self._error(f"{rows.beats} and {columns.beats} beats must be equally many, {self.sf} a result")
        self._check_dsps(self.dsps)

    @property
    def simd(self) -> int:
        """Products summed at a time for each result."""
        return self.rows.lanes

    @property
    def multipliers(self) -> int:
        """PE x SIMD."""
        return self.pe * self.simd

    @property
    def inputs(self) -> tuple[Stream, ...]:
        """Rows and columns."""
        return (self.rows, self.columns)

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """The sums."""
        depth = self.sf * self.simd
        row = TensorType((1, depth), self.rows.element)
        column = TensorType((1, depth) if self.operation.transposed else (depth, 1), self.columns.element)
        (total,) = self.operation.outputs([row, column])
        return (Stream(f"{self.name}_out", total.element, self.pe, self.rows.beats // self.sf),)

    @property
    def _in_dsps(self) -> int:
        widest = max(self.rows.element.width, self.columns.element.width)
        return self.dsps if widest <= self.target.dsp_width else 0

    @property
    def latency(self) -> int:
        """Clocks from a row's last beat to its result's arrival in the output FIFO."""
        return 1 + LATENCY + (self.simd - 1).bit_length() + (self.sf > 1)

    def parameters(self) -> dict[str, int | str]:
        """Folding and types."""
        a, b = self.rows.element, self.columns.element
        return {
            "PE": self.pe,
            "SIMD": self.simd,
            "SF": self.sf,
            **type_parameters("A", a),
            **type_parameters("B", b),
            "BY_COLUMN": int(self.operation.transposed),
            "TERM_WIDTH": a.width + b.width + 1,  # every product and its sign
            "OUT_WIDTH": self.outputs[0].element.width,
            "DSPS": self._in_dsps,
            **self._fifo_parameters(),
        }

    def resources(self) -> Resources:
        """Multipliers, adder trees, totals, the output FIFO."""
        width, dsps, several = self.outputs[0].element.width, self._in_dsps, self.sf > 1
        total = multiplier_resources(
            self.rows.element.width, self.columns.element.width, self.target, self.multipliers - dsps, dsps
        )
        lut = (self.simd - 1) * self.target.adder(width, False) + several * self.target.adder(width, True)
        ff = (self.simd - 1 + several) * width
        count = self.sf.bit_length()
        control = Resources(count + 10, count + 3 * self.latency + self.rows.width + self.columns.width)
        return total + Resources(self.pe * lut, self.pe * ff) + control + self._fifo_resources()
