"""`StreamFork`: one stream to several consumers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from netloom.firmware.filled import filled
from netloom.firmware.stream import Stream
from netloom.firmware.units.timing import Timing
from netloom.firmware.units.unit import Resources, SourceUnit


@dataclass(frozen=True)
class StreamFork(SourceUnit):
    """Every output gets every beat, each when it can (eager); the next beat comes when all have theirs. Latency 1.

    `stream_fork` has its outputs' handshakes side by side in vectors, since their number is a parameter; a module made
    for the instance gives each output ports of its own.

    Attributes:
        count: of copies, at least 2.

    Raises:
        SettingsError: if there are fewer copies.
    """

    module = "stream_fork"
    kind = "fork"

    count: int

    def __post_init__(self) -> None:
        if self.count < 2:
            raise self._error(f"count must be at least 2, not {self.count}")

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """Copies `{name}_out0`, `{name}_out1`, ..."""
        return tuple(replace(self.source, name=f"{self.name}_out{index}") for index in range(self.count))

    def parameters(self) -> dict[str, int | str]:
        """None: the instance's own module knows them."""
        return {}

    def sources(self) -> dict[str, str]:
        """`stream_fork` with named ports."""
        return {f"{self.name}.sv": filled("units/streams/stream_fork.sv.j2", unit=self)}

    def timing(self) -> Timing:
        """One register, and who still waits for it."""
        return _ForkTiming(self.count)

    def resources(self) -> Resources:
        """One register, a flag for every output."""
        return Resources(lut=2 * self.count + 2, ff=self.source.width + self.count)


class _ForkTiming(Timing):
    """A beat in a register, and which outputs have yet to take it."""

    twin = "fork"

    def __init__(self, count: int) -> None:
        self.constants = [count]
        self._waiting = (False,) * count

    def valid(self) -> tuple[bool, ...]:
        return self._waiting

    def ready(self, valid: Sequence[bool], ready: Sequence[bool]) -> tuple[bool, ...]:
        del valid
        return (all(takes or not waits for waits, takes in zip(self._waiting, ready, strict=True)),)

    def clock(self, taken: Sequence[bool], given: Sequence[bool]) -> None:
        self._waiting = tuple(
            taken[0] or (waits and not gone) for waits, gone in zip(self._waiting, given, strict=True)
        )
