"""`MatMulUnit`: sums of products of two streams, folded on PE x SIMD multipliers."""

from dataclasses import dataclass

from netloom.errors import SettingsError
from netloom.firmware.families import GENERIC, Family
from netloom.firmware.stream import Stream
from netloom.firmware.units.pipeline import JoinedPipelineTiming, fifo_depth, fifo_resources
from netloom.firmware.units.products.multiplier import LATENCY, check_dsps, multiplier_resources
from netloom.firmware.units.timing import Timing
from netloom.firmware.units.unit import Resources, Unit
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import MatMul, TensorType


@dataclass(frozen=True)
class MatMulUnit(Unit):
    """Rows of one stream times columns of another, which come together, as often as each is needed.

    Attributes:
        rows: SIMD elements of a row a beat.
        columns: as many elements of each of `pe` columns a beat: column by column if the second tensor is transposed,
            else a row of `pe` elements by another.
        operation: which of both it is.
        pe: sums computed at a time.
        sf: beats of a row.
        target: device family.
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
    target: Family = GENERIC
    dsps: int = 0

    def __post_init__(self) -> None:
        rows, columns = self.rows, self.columns
        if self.pe < 1 or columns.lanes != self.pe * rows.lanes:
            raise SettingsError(
                f"unit {self.name!r}: a beat of {rows.lanes} elements of a row needs as many of each of {self.pe} "
                f"columns, not {columns.lanes} in all"
            )
        if rows.beats != columns.beats or self.sf < 1 or rows.beats % self.sf:
            raise SettingsError(
                f"unit {self.name!r}: {rows.beats} and {columns.beats} beats must be equally many, {self.sf} a result"
            )
        check_dsps(self, self.dsps)

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
    def input_ports(self) -> tuple[str, ...]:
        """`in0` for the rows, `in1` for the columns."""
        return ("in0", "in1")

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """The sums."""
        return (Stream(f"{self.name}_out", self._element, self.pe, self.rows.beats // self.sf),)

    @property
    def _element(self) -> FixedPoint:
        depth = self.sf * self.simd
        second = (1, depth) if self.operation.transposed else (depth, 1)
        shapes = zip(((1, depth), second), (self.rows, self.columns), strict=True)
        return self.operation.outputs([TensorType(shape, stream.element) for shape, stream in shapes])[0].element

    @property
    def _in_dsps(self) -> int:
        widest = max(self.rows.element.width, self.columns.element.width)
        return self.dsps if widest <= self.target.dsp_width else 0

    @property
    def latency(self) -> int:
        """Clocks from a row's last beat to its result's arrival in the output FIFO."""
        return 1 + LATENCY + (self.simd - 1).bit_length() + (self.sf > 1)

    @property
    def depth(self) -> int:
        """Places of the output FIFO."""
        return fifo_depth(self.sf, self.latency)

    @property
    def term_width(self) -> int:
        """Bits that hold every product and its sign."""
        return self.rows.element.width + self.columns.element.width + 1

    def parameters(self) -> dict[str, int | str]:
        """Folding and types."""
        a, b = self.rows.element, self.columns.element
        return {
            "PE": self.pe,
            "SIMD": self.simd,
            "SF": self.sf,
            "A_WIDTH": a.width,
            "A_SIGNED": int(a.signed),
            "B_WIDTH": b.width,
            "B_SIGNED": int(b.signed),
            "BY_COLUMN": int(self.operation.transposed),
            "TERM_WIDTH": self.term_width,
            "OUT_WIDTH": self._element.width,
            "DSPS": self._in_dsps,
            "DEPTH": self.depth,
            "LUT_RAM": int(self.target.lut_ram > 0),
        }

    def timing(self) -> Timing:
        """A free-running pipeline of both, SF beats a result."""
        return JoinedPipelineTiming(self.sf, self.latency, self.depth)

    def resources(self) -> Resources:
        """Multipliers, adder trees, totals, the output FIFO."""
        width = self._element.width
        total = Resources(
            lut=self.sf.bit_length() + 10,
            ff=self.sf.bit_length() + 3 * self.latency + self.rows.width + self.columns.width,
            dsp=self._in_dsps,
        )
        one = multiplier_resources(self.rows.element.width, self.columns.element.width, self.target, dsp=False)
        in_luts = self.multipliers - self._in_dsps
        total += Resources(in_luts * one.lut, in_luts * one.ff)
        lut = (self.simd - 1) * self.target.adder(width, False) + (self.sf > 1) * self.target.adder(width, True)
        ff = (self.simd - 1 + (self.sf > 1)) * width
        return total + Resources(self.pe * lut, self.pe * ff) + fifo_resources(self.pe * width, self.depth, self.target)
