"""`Grammar`: which strings may be written, and how likely each is; reads the likeliest of them in uncertain scores."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

_AT_ONCE = 500
"""Samples that are read together, which bounds the memory it takes."""


@dataclass(frozen=True)
class Writes:
    """What may be written next in one place of a string.

    Attributes:
        place: where it is written.
        symbols: one of these, each as likely.
        probability: of all of them together; those of a place add up to 1.
        then: the place after it; empty at the end of the string.
    """

    place: str
    symbols: str
    probability: float
    then: str


@dataclass(frozen=True)
class Grammar:
    """A finite automaton with probabilities: it begins in the place of its first rule.

    Attributes:
        symbols: all there are. They are numbered from 1 in this order; 0 is nothing.
        rules: what may be written where.
    """

    symbols: str
    rules: tuple[Writes, ...]

    def draw(self, random: np.random.Generator) -> str:
        """A string, each as often as it is likely."""
        place, text = self.rules[0].place, ""
        while place:
            here = [rule for rule in self.rules if rule.place == place]
            rule = here[random.choice(len(here), p=[rule.probability for rule in here])]
            text += rule.symbols[random.integers(len(rule.symbols))]
            place = rule.then
        return text

    def read(self, scores: np.ndarray) -> np.ndarray:
        """The string, and where each symbol of it is, that are likeliest together (Viterbi).

        A symbol may fill several positions that follow each other, and between symbols there may be nothing; between
        two that are the same there must be.

        Args:
            scores: logarithms of probabilities, (samples, positions, 1 + symbols): of nothing, then of each symbol.

        Returns:
            What is at each position, int64 (samples, positions): 0 is nothing. All 0 if no string fits in.
        """
        parts = [self._read(scores[start : start + _AT_ONCE]) for start in range(0, len(scores), _AT_ONCE)]
        return np.concatenate(parts) if parts else np.zeros(scores.shape[:2], np.int64)

    def _read(self, scores: np.ndarray) -> np.ndarray:
        states, positions = self._states, scores.shape[1]
        steps = scores[:, :, states.symbol]
        best = np.where(states.first, states.cost + steps[:, 0], -np.inf)
        cameby = np.zeros((positions, *best.shape), np.int16)
        for position in range(1, positions):
            reached = np.concatenate([best, np.full((len(best), 1), -np.inf)], axis=1)[:, states.before]
            reached[..., 1:] += states.cost[:, None]  # staying costs nothing
            which = reached.argmax(axis=-1)
            cameby[position] = np.take_along_axis(states.before[None], which[..., None], -1)[..., 0]
            best = np.take_along_axis(reached, which[..., None], -1)[..., 0] + steps[:, position]
        best = np.where(states.last, best, -np.inf)
        state, fits = best.argmax(axis=1), np.isfinite(best.max(axis=1))
        found = np.zeros((len(scores), positions), np.int64)
        for position in reversed(range(positions)):
            found[:, position] = states.symbol[state]
            state = cameby[position, np.arange(len(state)), state]
        return np.where(fits[:, None], found, 0)

    @cached_property
    def _states(self) -> "_States":
        """Of reading: a symbol of a rule is being read, or nothing has been since the last one."""
        places = list(dict.fromkeys([rule.place for rule in self.rules] + [rule.then for rule in self.rules]))
        written = [
            (rule.place, symbol, np.log(rule.probability / len(rule.symbols)), rule.then)
            for rule in self.rules
            for symbol in rule.symbols
        ]
        start, blanks = self.rules[0].place, len(written)
        before: list[list[int]] = []
        for number, (place, symbol, _, _) in enumerate(written):
            others = [other for other, one in enumerate(written) if one[3] == place and one[1] != symbol]
            before.append([number, blanks + places.index(place), *others])
        for number, place in enumerate(places):
            before.append([blanks + number, *(other for other, one in enumerate(written) if one[3] == place)])
        widest, nowhere = max(map(len, before)), len(before)
        return _States(
            np.array([self.symbols.index(one[1]) + 1 for one in written] + [0] * len(places)),
            np.array([one[2] for one in written] + [0.0] * len(places)),
            np.array([one[0] == start for one in written] + [place == start for place in places]),
            np.array([not one[3] for one in written] + [not place for place in places]),
            np.array([one + [nowhere] * (widest - len(one)) for one in before]),
        )


@dataclass(frozen=True, eq=False)
class _States:
    """Attributes: of each state its symbol, the logarithm of the probability to enter it, whether a string may begin
    and end in it, and the states before it, the first of which is itself: (states, most of them), filled up.
    """

    symbol: np.ndarray
    cost: np.ndarray
    first: np.ndarray
    last: np.ndarray
    before: np.ndarray


_DIGITS = "0123456789"


def _amounts() -> Iterator[Writes]:
    """Of dollars and cents, up to 99,999.99: groups of three digits, no zero in front, two digits of cents."""
    yield Writes("first", "123456789", 0.95, "second")
    yield Writes("first", "0", 0.05, "point")
    yield Writes("second", _DIGITS, 0.7, "third")
    yield Writes("second", ",", 0.2, "hundreds")
    yield Writes("second", ".", 0.1, "tenths")
    yield Writes("third", _DIGITS, 0.4, "point")
    yield Writes("third", ",", 0.3, "hundreds")
    yield Writes("third", ".", 0.3, "tenths")
    yield Writes("hundreds", _DIGITS, 1, "tens")
    yield Writes("tens", _DIGITS, 1, "ones")
    yield Writes("ones", _DIGITS, 1, "point")
    yield Writes("point", ".", 1, "tenths")
    yield Writes("tenths", _DIGITS, 1, "hundredths")
    yield Writes("hundredths", _DIGITS, 1, "")


AMOUNTS = Grammar(_DIGITS + ".,", tuple(_amounts()))
"""Amounts of money: 0.07, 12.00, 1,234.56, 99,999.99."""
