"""`ShiftTiming`: a shift register that beats go into, and that is the output when it holds what is to be given."""

from collections.abc import Sequence

from netloom.firmware.units.timing import StreamTiming


class ShiftTiming(StreamTiming):
    """Mirrors `window_shift.sv`, and `stream_width.sv` where it widens.

    Args:
        ends: for every beat of what comes again and again, whether the register is given with it.
    """

    twin = "shift"

    def __init__(self, ends: Sequence[bool]) -> None:
        self.constants = [len(ends), *ends]
        self._ends = ends
        self._index = 0

    def takes(self, ready: bool) -> bool:
        """Unless what is to be given stays."""
        return not self.offers or ready

    def clock(self, taken: Sequence[bool], given: Sequence[bool]) -> None:
        """A beat in may complete it."""
        if given[0]:
            self.offers = False
        if taken[0]:
            self.offers = self._ends[self._index]
            self._index = (self._index + 1) % len(self._ends)
