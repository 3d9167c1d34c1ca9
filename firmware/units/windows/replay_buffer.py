"""`ReplayBuffer`: gives the beats of a stream several times and in overlapping groups."""

from dataclasses import dataclass, replace
from functools import cached_property

from netloom.errors import SettingsError
from netloom.firmware.families import GENERIC, Family
from netloom.firmware.stream import Stream
from netloom.firmware.units.memories.ram_style import BLOCK, ram_resources, ram_style
from netloom.firmware.units.timing import Timing
from netloom.firmware.units.unit import Resources, SourceUnit
from netloom.firmware.units.windows.replay_pattern import ReplayPattern, ReplayTiming


@dataclass(frozen=True)
class ReplayBuffer(SourceUnit):
    """A circular memory of beats, read one a clock cycle.

    An inference is `rows` rows, each read as the pattern says.

    A beat's place is free when the group that ends before the next one's first beat has been read; what the row's last
    group leaves is dropped, whether it has come or is still to come. Reading starts when the beat that is needed has
    been written: 1 clock cycle later it is read, and offered another 1 (LUT RAM) or 2 (block RAM) later.

    Attributes:
        source: what is read again.
        rows: of an inference.
        pattern: of a row.
        depth: beats it holds, at least `least_depth`; 0 for `default_depth`.
        target: device family; decides with the size what the memory is built of.

    Raises:
        SettingsError: if the numbers contradict each other, or `depth` is too small.
    """

    module = "replay_buffer"

    rows: int
    pattern: ReplayPattern
    depth: int = 0
    target: Family = GENERIC

    def __post_init__(self) -> None:
        pattern = self.pattern
        fault = pattern.fault()
        if self.rows < 1:
            fault = f"rows must be at least 1, not {self.rows}"
        elif not fault and self.source.beats != self.rows * pattern.row_words:
            fault = f"{self.rows} rows of {pattern.row_words} beats do not make the {self.source.beats} of an inference"
        if not fault and self.depth == 0:
            object.__setattr__(self, "depth", pattern.default_depth)
        if not fault and self.depth < pattern.least_depth:
            fault = f"depth must be at least {pattern.least_depth}, not {self.depth}"
        if fault:
            raise SettingsError(f"replay buffer {self.name!r}: {fault}")

    @cached_property
    def style(self) -> str:
        """What the memory is built of."""
        return ram_style(self.depth, self.source.width, self.target)

    @property
    def latency(self) -> int:
        """Clock cycles from a beat's arrival to its offer, if it is the next one to give."""
        return 3 if self.style == BLOCK else 2

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """`rows * groups * repeats * words` beats."""
        beats = self.rows * self.pattern.groups * self.pattern.repeats * self.pattern.words
        return (replace(self.source, name=f"{self.name}_out", beats=beats),)

    def parameters(self) -> dict[str, int | str]:
        """The pattern, the size, and what the memory is built of."""
        return {
            "WIDTH": self.source.width,
            "DEPTH": self.depth,
            "GROUPS": self.pattern.groups,
            "ROW_WORDS": self.pattern.row_words,
            "STEP": self.pattern.step,
            "WORDS": self.pattern.words,
            "WORD_STRIDE": self.pattern.word_stride,
            "REPEATS": self.pattern.repeats,
            "REPEAT_STRIDE": self.pattern.repeat_stride,
            "STYLE": self.style,
        }

    def timing(self) -> Timing:
        """Counters of places and of beats not read yet, and the registers behind the memory."""
        return ReplayTiming(self.pattern, self.depth, self.style == BLOCK)

    @cached_property
    def interval(self) -> int:
        """Clock cycles between inferences: beats given or taken, or more if the depth does not hold two groups."""
        beats = max(self.source.beats, self.outputs[0].beats)
        return beats if self.depth >= self.pattern.default_depth else self._measured_interval()

    def _measured_interval(self) -> int:
        """The steady interval, from the timing."""
        timing, beats, ends, time, given = self.timing(), self.outputs[0].beats, [0], 0, 0
        while True:
            offered, taken = timing.valid(), timing.ready((True,), (True,))
            timing.clock(taken, offered)
            time += 1
            given += offered[0]
            if offered[0] and given % beats == 0:
                ends.append(time)
                if len(ends) > 3 and ends[-1] - ends[-2] == ends[-2] - ends[-3]:
                    return ends[-1] - ends[-2]

    def resources(self) -> Resources:
        """Memory, output register (two behind block RAM), addresses, counters of the pattern and of places."""
        address = max(1, (self.depth - 1).bit_length())
        counters = sum((n - 1).bit_length() for n in (self.pattern.groups, self.pattern.words, self.pattern.repeats))
        wrap = 1 if self.depth & (self.depth - 1) else 0
        width = self.source.width
        logic = Resources(
            lut=2 * counters + (7 + 3 * wrap) * address + 24,
            ff=width + counters + 4 * address + 8,
        )
        return logic + ram_resources(self.depth, width, self.style, self.target)
