"""`CastUnit`: from one fixed-point type to another."""

from dataclasses import dataclass

from netloom.firmware.stream import Stream
from netloom.firmware.units.elastic import ElasticTiming, elastic_resources
from netloom.firmware.units.elements.casting import Casting
from netloom.firmware.units.timing import Timing
from netloom.firmware.units.unit import Resources, SourceUnit
from netloom.fixed_point import FixedPoint


@dataclass(frozen=True)
class CastUnit(SourceUnit):
    """Every element assigned to a variable of type `to`: rounding, then overflow.

    One register stage; two where wide words are both rounded and saturated.

    Attributes:
        source: elements to cast.
        to: their new type.
    """

    module = "cast"

    to: FixedPoint

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """As many elements, of the new type."""
        return (Stream(f"{self.name}_out", self.to, self.source.lanes, self.source.beats),)

    @property
    def _casting(self) -> Casting:
        return Casting(self.source.element, self.to)

    def parameters(self) -> dict[str, int | str]:
        """Lanes, the cast, and its stages."""
        return {"LANES": self.source.lanes, **self._casting.parameters(), "STAGES": self._casting.stages}

    def timing(self) -> Timing:
        """One or two elastic stages."""
        return ElasticTiming(self._casting.stages)

    def resources(self) -> Resources:
        """The logic of each lane and its registers."""
        casting, lanes = self._casting, self.source.lanes
        between = lanes * casting.rounded_width if casting.stages == 2 else 0
        return (
            Resources(lut=lanes * casting.lut, ff=between)
            + elastic_resources(1, lanes * self.to.width)
            + Resources(lut=casting.stages - 1, ff=casting.stages - 1)
        )
