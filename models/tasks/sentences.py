"""`sentences`: a sentence is said word by word; the host appends the likeliest word, and asks for the next."""

from collections.abc import Mapping, Sequence

import numpy as np

from netloom.errors import InputError
from netloom.models.data.examples import Arrays, Examples, only
from netloom.models.data.vocabulary import END, START
from netloom.models.tasks.measures.bleu import bleu
from netloom.models.tasks.next_symbol import NextSymbol, perplexity
from netloom.models.tasks.task import Outputs, Predict, Score, name_of


class Sentences(NextSymbol):
    """Scores of the next word at every place, (places, words), of a network whose last input is what has been said.

    That input is, at each place, the word before it, `START` at the first; targets are the words themselves, int64,
    (samples, places), with `END` behind the last one. Inputs of a data set have what should have been said, so that a
    network learns every word at once; it is judged by what it says by itself.
    """

    alone = True

    def __init__(self) -> None:
        super().__init__("sentences", Score("perplexity", better=-1), perplexity)
        self.scores = (Score("exact_sentences", "%"), Score("words_right", "%"), Score("bleu", "%"))

    def evaluate(self, predict: Predict, examples: Examples) -> dict[str, float]:
        """The share of sentences that are right to the last word; of words, each at its place, up to the ends of the
        right sentences; and BLEU, in which words at another place count too.

        Raises:
            InputError: if there is one input, or the last one is not what has been said.
        """
        if examples.y is None:
            return {}
        right, said = only(examples.y), self.said(predict, examples.x)
        counts = within(right)
        return {
            "exact_sentences": float((~self.wrong(said, right)).mean()),
            "words_right": float((said == right)[counts].mean()),
            "bleu": bleu(*(_until_ends(rows) for rows in (said, right))),
        }

    def said(self, predict: Predict, x: Arrays) -> np.ndarray:
        """What a network says: at each place the likeliest word after those that it has said itself.

        Args:
            predict: one engine; asked as often as there are places, or until all sentences have ended.
            x: inputs; of the last one only the shape is looked at.

        Returns:
            int64 (samples, places), `END` from the end of each on.
        """
        if not isinstance(x, Mapping) or list(x.values())[-1].ndim != 2:
            raise InputError(
                "a network that says sentences has what has been said as its last input, (samples, places)"
            )
        *_, (name, given) = x.items()
        before = np.full_like(given, END)
        before[:, 0] = START
        words = np.full(given.shape, END, np.int64)
        going = np.ones(len(given), bool)
        for place in range(given.shape[1]):
            scores = only(predict({**x, name: before.copy()}))
            words[going, place] = scores[going, place].argmax(axis=-1)
            going &= words[:, place] != END
            if not going.any():
                break
            if place + 1 < given.shape[1]:
                before[:, place + 1] = words[:, place]
        return words

    def measure(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """Nothing follows from outputs alone, which know what should have been said."""
        del outputs, targets
        return {}

    def wrong(self, said: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Which sentences differ before the end of both, (samples,)."""
        differ: np.ndarray = ((said != right) & (within(said) | within(right))).any(axis=1)
        return differ

    def misjudged(self, outputs: Outputs, targets: Arrays) -> np.ndarray | None:
        """Those with a word that is not foreseen, if all before it are told."""
        decoded = self.decode(only(outputs))
        return self.wrong(decoded, only(targets)[: len(decoded)])

    def words(self, output: np.ndarray, names: Sequence[str]) -> str:
        """The words up to the end."""
        symbols = np.ravel(output) if output.dtype.kind in "iu" else self.decode(output)
        return " ".join(name_of(names, int(one)) for one in symbols[within(symbols[None])[0]] if one != END)


def within(rows: np.ndarray) -> np.ndarray:
    """Places of sentences up to their first `END`, and that one, bool (samples, places)."""
    ended = np.cumsum(rows == END, axis=1)
    inside: np.ndarray = (ended == 0) | ((ended == 1) & (rows == END))
    return inside


def _until_ends(rows: np.ndarray) -> list[list[int]]:
    return [row[inside & (row != END)].tolist() for row, inside in zip(rows, within(rows), strict=True)]
