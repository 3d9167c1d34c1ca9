"""Where a beat stands in a sequence of steps: mirrors `step_position.sv`."""

from netloom.firmware.units.unit import Resources


class StepPosition:
    """Counts the beats of a sequence.

    Args:
        beats: of a step.
        steps: of a sequence.
    """

    __slots__ = ("_after_first", "_all", "_from_last", "_passed")

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
