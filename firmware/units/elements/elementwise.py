"""`ElementwiseUnit`: two streams, element by element."""

from dataclasses import dataclass

from netloom.errors import FoldingError
from netloom.firmware.families import GENERIC, Family
from netloom.firmware.stream import Stream
from netloom.firmware.units.elastic import ElasticTiming, elastic_resources
from netloom.firmware.units.pipeline import JoinedPipelineTiming, fifo_depth, fifo_resources
from netloom.firmware.units.products.multiplier import LATENCY, multiplier_resources
from netloom.firmware.units.timing import Timing
from netloom.firmware.units.unit import Resources, Unit
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Elementwise, ElementwiseFunction, TensorType

_FIFO_DEPTH = fifo_depth(1, LATENCY)


@dataclass(frozen=True)
class ElementwiseUnit(Unit):
    """`operation.function` of two streams, binary points aligned, nothing lost. A beat of each is taken together.

    One register stage; products go through free-running multipliers into a FIFO.

    Attributes:
        a: first operands.
        b: second operands; as many beats.
        operation: the function.
        target: device family whose multiplier is instantiated.
        dsps: how many of a product's multipliers sit in DSP blocks; None for all, if the operands fit.

    Raises:
        FoldingError: if beats differ, or lanes differ and neither stream has a single one.
    """

    module = "elementwise"

    a: Stream
    b: Stream
    operation: Elementwise
    target: Family = GENERIC
    dsps: int | None = None

    def __post_init__(self) -> None:
        if self.a.beats != self.b.beats or (self.a.lanes != self.b.lanes and 1 not in (self.a.lanes, self.b.lanes)):
            raise FoldingError(
                f"{self.name}: two streams must have the same beats and lanes (or one of them a single lane), not "
                f"{self.a.beats} x {self.a.lanes} and {self.b.beats} x {self.b.lanes}"
            )

    @property
    def inputs(self) -> tuple[Stream, ...]:
        """Both operands."""
        return (self.a, self.b)

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """Results, in the lanes of the wider stream."""
        return (Stream(f"{self.name}_out", self._element, self._lanes, self.a.beats),)

    @property
    def input_ports(self) -> tuple[str, ...]:
        """`in0` for the first operands, `in1` for the second."""
        return ("in0", "in1")

    @property
    def _lanes(self) -> int:
        return max(self.a.lanes, self.b.lanes)

    @property
    def _element(self) -> FixedPoint:
        ones = [TensorType((1,), stream.element) for stream in (self.a, self.b)]
        return self.operation.outputs(ones)[0].element

    @property
    def _dsps(self) -> int:
        widest = max(self.a.element.width, self.b.element.width)
        if not self._multiplies or widest > self.target.dsp_width:
            return 0
        return self._lanes if self.dsps is None else min(self.dsps, self._lanes)

    @property
    def _multiplies(self) -> bool:
        return self.operation.function is ElementwiseFunction.MULTIPLY

    def parameters(self) -> dict[str, int | str]:
        """Lanes, types, and how far each operand moves left to align the points."""
        a, b = self.a.element, self.b.element
        finest = max(a.fraction, b.fraction)
        shifts = (0, 0) if self._multiplies else (finest - a.fraction, finest - b.fraction)
        return {
            "A_LANES": self.a.lanes,
            "A_WIDTH": a.width,
            "A_SIGNED": int(a.signed),
            "A_SHIFT": shifts[0],
            "B_LANES": self.b.lanes,
            "B_WIDTH": b.width,
            "B_SIGNED": int(b.signed),
            "B_SHIFT": shifts[1],
            "FUNCTION": str(self.operation.function),
            "OUT_WIDTH": self._element.width,
            "LUT_RAM": int(self.target.lut_ram > 0),
            "DSPS": self._dsps,
            "FIFO_DEPTH": _FIFO_DEPTH if self._multiplies else 1,
        }

    def timing(self) -> Timing:
        """A join of both inputs, then a stage, or multipliers and a FIFO."""
        return JoinedPipelineTiming(1, LATENCY, _FIFO_DEPTH) if self._multiplies else ElasticTiming(1, inputs=2)

    @property
    def multipliers(self) -> int:
        """One a lane for products."""
        return self._lanes if self._multiplies else 0

    def resources(self) -> Resources:
        """An adder, a comparator with a multiplexer, or a multiplier for each lane."""
        width, lanes = self._element.width, self._lanes
        if self._multiplies:
            total = Resources(ff=LATENCY) + fifo_resources(lanes * width, _FIFO_DEPTH, self.target)
            for lane in range(lanes):
                total += multiplier_resources(
                    self.a.element.width, self.b.element.width, self.target, lane < self._dsps
                )
            return total
        selects = self.operation.function in (ElementwiseFunction.MAXIMUM, ElementwiseFunction.MINIMUM)
        return Resources(lut=lanes * width * (1 + selects)) + elastic_resources(1, lanes * width)
