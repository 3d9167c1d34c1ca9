"""`ScanStart`: a `ScanState` whose initial state another stream brings."""

from collections.abc import Sequence
from dataclasses import dataclass

from netloom.firmware.stream import Stream
from netloom.firmware.units.streams.scan_loop import ScanLoop, StepPosition, position_resources
from netloom.firmware.units.timing import StreamTiming, Timing
from netloom.firmware.units.unit import Resources


@dataclass(frozen=True)
class ScanStart(ScanLoop):
    """Gives in a sequence's first step what `start` brings. Latency that of a `StreamFifo`, for that as well.

    Attributes:
        start: the state before the first step, in beats like those of `source`.
    """

    module = "scan_start"

    start: Stream

    def __post_init__(self) -> None:
        super().__post_init__()
        start, source = self.start, self.source
        if (start.beats, start.width) != (source.beats, source.width):
            raise self._error(
                f"a state has {source.beats} beats of {source.width} bits, and it is to begin with {start.beats} of "
                f"{start.width}"
            )

    @property
    def inputs(self) -> tuple[Stream, ...]:
        """The source, and what begins."""
        return (self.source, self.start)

    @property
    def input_ports(self) -> tuple[str, ...]:
        """`in`, `start`."""
        return ("in", "start")

    def timing(self) -> Timing:
        """A FIFO behind two positions."""
        return _StartTiming(self._fifo.timing(), self.source.beats, self.steps)

    def resources(self) -> Resources:
        """The FIFO, both positions, and the choice of what goes in."""
        position = position_resources(self.source.beats, self.steps)
        return self._fifo.resources() + position + position + Resources(lut=self.source.width + 4)


class _StartTiming(StreamTiming):
    """Mirrors `scan_start.sv`."""

    ready_is_registered = True

    def __init__(self, fifo: StreamTiming, beats: int, steps: int) -> None:
        self.twin = f"start of {fifo.twin}"
        self.constants = [beats, steps, *fifo.constants]
        self._fifo = fifo
        self._taken = StepPosition(beats, steps)
        self._put = StepPosition(beats, steps)

    def takes(self, ready: bool) -> bool:
        return self._fifo.takes(ready)

    def ready(self, valid: Sequence[bool], ready: Sequence[bool]) -> tuple[bool, ...]:
        """Of the last step always; else one of both, if the FIFO has room."""
        del valid
        room, begins = self.takes(ready[0]), self._put.first
        return self._taken.last or (not begins and room), begins and room

    def clock(self, taken: Sequence[bool], given: Sequence[bool]) -> None:
        """Beats of the last step do not get into the FIFO."""
        put = taken[1] or (taken[0] and not self._taken.last)
        self._fifo.clock((put,), given)
        self._put.clock(put)
        self._taken.clock(taken[0])
        self.offers = self._fifo.offers
