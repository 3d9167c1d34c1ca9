"""`ReplayBuffer`: gives the beats of a stream several times and in overlapping groups."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

from netloom.errors import SettingsError
from netloom.firmware.families import GENERIC, Family
from netloom.firmware.stream import Stream
from netloom.firmware.units.memories.ram_style import BLOCK, ram_resources, ram_style
from netloom.firmware.units.timing import Timing
from netloom.firmware.units.unit import Resources, Unit


@dataclass(frozen=True)
class ReplayBuffer(Unit):
    """A circular memory of beats, read one a clock cycle.

    An inference is `rows` rows of `row_words` input beats each. The row's group number g < `groups` gives, for every
    r < `repeats`, for every s < `words`, the row's beat number g * `step` + r * `repeat_stride` + s * `word_stride`.

    A beat's place is free when the group that ends before the next one's first beat has been read; what the row's last
    group leaves is dropped, whether it has come or is still to come. Reading starts when the beat that is needed has
    been written: 1 clock cycle later it is read, and offered another 1 (LUT RAM) or 2 (block RAM) later.

    Attributes:
        name: of the instance.
        source: what is read again.
        rows: of an inference.
        groups: of a row.
        row_words: input beats of a row.
        step: beats from the beginning of a group to that of the next one.
        words: beats a repeat gives.
        word_stride: beats from one to the next.
        repeats: of a group.
        repeat_stride: beats from the beginning of a repeat to that of the next one.
        depth: beats it holds, at least `least_depth`; 0 for `default_depth`.
        target: device family; decides with the size what the memory is built of.

    Raises:
        SettingsError: if the numbers contradict each other, or `depth` is too small.
    """

    module: ClassVar[str] = "replay_buffer"

    name: str
    source: Stream
    rows: int
    groups: int
    row_words: int
    step: int
    words: int
    word_stride: int
    repeats: int
    repeat_stride: int
    depth: int = 0
    target: Family = GENERIC

    def __post_init__(self) -> None:
        pattern = self._pattern
        for field in ("rows", "groups", "row_words", "words", "repeats"):
            if getattr(self, field) < 1:
                raise self._error(f"{field} must be at least 1, not {getattr(self, field)}")
        for field in ("step", "word_stride", "repeat_stride"):
            if getattr(self, field) < 0:
                raise self._error(f"{field} must not be negative, and is {getattr(self, field)}")
        if self.step < 1 and self.groups > 1:
            raise self._error("step must be at least 1 where there are several groups")
        if self.source.beats != self.rows * self.row_words:
            raise self._error(
                f"{self.rows} rows of {self.row_words} beats do not make the {self.source.beats} of an inference"
            )
        if (self.groups - 1) * self.step + pattern.span >= self.row_words:
            raise self._error(
                f"the last group reads beat {(self.groups - 1) * self.step + pattern.span} of a row of {self.row_words}"
            )
        least = pattern.least_depth
        if self.depth == 0:
            object.__setattr__(self, "depth", pattern.default_depth)
        if self.depth < least:
            raise self._error(f"depth must be at least {least}, not {self.depth}")

    def _error(self, text: str) -> SettingsError:
        return SettingsError(f"replay buffer {self.name!r}: {text}")

    @staticmethod
    def least_depth(
        groups: int,
        row_words: int,
        step: int,
        words: int,
        word_stride: int,
        repeats: int,
        repeat_stride: int,
    ) -> int:
        """The fewest places that do not deadlock: a group's first to last beat. The next group waits for its end."""
        return _Pattern(groups, row_words, step, words, word_stride, repeats, repeat_stride).least_depth

    @staticmethod
    def default_depth(
        groups: int,
        row_words: int,
        step: int,
        words: int,
        word_stride: int,
        repeats: int,
        repeat_stride: int,
    ) -> int:
        """Places with which nothing waits: while a group is read, the next one comes in, that of the next row too.

        The interval is then the number of beats given or taken, whichever is larger.
        """
        return _Pattern(groups, row_words, step, words, word_stride, repeats, repeat_stride).default_depth

    @cached_property
    def _pattern(self) -> "_Pattern":
        return _Pattern(
            self.groups, self.row_words, self.step, self.words, self.word_stride, self.repeats, self.repeat_stride
        )

    @cached_property
    def style(self) -> str:
        """What the memory is built of."""
        return ram_style(self.depth, self.source.width, self.target)

    @property
    def latency(self) -> int:
        """Clock cycles from a beat's arrival to its offer, if it is the next one to give."""
        return 3 if self.style == BLOCK else 2

    @property
    def inputs(self) -> tuple[Stream, ...]:
        """The source."""
        return (self.source,)

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """`rows * groups * repeats * words` beats."""
        beats = self.rows * self.groups * self.repeats * self.words
        return (replace(self.source, name=f"{self.name}_out", beats=beats),)

    def parameters(self) -> dict[str, int | str]:
        """The pattern, the size, and what the memory is built of."""
        return {
            "WIDTH": self.source.width,
            "DEPTH": self.depth,
            "GROUPS": self.groups,
            "ROW_WORDS": self.row_words,
            "STEP": self.step,
            "WORDS": self.words,
            "WORD_STRIDE": self.word_stride,
            "REPEATS": self.repeats,
            "REPEAT_STRIDE": self.repeat_stride,
            "STYLE": self.style,
        }

    def timing(self) -> Timing:
        """Counters of places and of beats not read yet, and the registers behind the memory."""
        return ReplayTiming(self._pattern, self.depth, self.style == BLOCK)

    @cached_property
    def interval(self) -> int:
        """Clock cycles between inferences: beats given or taken, or more if the depth does not hold two groups."""
        beats = max(self.source.beats, self.outputs[0].beats)
        return beats if self.depth >= self._pattern.default_depth else self._measured_interval()

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
        counters = sum((n - 1).bit_length() for n in (self.groups, self.words, self.repeats))
        wrap = 1 if self.depth & (self.depth - 1) else 0
        width = self.source.width
        logic = Resources(
            lut=2 * counters + (7 + 3 * wrap) * address + 24,
            ff=width + counters + 4 * address + 8,
        )
        return logic + ram_resources(self.depth, width, self.style)


