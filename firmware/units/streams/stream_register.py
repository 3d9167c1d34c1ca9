"""`StreamRegister`: cuts every combinational path of a stream, at full throughput."""

from collections.abc import Sequence
from dataclasses import dataclass

from netloom.firmware.units.timing import StreamTiming, Timing
from netloom.firmware.units.unit import Resources, SourceUnit


@dataclass(frozen=True)
class StreamRegister(SourceUnit):
    """Two places (a skid buffer): data, valid and ready all come from registers. Latency 1.

    Attributes:
        source: the stream to register.
    """

    module = "stream_register"

    def parameters(self) -> dict[str, int | str]:
        """The width of a beat."""
        return {"WIDTH": self.source.width}

    def timing(self) -> Timing:
        """One beat waits at the output, another behind it."""
        return BufferTiming(2)

    def resources(self) -> Resources:
        """Two registers, and a choice of what enters the first."""
        return Resources(lut=self.source.width + 4, ff=2 * self.source.width + 2)


class BufferTiming(StreamTiming):
    """First in, first out, `depth` places; a beat can leave in the cycle after it came."""

    twin = "buffer"
    ready_is_registered = True

    def __init__(self, depth: int) -> None:
        self.constants = [depth]
        self._depth = depth
        self._level = 0

    def takes(self, ready: bool) -> bool:
        """While a place is free, whatever the output does in this cycle."""
        del ready
        return self._level < self._depth

    def clock(self, taken: Sequence[bool], given: Sequence[bool]) -> None:
        """Count."""
        self._level += taken[0] - given[0]
        self.offers = self._level > 0
