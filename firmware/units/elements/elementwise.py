"""`ElementwiseUnit`: two streams, element by element."""

from dataclasses import dataclass, replace

from netloom.errors import FoldingError
from netloom.firmware.stream import Stream
from netloom.firmware.units.elastic import ElasticTiming, elastic_resources
from netloom.firmware.units.pipeline import PipelineUnit
from netloom.firmware.units.products.multiplier import LATENCY, multiplier_resources
from netloom.firmware.units.timing import Timing
from netloom.firmware.units.unit import Resources, type_parameters
from netloom.hls.dataflow import Elementwise, ElementwiseFunction, TensorType


@dataclass(frozen=True)
class ElementwiseUnit(PipelineUnit):
    """`operation.function` of two streams, binary points aligned, nothing lost. A beat of each is taken together.

    One register stage; products go through free-running multipliers into a FIFO.

    Attributes:
        a: first operands.
        b: second operands; as many beats.
        operation: the function.
        dsps: how many of a product's multipliers sit in DSP blocks; None for all, if the operands fit.

    Raises:
        FoldingError: if beats differ, or lanes differ and neither stream has a single one.
    """

    module = "elementwise"
    latency = LATENCY

    a: Stream
    b: Stream
    operation: Elementwise
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
        (one,) = self.operation.outputs([TensorType((1,), stream.element) for stream in self.inputs])
        return (Stream(f"{self.name}_out", one.element, max(self.a.lanes, self.b.lanes), self.a.beats),)

    @property
    def _multiplies(self) -> bool:
        return self.operation.function is ElementwiseFunction.MULTIPLY

    @property
    def multipliers(self) -> int:
        """One a lane for products."""
        return self.outputs[0].lanes if self._multiplies else 0

    @property
    def _dsps(self) -> int:
        if max(self.a.element.width, self.b.element.width) > self.target.dsp_width:
            return 0
        return self.multipliers if self.dsps is None else min(self.dsps, self.multipliers)

    def with_dsps(self, blocks: int) -> "ElementwiseUnit":
        """With so many multipliers in DSP blocks, where the operands fit."""
        return replace(self, dsps=blocks)

    def parameters(self) -> dict[str, int | str]:
        """Lanes, types, and how far each operand moves left to align the points."""
        finest = max(self.a.element.fraction, self.b.element.fraction)
        operands: dict[str, int | str] = {}
        for port, stream in (("A", self.a), ("B", self.b)):
            operands[f"{port}_LANES"] = stream.lanes
            operands |= type_parameters(port, stream.element)
            operands[f"{port}_SHIFT"] = 0 if self._multiplies else finest - stream.element.fraction
        return {
            **operands,
            "FUNCTION": str(self.operation.function),
            "OUT_WIDTH": self.outputs[0].element.width,
            "LUT_RAM": int(self.target.lut_ram > 0),
            "DSPS": self._dsps,
            "FIFO_DEPTH": self.depth if self._multiplies else 1,
        }

    def timing(self) -> Timing:
        """A join of both inputs, then a stage, or multipliers and a FIFO."""
        return super().timing() if self._multiplies else ElasticTiming(1)

    def resources(self) -> Resources:
        """An adder, a comparator with a multiplexer, or a multiplier for each lane."""
        (result,) = self.outputs
        if self._multiplies:
            widths, dsps = (self.a.element.width, self.b.element.width), self._dsps
            multipliers = multiplier_resources(*widths, self.target, result.lanes - dsps, dsps)
            return Resources(ff=LATENCY) + self._fifo_resources() + multipliers
        selects = self.operation.function in (ElementwiseFunction.MAXIMUM, ElementwiseFunction.MINIMUM)
        return Resources(lut=result.width * (1 + selects)) + elastic_resources(1, result.width)
