"""`Casting`: what `cast_value.sv`, with `round_value.sv` and `confine_value.sv` in it, costs any unit that casts."""

from dataclasses import dataclass

from netloom.firmware.units.unit import type_parameters
from netloom.fixed_point import FixedPoint, Overflow
from netloom.rounding import Rounding

_EASY_WIDTH = 8
"""Up to this many bits, rounding and saturation fit one clock cycle of 150 MHz on the slowest parts."""


@dataclass(frozen=True)
class Casting:
    """A cast between two types, in hardware.

    Attributes:
        source: type of the raws, its modes of no meaning.
        to: type of the results.
    """

    source: FixedPoint
    to: FixedPoint

    @property
    def shift(self) -> int:
        """Bits to drop; negative for zeros to append."""
        return self.source.fraction - self.to.fraction

    @property
    def rounds(self) -> bool:
        """Whether rounding takes an adder."""
        return self.shift > 0 and self.to.rounding is not Rounding.TRN

    @property
    def rounded_width(self) -> int:
        """Bits of the rounded raw, in two's complement, before overflow."""
        kept = max(self.source.width + (not self.source.signed) - self.shift, 1)
        return kept + (self.rounds and self.to.rounding is not Rounding.TRN_ZERO)

    @property
    def confines(self) -> bool:
        """Whether the overflow mode takes logic."""
        if self.to.overflow is Overflow.WRAP:
            return False
        if self.to.signed:
            # A symmetric range lacks the least raw of equally many bits.
            return self.rounded_width > self.to.width - (self.to.overflow is Overflow.SAT_SYM)
        # The sign bit of a raw that was unsigned is always 0.
        return self.source.signed or self.rounded_width - 1 > self.to.width

    @property
    def stages(self) -> int:
        """Register stages worth giving it: 2 where both rounding and overflow work on a wide word, else 1."""
        return 2 if self.rounds and self.confines and self.rounded_width > _EASY_WIDTH else 1

    @property
    def lut(self) -> int:
        """Estimated 4-input LUTs of one value."""
        adder = self.rounded_width + 1 + self.shift // 3 if self.rounds else 0
        beyond = max(self.rounded_width - self.to.width, 0)
        return adder + (self.to.width + beyond // 2 + 2 if self.confines else 0)

    def parameters(self) -> dict[str, int | str]:
        """Parameters of `cast_value`."""
        return {
            **type_parameters("IN", self.source),
            "SHIFT": self.shift,
            "ROUNDING": str(self.to.rounding),
            **type_parameters("OUT", self.to),
            "OVERFLOW": str(self.to.overflow),
        }
