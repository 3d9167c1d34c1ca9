"""`ScanLast`: of all steps of a loop, the last one's beats."""

from collections.abc import Sequence
from dataclasses import dataclass

from netloom.firmware.units.streams.scan_loop import StepPosition, position_resources
from netloom.firmware.units.timing import StreamTiming, Timing
from netloom.firmware.units.unit import Resources, SourceUnit


@dataclass(frozen=True)
class ScanLast(SourceUnit):
    """Passes the beats of every sequence's last step, and drops the others. Latency 1.

    Attributes:
        source: what a step gives; its beats are those of one step.
        steps: of a sequence, at least 1.

    Raises:
        SettingsError: if there is no step.
    """

    module = "scan_last"
    kind = "loop's result"

    steps: int

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise self._error(f"steps must be at least 1, not {self.steps}")

    @property
    def interval(self) -> int:
        """It takes the beats of all steps."""
        return self.source.beats * self.steps

    def parameters(self) -> dict[str, int | str]:
        """The width of a beat, beats and steps."""
        return {"WIDTH": self.source.width, "BEATS": self.source.beats, "STEPS": self.steps}

    def timing(self) -> Timing:
        """A position, and whether a beat waits."""
        return _LastTiming(self.source.beats, self.steps)

    def resources(self) -> Resources:
        """A register, and the position."""
        return position_resources(self.source.beats, self.steps) + Resources(lut=3, ff=self.source.width + 1)


class _LastTiming(StreamTiming):
    """Mirrors `scan_last.sv`."""

    twin = "last"

    def __init__(self, beats: int, steps: int) -> None:
        self.constants = [beats, steps]
        self._position = StepPosition(beats, steps)

    def takes(self, ready: bool) -> bool:
        return not self._position.last or not self.offers or ready

    def clock(self, taken: Sequence[bool], given: Sequence[bool]) -> None:
        if given[0] or not self.offers:
            self.offers = taken[0] and self._position.last
        self._position.clock(taken[0])
