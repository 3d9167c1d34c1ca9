"""`Vocabulary`: words and their numbers, and sentences as rows of numbers of one length."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from netloom.errors import InputError

END, START = 0, 1
"""Numbers that are no words: an end, which also fills up what comes behind it; what is before the first word."""


@dataclass(frozen=True)
class Vocabulary:
    """Words of a language; their numbers begin behind `END` and `START`.

    Attributes:
        words: each once.
    """

    words: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.words) + 2

    @property
    def names(self) -> tuple[str, ...]:
        """Of every number, as a report shows them."""
        return (".", "<start>", *self.words)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.words, start=2)}

    def rows(self, sentences: Sequence[Sequence[str]], length: int) -> np.ndarray:
        """Sentences as numbers, filled up with `END`, int64, (sentences, length).

        Raises:
            InputError: for a word that is not in it, or a sentence that is longer.
        """
        rows = np.full((len(sentences), length), END, np.int64)
        for row, sentence in zip(rows, sentences, strict=True):
            missing = [word for word in sentence if word not in self._numbers]
            if missing:
                raise InputError(f"the vocabulary of {len(self.words):,} words does not have {missing[0]!r}")
            if len(sentence) > length:
                raise InputError(f"a sentence has {len(sentence)} words, and the network takes {length}")
            row[: len(sentence)] = [self._numbers[word] for word in sentence]
        return rows

    def sentence(self, row: np.ndarray) -> str:
        """The words of a row up to its end."""
        ends = np.flatnonzero(row == END)
        words = row[: ends[0]] if len(ends) else row
        return " ".join(self.names[int(number)] for number in words)


def moved_on(rows: np.ndarray) -> np.ndarray:
    """What is known when each word of a row is asked for: `START`, then the words before it."""
    return np.concatenate([np.full((len(rows), 1), START), rows[:, :-1]], axis=1)
