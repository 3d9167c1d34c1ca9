"""`ReplayPattern`: in which order a replay buffer reads, what it must hold for that, and when it reads."""

from collections.abc import Sequence
from dataclasses import dataclass

from netloom.firmware.units.timing import Timing


@dataclass(frozen=True)
class ReplayPattern:
    """The order of reading within a row.

    The row's group number g < `groups` gives, for every r < `repeats`, for every s < `words`, the row's beat number
    g * `step` + r * `repeat_stride` + s * `word_stride`.

    Attributes:
        groups: of a row.
        row_words: input beats of a row.
        step: beats from the beginning of a group to that of the next one.
        words: beats a repeat gives.
        word_stride: beats from one to the next.
        repeats: of a group.
        repeat_stride: beats from the beginning of a repeat to that of the next one.
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


class ReplayTiming(Timing):
    """The next beat to read is a fixed way from the last one; two counters tell whether it is there, and what is free.

    `_ahead`: beats written beyond the next one to read, that one included; it can be read while this is positive.
    `_room`: free places, more than there are while beats that nobody needs are still to come.
    """

    ready_is_registered = True

    def __init__(self, pattern: ReplayPattern, depth: int, block: bool) -> None:
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
