"""`ClampUnit`: limit to a range, as ReLU does."""

from dataclasses import dataclass, replace

from netloom.errors import PrecisionError
from netloom.firmware.stream import Stream
from netloom.firmware.units.elastic import ElasticUnit, elastic_resources
from netloom.firmware.units.unit import Resources, type_parameters
from netloom.hls.dataflow import Clamp, TensorType


@dataclass(frozen=True)
class ClampUnit(ElasticUnit):
    """Every element limited to `operation.low` and `operation.high`, in one register stage.

    Attributes:
        operation: the limits.

    Raises:
        PrecisionError: if no value of the source's type lies within the limits from above.
    """

    module = "clamp"

    operation: Clamp

    def __post_init__(self) -> None:
        element, high = self.source.element, self.operation.high
        if high is not None and high < max(self.operation.low, element.raw_min):
            raise PrecisionError(
                f"{self.name}: the upper limit {high} must not be below the lower one, nor below the least raw "
                f"{element.raw_min} of {element}"
            )

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """As many elements, in as many bits as the limits leave."""
        (one,) = self.operation.outputs([TensorType((1,), self.source.element)])
        return (replace(self.source, name=f"{self.name}_out", element=one.element),)

    @property
    def _limits(self) -> tuple[int, int]:
        """The limits, where the type of the source has none that are tighter."""
        element, operation = self.source.element, self.operation
        high = element.raw_max if operation.high is None else min(operation.high, element.raw_max)
        low = max(operation.low, element.raw_min)
        return low, max(low, high)

    def parameters(self) -> dict[str, int | str]:
        """Types and limits."""
        low, high = self._limits
        return {
            "LANES": self.source.lanes,
            **type_parameters("IN", self.source.element),
            "OUT_WIDTH": self.outputs[0].element.width,
            "LOW": low,
            "HIGH": high,
        }

    def resources(self) -> Resources:
        """A comparator and a multiplexer; ReLU is the registers' own reset."""
        element, width, lanes = self.source.element, self.outputs[0].element.width, self.source.lanes
        low, high = self._limits
        stage = elastic_resources(1, lanes * width)
        if high == element.raw_max and low in (0, element.raw_min):
            return stage + Resources(lut=lanes * (low == 0))
        comparators = (low not in (0, element.raw_min)) + (high != element.raw_max)
        return stage + Resources(lut=lanes * (width + comparators * element.width // 3))
