"""`ScanState`: what is carried from one step of a loop to the next; a stream that runs back, with initial tokens."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from netloom.firmware.stream import hex_memory
from netloom.firmware.units.memories.styles import rom_luts
from netloom.firmware.units.streams.scan_loop import ScanLoop, StepPosition, position_resources
from netloom.firmware.units.timing import StreamTiming, Timing
from netloom.firmware.units.unit import Resources


@dataclass(frozen=True)
class ScanState(ScanLoop):
    """Gives the initial state in a sequence's first step; the next sequence can begin before the last step came in.

    With `keep` all sequences are one, from reset to reset. Latency that of a `StreamFifo`, and none for the initial
    state.

    Attributes:
        initial: raws of the state before the first step, as many as a step has elements.
        keep: whether a sequence begins where the one before it ended.
    """

    module = "scan_state"

    initial: tuple[int, ...]
    keep: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        element, elements = self.source.element, self.source.beats * self.source.lanes
        if len(self.initial) != elements:
            raise self._error(f"a state has {elements} elements, and {len(self.initial)} are given to begin with")
        if wrong := [raw for raw in self.initial if not element.raw_min <= raw <= element.raw_max]:
            raise self._error(f"{element} does not hold a raw of {wrong[0]}, with which it is to begin")

    @property
    def keeps_state(self) -> bool:
        """Whether a sequence begins where the one before it ended."""
        return self.keep

    @cached_property
    def _words(self) -> list[tuple[int, ...]]:
        """Of the initial state; one if all beats are alike."""
        lanes = self.source.lanes
        words = [self.initial[at : at + lanes] for at in range(0, len(self.initial), lanes)]
        return words if len(set(words)) > 1 else words[:1]

    def parameters(self) -> dict[str, int | str]:
        """The FIFO's, beats and steps, and where the initial state is."""
        return {
            **super().parameters(),
            "KEEP": int(self.keep),
            "WORDS": len(self._words),
            "FILE": next(iter(self.memories()), ""),
        }

    def memories(self) -> dict[str, str]:
        """The initial state, unless it is zeros."""
        return {f"{self.name}.mem": hex_memory(self._words, self.source.element.width)} if any(self.initial) else {}

    def timing(self) -> Timing:
        """A FIFO between two positions."""
        return _StateTiming(self._fifo.timing(), self.source.beats, self.steps, self.keep)

    def resources(self) -> Resources:
        """The FIFO, both positions, the initial state and the choice of it."""
        width, position = self.source.width, position_resources(self.source.beats, self.steps)
        total = self._fifo.resources() + position + position + Resources(lut=width + 3)
        if not any(self.initial):
            return total
        bits = (len(self._words) - 1).bit_length()
        return total + Resources(lut=rom_luts(len(self._words), width) + 2 * bits, ff=width + bits)


class _StateTiming(StreamTiming):
    """Mirrors `scan_state.sv`."""

    ready_is_registered = True
    offers = True

    def __init__(self, fifo: StreamTiming, beats: int, steps: int, keep: bool) -> None:
        steps = 2 if keep else steps  # of which neither position reaches the end
        self.twin = f"state of {fifo.twin}"
        self.constants = [beats, steps, keep, *fifo.constants]
        self._fifo = fifo
        self._keep = keep
        self._taken = StepPosition(beats, steps)
        self._given = StepPosition(beats, steps)

    def takes(self, ready: bool) -> bool:
        return self._taken.last or self._fifo.takes(ready)

    def clock(self, taken: Sequence[bool], given: Sequence[bool]) -> None:
        """Beats of the last step do not get into the FIFO, those of the first do not come from it."""
        self._fifo.clock((taken[0] and not self._taken.last,), (given[0] and not self._given.first,))
        self._taken.clock(taken[0] and not self._keep)
        self._given.clock(given[0] and (not self._keep or self._given.first))
        self.offers = self._given.first or self._fifo.offers
