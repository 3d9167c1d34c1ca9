"""N elastic register stages in a row: the control that most element units share (`firmware/rtl/streams/elastic.sv`)."""

from collections.abc import Sequence
from dataclasses import dataclass

from netloom.firmware.units.timing import StreamTiming, Timing
from netloom.firmware.units.unit import Resources, SourceUnit


@dataclass(frozen=True, eq=False)
class ElasticUnit(SourceUnit):
    """A unit that is nothing but such stages."""

    @property
    def _stages(self) -> int:
        return 1

    def timing(self) -> Timing:
        """The stages."""
        return ElasticTiming(self._stages)


class ElasticTiming(StreamTiming):
    """Which of at least 1 stages are full; empty, a unit's latency is as many clock cycles.

    A stage moves on when it, or any stage behind it, is empty, or the end is taken.
    """

    twin = "elastic"

    def __init__(self, stages: int) -> None:
        self.constants = [stages]
        # Bit i: stage i holds a beat; the last stage is the output.
        self._full = 0
        self._filled = (1 << stages) - 1
        self._last = 1 << (stages - 1)

    def takes(self, ready: bool) -> bool:
        """Whether the first stage moves on."""
        return ready or self._full != self._filled

    def clock(self, taken: Sequence[bool], given: Sequence[bool]) -> None:
        """Move on all stages from the first to the last empty one; all of them if the output was taken."""
        full, moved = self._full, self._full << 1 | taken[0]
        if given[0] or not self.offers:
            self._full = moved & self._filled
        else:
            # Full stages at the end stand still.
            moving = (1 << (~full & self._filled).bit_length()) - 1
            self._full = (full & ~moving) | (moved & moving)
        self.offers = self._full >= self._last


def elastic_resources(stages: int, width: int) -> Resources:
    """Control, and `width` flip-flops a stage."""
    return Resources(lut=stages + 1, ff=stages * (width + 1))
