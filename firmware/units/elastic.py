"""N elastic register stages in a row: the control that most element units share (`firmware/rtl/streams/elastic.sv`)."""

from collections.abc import Sequence

from netloom.firmware.units.timing import Timing
from netloom.firmware.units.unit import Resources


class ElasticStages:
    """Which of the stages are full. A stage moves on when it, or any stage behind it, is empty, or the end is taken."""

    __slots__ = ("_filled", "_full", "_last")

    def __init__(self, stages: int) -> None:
        # Bit i: stage i holds a beat; the last stage is the output.
        self._full = 0
        self._filled = (1 << stages) - 1
        self._last = 1 << (stages - 1)

    @property
    def count(self) -> int:
        """How many there are."""
        return self._last.bit_length()

    @property
    def valid(self) -> bool:
        """Whether the last stage holds a beat."""
        return bool(self._full & self._last)

    def ready(self, out_ready: bool) -> bool:
        """Whether the first stage moves on, and so takes a beat."""
        return out_ready or self._full != self._filled

    def clock(self, taken: bool, given: bool) -> None:
        """Move on all stages from the first to the last empty one; all of them if the output was taken."""
        full = self._full
        if given or full == 0 or not full & self._last:
            self._full = (full << 1 | taken) & self._filled
            return
        # Full stages at the end stand still; those before the last empty one move.
        empty = ~full & self._filled
        if empty:
            moving = (1 << empty.bit_length()) - 1
            self._full = (full & ~moving) | ((full << 1 | taken) & moving)


class ElasticTiming(Timing):
    """A unit of `stages` elastic stages, one output, and one or more inputs taken together.

    Args:
        stages: register stages, the latency of the empty unit in clock cycles; at least 1.
        inputs: number of input streams; a beat of each is taken in the same cycle.
    """

    def __init__(self, stages: int, inputs: int = 1) -> None:
        self._stages = ElasticStages(stages)
        self._inputs = inputs

    def compiled(self) -> tuple[str, list[int]]:
        """See `Timing`."""
        return "elastic", [self._stages.count]

    def valid(self) -> tuple[bool, ...]:
        """The last stage holds a beat."""
        return (self._stages.valid,)

    def ready(self, valid: Sequence[bool], ready: Sequence[bool]) -> tuple[bool, ...]:
        """The first stage moves on; of several inputs, each waits for the others."""
        room = self._stages.ready(ready[0])
        if self._inputs == 1:
            return (room,)
        return tuple(
            room and all(valid[other] for other in range(self._inputs) if other != index)
            for index in range(self._inputs)
        )

    def clock(self, taken: Sequence[bool], given: Sequence[bool]) -> None:
        """Move the beats on."""
        self._stages.clock(taken[0], given[0])


def elastic_resources(stages: int, width: int) -> Resources:
    """Control, and `width` flip-flops a stage."""
    return Resources(lut=stages + 1, ff=stages * (width + 1))
