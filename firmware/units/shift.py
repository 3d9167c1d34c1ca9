"""`ShiftTiming`: a shift register that beats go into, and that is the output when it holds what is to be given."""

from collections.abc import Sequence

from netloom.firmware.units.timing import Timing


class ShiftTiming(Timing):
    """Mirrors `window_shift.sv`, and `stream_width.sv` where it widens.

    Args:
        ends: for every beat of what comes again and again, whether the register is given with it.
    """

    def __init__(self, ends: Sequence[bool]) -> None:
        self._ends = ends
        self._index = 0
        self._full = False

    def compiled(self) -> tuple[str, list[int]]:
        """See `Timing`."""
        return "shift", [len(self._ends), *self._ends]

    def valid(self) -> tuple[bool, ...]:
        """What is to be given waits."""
        return (self._full,)

    def ready(self, valid: Sequence[bool], ready: Sequence[bool]) -> tuple[bool, ...]:
        """Unless it stays."""
        del valid
        return (not self._full or ready[0],)

    def clock(self, taken: Sequence[bool], given: Sequence[bool]) -> None:
        """A beat in may complete it."""
        if given[0]:
            self._full = False
        if taken[0]:
            self._full = self._ends[self._index]
            self._index = (self._index + 1) % len(self._ends)
