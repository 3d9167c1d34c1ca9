"""`CastUnit`: from one fixed-point type to another."""

from dataclasses import dataclass, replace

from netloom.firmware.stream import Stream
from netloom.firmware.units.elastic import ElasticUnit, elastic_resources
from netloom.firmware.units.elements.casting import Casting
from netloom.firmware.units.unit import Resources
from netloom.fixed_point import FixedPoint


@dataclass(frozen=True)
class CastUnit(ElasticUnit):
    """Every element assigned to a variable of type `to`: rounding, then overflow.

    One register stage; two where wide words are both rounded and saturated.

    Attributes:
        to: their new type.
    """

    module = "cast"

    to: FixedPoint

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """As many elements, of the new type."""
        return (replace(self.source, name=f"{self.name}_out", element=self.to),)

    @property
    def _casting(self) -> Casting:
        return Casting(self.source.element, self.to)

    @property
    def _stages(self) -> int:
        return self._casting.stages

    def parameters(self) -> dict[str, int | str]:
        """Lanes, the cast, and its stages."""
        return {"LANES": self.source.lanes, **self._casting.parameters(), "STAGES": self._stages}

    def resources(self) -> Resources:
        """The logic of each lane and its registers."""
        casting, lanes, second = self._casting, self.source.lanes, self._stages - 1
        between = second * (lanes * casting.rounded_width + 1)
        return elastic_resources(1, lanes * self.to.width) + Resources(lanes * casting.lut + second, between)
