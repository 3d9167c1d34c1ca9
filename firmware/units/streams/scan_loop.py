"""`ScanLoop`: what closes a loop over steps, whatever begins it; and where in a sequence of steps a beat stands."""

from dataclasses import dataclass, field
from functools import cached_property

from netloom.firmware.units.streams.stream_fifo import StreamFifo
from netloom.firmware.units.unit import Resources, SourceUnit


@dataclass(frozen=True)
class ScanLoop(SourceUnit):
    """Gives a state in a sequence's first step, and in every other one what came in in the step before.

    What comes in in the last step is dropped. The loop is closed by the name of the unit: the streams of the body that
    read the state are called `{name}_out` before there is a source.

    Attributes:
        source: the state after a step; its beats are those of one step.
        steps: of a sequence, at least 1.
        depth: beats it holds, at least those of a state; 0 for those of a state and one, with which it never waits.

    Raises:
        SettingsError: if the numbers contradict each other, or a state would not fit.
    """

    kind = "loop's state"

    steps: int
    depth: int = field(default=0, kw_only=True)

    def __post_init__(self) -> None:
        beats = self.source.beats
        if self.steps < 1:
            raise self._error(f"steps must be at least 1, not {self.steps}")
        if self.depth == 0:
            object.__setattr__(self, "depth", beats + 1)
        if self.depth < max(beats, 2):
            raise self._error(f"depth must be at least {max(beats, 2)} to hold a state, not {self.depth}")

    @property
    def beats_held(self) -> int:
        """Its depth."""
        return self.depth

    @cached_property
    def _fifo(self) -> StreamFifo:
        return StreamFifo(self.name, self.source, self.depth, target=self.target)

    def parameters(self) -> dict[str, int | str]:
        """The FIFO's, beats and steps."""
        return {**self._fifo.parameters(), "BEATS": self.source.beats, "STEPS": self.steps}


class StepPosition:
    """Counts the beats of a sequence of `steps` steps of `beats` beats each: mirrors `step_position.sv`."""

    def __init__(self, beats: int, steps: int) -> None:
        self._all = beats * steps
        self._after_first = beats
        self._from_last = beats * (steps - 1)
        self._passed = 0

    @property
    def first(self) -> bool:
        """Whether the beat is of the first step."""
        return self._passed < self._after_first

    @property
    def last(self) -> bool:
        """Whether it is of the last step."""
        return self._passed >= self._from_last

    def clock(self, taken: bool) -> None:
        """Whether the beat is gone."""
        if taken:
            self._passed = (self._passed + 1) % self._all


def position_resources(beats: int, steps: int) -> Resources:
    """A counter, three comparisons with it, two flags."""
    bits = (beats * steps).bit_length()
    return Resources(lut=2 * bits + 4, ff=bits + 2) if steps > 1 else Resources()
