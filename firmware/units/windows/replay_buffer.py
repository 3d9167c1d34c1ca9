"""`ReplayBuffer`: gives the beats of a stream several times and in overlapping groups, in a `ReplayPattern`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property

from netloom.firmware.stream import Stream
from netloom.firmware.units.memories.styles import BLOCK, ram_resources, ram_style
from netloom.firmware.units.timing import StreamTiming, Timing
from netloom.firmware.units.unit import Resources, SourceUnit


@dataclass(frozen=True)
class ReplayPattern:
    """The order of reading within a row of `row_words` input beats.

    The row's group number g < `groups` gives, for every r < `repeats`, for every s < `words`, the row's beat number
    g * `step` + r * `repeat_stride` + s * `word_stride`.
    """

    groups: int
    row_words: int
    step: int
    words: int
    word_stride: int
    repeats: int
    repeat_stride: int

    @classmethod
    def whole(cls, words: int, repeats: int) -> "ReplayPattern":
        """A row of so many beats, all of it again and again."""
        return cls(1, words, words, words, 1, repeats, 0)

    def fault(self) -> str | None:
        """What contradicts itself, if anything."""
        for field in ("groups", "row_words", "words", "repeats"):
            if getattr(self, field) < 1:
                return f"{field} must be at least 1, not {getattr(self, field)}"
        for field in ("step", "word_stride", "repeat_stride"):
            if getattr(self, field) < 0:
                return f"{field} must not be negative, and is {getattr(self, field)}"
        if self.step < 1 and self.groups > 1:
            return "step must be at least 1 where there are several groups"
        last = (self.groups - 1) * self.step + self.span
        return f"the last group reads beat {last} of a row of {self.row_words}" if last >= self.row_words else None

    @property
    def span(self) -> int:
        """Beats from a group's first to its last."""
        return (self.repeats - 1) * self.repeat_stride + (self.words - 1) * self.word_stride

    @property
    def tail(self) -> int:
        """Beats from the beginning of a row's last group to the row's end."""
        return self.row_words - (self.groups - 1) * self.step

    @property
    def least_depth(self) -> int:
        """The fewest places that do not deadlock: a group's first to last beat. The next group waits for its end."""
        return max(2, self.span + 1)

    @property
    def default_depth(self) -> int:
        """Places with which nothing waits: while a group is read, the next one comes in, that of the next row too.

        The interval is then the number of beats given or taken, whichever is larger.
        """
        # Two clock cycles pass from a place becoming free to its new beat being read, even where a group is one beat.
        group = max(self.span, 2) + 1
        if self.groups == 1:
            return self.tail + group
        # Where more beats come in a group than are read, the row's last group has to make up for it.
        reads = self.repeats * self.words
        lead = reads - self.tail if self.tail < reads < self.step else 0
        return max(self.step, self.tail) + lead + group


@dataclass(frozen=True)
class ReplayBuffer(SourceUnit):
    """A circular memory of beats, read one a clock cycle.

    An inference is `rows` rows, each read as the pattern says.

    A beat's place is free when the group that ends before the next one's first beat has been read; what the row's last
    group leaves is dropped, whether it has come or is still to come. Reading starts when the beat that is needed has
    been written: 1 clock cycle later it is read, and offered another 1 (LUT RAM) or 2 (block RAM) later.

    Attributes:
        rows: of an inference.
        pattern: of a row.
        depth: beats it holds, at least `least_depth`; 0 for `default_depth`.

    Raises:
        SettingsError: if the numbers contradict each other, or `depth` is too small.
    """

    module = "replay_buffer"
    kind = "replay buffer"

    rows: int
    pattern: ReplayPattern
    depth: int = 0

    def __post_init__(self) -> None:
        pattern, beats = self.pattern, self.source.beats
        if self.rows < 1:
            raise self._error(f"rows must be at least 1, not {self.rows}")
        if fault := pattern.fault():
            raise self._error(fault)
        if beats != self.rows * pattern.row_words:
            raise self._error(f"{self.rows} rows of {pattern.row_words} beats do not make the {beats} of an inference")
        if self.depth == 0:
            object.__setattr__(self, "depth", pattern.default_depth)
        if self.depth < pattern.least_depth:
            raise self._error(f"depth must be at least {pattern.least_depth}, not {self.depth}")

    @cached_property
    def style(self) -> str:
        """What the memory is built of."""
        return ram_style(self.depth, self.source.width, self.target)

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
            **{name.upper(): value for name, value in asdict(self.pattern).items()},
            "STYLE": self.style,
        }

    def timing(self) -> Timing:
        """Counters of places and of beats not read yet, and the registers behind the memory."""
        return _ReplayTiming(self.pattern, self.depth, self.style == BLOCK)

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
        logic = Resources(2 * counters + (7 + 3 * wrap) * address + 24, width + counters + 4 * address + 8)
        return logic + ram_resources(self.depth, width, self.style, self.target)


class _ReplayTiming(StreamTiming):
    """The next beat to read is a fixed way from the last one; two counters tell whether it is there, and what is free.

    `_ahead`: beats written beyond the next one to read, that one included; it can be read while this is positive.
    `_room`: free places, more than there are while beats that nobody needs are still to come.
    """

    twin = "replay"
    ready_is_registered = True

    def __init__(self, pattern: ReplayPattern, depth: int, block: bool) -> None:
        order = [pattern.words, pattern.word_stride, pattern.repeats, pattern.repeat_stride, pattern.groups]
        self.constants = [*order, pattern.step, pattern.tail, pattern.span, depth, block]
        self._pattern = pattern
        self._block = block
        self._ahead = 0
        self._room = depth
        self._word = pattern.words
        self._repeat = pattern.repeats
        self._group = pattern.groups
        self._fetched = False

    def takes(self, ready: bool) -> bool:
        del ready
        return self._room > 0

    def clock(self, taken: Sequence[bool], given: Sequence[bool]) -> None:
        move = given[0] or not self.offers
        fetch = self._ahead > 0 and (move or (self._block and not self._fetched))
        if move:
            self.offers = self._fetched if self._block else fetch
        if self._block and (move or not self._fetched):
            self._fetched = fetch
        if taken[0]:
            self._ahead += 1
            self._room -= 1
        if fetch:
            self._next()

    def _next(self) -> None:
        """Go to the next beat of the pattern; free what no later one needs."""
        pattern = self._pattern
        self._word -= 1
        if self._word:
            self._ahead -= pattern.word_stride
            return
        self._word = pattern.words
        self._repeat -= 1
        if self._repeat:
            self._ahead -= pattern.repeat_stride - (pattern.words - 1) * pattern.word_stride
            return
        self._repeat = pattern.repeats
        self._group -= 1
        if self._group:
            freed = pattern.step
        else:
            self._group = pattern.groups
            freed = pattern.tail
        self._ahead -= freed - pattern.span
        self._room += freed
