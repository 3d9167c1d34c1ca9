"""`DivideUnit`: division by a constant, as average pooling needs."""

from dataclasses import dataclass, replace

from netloom.errors import PrecisionError
from netloom.firmware.stream import Stream
from netloom.firmware.units.elastic import ElasticUnit, elastic_resources
from netloom.firmware.units.products.shift_add import signed_digits
from netloom.firmware.units.unit import Resources
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Divide

_LARGEST = 2**31 - 1


def reciprocal_shift(divisor: int, element: FixedPoint) -> int:
    """The least `s` for which a product with ceil(2**s / divisor), shifted right by `s`, is the exact quotient.

    With m = ceil(2**s / divisor) and e = m * divisor - 2**s, the product n * m / 2**s is n / divisor plus an error of
    n * e / (divisor * 2**s). A quotient's distance to the next integer above is at least 1 / divisor (to the one
    below, for negative n, whose floor is one too low), so |n| * e < 2**s suffices.
    """
    largest = 2 ** (element.width - 1) if element.signed else 2**element.width - 1
    shift = 0
    while largest * (-(2**shift) % divisor) >= 2**shift:
        shift += 1
    return shift


@dataclass(frozen=True)
class DivideUnit(ElasticUnit):
    """Every raw divided by a positive constant, the remainder dropped (towards zero), exactly for every raw.

    A power of two is a shift, in one stage. Others are a product with the reciprocal, in shifts and additions: a tree
    of registered adders.

    Attributes:
        operation: has the divisor.

    Raises:
        PrecisionError: if the divisor is not within 1 to 2**31 - 1.
    """

    module = "divide"

    operation: Divide

    def __post_init__(self) -> None:
        if not 1 <= self.operation.divisor <= _LARGEST:
            raise PrecisionError(f"{self.name}: the divisor must be 1 to {_LARGEST}, not {self.operation.divisor}")

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """As many elements, of the same type."""
        return (replace(self.source, name=f"{self.name}_out", element=self.source.element.with_modes()),)

    @property
    def _shift(self) -> int:
        """Of the product; of the raw itself if the divisor is a power of two."""
        return reciprocal_shift(self.operation.divisor, self.source.element)

    @property
    def _terms(self) -> int:
        """Terms of the sum; 1 for a power of two."""
        divisor = self.operation.divisor
        if divisor & (divisor - 1) == 0:
            return 1
        # One more for the sign: a negative raw's quotient is one above the product's floor.
        return len(signed_digits(-(-(2**self._shift) // divisor))) + 1

    @property
    def _stages(self) -> int:
        """One a level of the adder tree."""
        return max((self._terms - 1).bit_length(), 1)

    def parameters(self) -> dict[str, int | str]:
        """Types, the divisor, and the precision of its reciprocal."""
        element = self.source.element
        return {
            "LANES": self.source.lanes,
            "WIDTH": element.width,
            "SIGNED": int(element.signed),
            "DIVISOR": self.operation.divisor,
            "SHIFT": self._shift,
        }

    def resources(self) -> Resources:
        """An adder and a register for each term; for a power of two what rounds towards zero."""
        element, lanes = self.source.element, self.source.lanes
        if self._terms == 1:
            return Resources(lut=lanes * element.width * element.signed) + elastic_resources(1, lanes * element.width)
        wide = element.width + self._shift // 3
        ff = lanes * ((self._terms - 2) * wide + element.width)
        return Resources(lanes * (self._terms - 1) * wide, ff) + elastic_resources(self._stages, 0)
