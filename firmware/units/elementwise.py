"""`ElementwiseUnit`: two streams, element by element."""

from dataclasses import dataclass
from typing import ClassVar

from netloom.errors import FoldingError
from netloom.firmware.stream import Stream
from netloom.firmware.target import Target
from netloom.firmware.units.elastic import ElasticTiming, elastic_resources
from netloom.firmware.units.timing import Timing
from netloom.firmware.units.unit import Resources, Unit
from netloom.hls.dataflow import Elementwise, ElementwiseFunction, TensorType
from netloom.quantize.fixed_point import FixedPoint

_PRODUCT_STAGES = 3


@dataclass(frozen=True)
class ElementwiseUnit(Unit):
    """`operation.function` of two streams, binary points aligned, nothing lost. A beat of each is taken together.

    One register stage; three for products (operands, product, result).

    Attributes:
        name: of the instance.
        a: first operands.
        b: second operands; as many beats.
        operation: the function.
        target: device family whose multiplier is instantiated.

    Raises:
        FoldingError: if beats differ, or lanes differ and neither stream has a single one.
    """

    module: ClassVar[str] = "elementwise"
    uses: ClassVar[tuple[str, ...]] = ("elastic",)

    name: str
    a: Stream
    b: Stream
    operation: Elementwise
    target: Target = Target.GENERIC

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
        return self.operation.output([TensorType((1,), self.a.element), TensorType((1,), self.b.element)]).element

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
        }

    def timing(self) -> Timing:
        """Elastic stages behind a join of both inputs."""
        return ElasticTiming(_PRODUCT_STAGES if self._multiplies else 1, inputs=2)

    @property
    def multipliers(self) -> int:
        """One a lane for products."""
        return self._lanes if self._multiplies else 0

    def resources(self) -> Resources:
        """An adder, a comparator with a multiplexer, or a multiplier for each lane."""
        width, lanes = self._element.width, self._lanes
        if self._multiplies:
            a, b = self.a.element.width, self.b.element.width
            operands = self.a.width + self.b.width
            return (
                Resources(lut=lanes * a * b, ff=operands + lanes * width)
                + elastic_resources(_PRODUCT_STAGES, 0)
                + Resources(ff=lanes * width)
            )
        selects = self.operation.function in (ElementwiseFunction.MAXIMUM, ElementwiseFunction.MINIMUM)
        return Resources(lut=lanes * width * (1 + selects)) + elastic_resources(1, lanes * width)