@dataclass(frozen=True)
class _Pattern:
    """The order of reading within a row; the fields are those of `ReplayBuffer`."""

    groups: int
    row_words: int
    step: int
    words: int
    word_stride: int
    repeats: int
    repeat_stride: int

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
        return max(2, self.span + 1)

    @property
    def default_depth(self) -> int:
        # Two clock cycles pass from a place becoming free to its new beat being read, even where a group is one beat.
        group = max(self.span, 2) + 1
        if self.groups == 1:
            return self.tail + group
        # Where more beats come in a group than are read, the row's last group has to make up for it.
        reads = self.repeats * self.words
        lead = reads - self.tail if self.tail < reads < self.step else 0
        return max(self.step, self.tail) + lead + group


class ReplayTiming(Timing):
    """The next beat to read is a fixed way from the last one; two counters tell whether it is there, and what is free.

    `_ahead`: beats written beyond the next one to read, that one included; it can be read while this is positive.
    `_room`: free places, more than there are while beats that nobody needs are still to come.
    """

    ready_is_registered = True
    __slots__ = (
        "_ahead",
        "_block",
        "_fetched",
        "_group",
        "_offered",
        "_pattern",
        "_repeat",
        "_room",
        "_word",
    )

    def __init__(self, pattern: _Pattern, depth: int, block: bool) -> None:
        self._pattern = pattern
        self._block = block
        self._ahead = 0
        self._room = depth
        self._word = pattern.words
        self._repeat = pattern.repeats
        self._group = pattern.groups
        self._fetched = False
        self._offered = False

    def compiled(self) -> tuple[str, list[int]]:
        """See `Timing`."""
        pattern = self._pattern
        order = [pattern.words, pattern.word_stride, pattern.repeats, pattern.repeat_stride, pattern.groups]
        return "replay", [*order, pattern.step, pattern.tail, pattern.span, self._room, self._block]

    def valid(self) -> tuple[bool, ...]:
        """The output register is full."""
        return (self._offered,)

    def ready(self, valid: Sequence[bool], ready: Sequence[bool]) -> tuple[bool, ...]:
        """While a place is free, whatever the output does in this cycle."""
        del valid, ready
        return (self._room > 0,)

    def clock(self, taken: Sequence[bool], given: Sequence[bool]) -> None:
        """Read on where the next register is free or becomes so."""
        move = given[0] or not self._offered
        if self._block:
            enable = move or not self._fetched
            fetch = enable and self._ahead > 0
            if move:
                self._offered = self._fetched
            if enable:
                self._fetched = fetch
        else:
            fetch = move and self._ahead > 0
            if move:
                self._offered = fetch
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
