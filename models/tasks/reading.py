"""`reading`: which string of symbols a sample shows, by scores of the symbols at positions along it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from netloom.common.palette import INK
from netloom.errors import InputError
from netloom.models.data.examples import Arrays, only
from netloom.models.tasks.measures.grammar import Grammar
from netloom.models.tasks.pictures.picture import Picture, Shows
from netloom.models.tasks.pictures.shown import as_picture
from netloom.models.tasks.task import Outputs, Score, Task, last_function, name_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DRAWN = 4
"""Samples that are pictured."""


class Reading(Task):
    """Scores along the last axis, of nothing and then of each symbol, at every position: all axes before it.

    Trained by connectionist temporal classification: nobody says where a symbol is. Targets are the numbers of the
    symbols from 1, filled up with 0, int64, (samples, longest).

    Attributes:
        grammar: what may be written; without one, anything is read.
    """

    def __init__(self, name: str = "reading", grammar: Grammar | None = None) -> None:
        self.name, self.grammar = name, grammar
        plain = (Score("exact_without_grammar", "%"),) if grammar else ()
        self.scores = (Score("exact_strings", "%"), *plain, Score("character_error_rate", "%", better=-1))

    def read(self, where: str, array: np.ndarray) -> np.ndarray:
        """Rows of symbol numbers from 1, with 0 after the last, int64."""
        array = super().read(where, array)
        whole = (array >= 0) & (array == np.floor(array))
        if array.ndim != 2 or not whole.all():
            raise InputError(
                f"{where} must be rows of symbol numbers from 1, (samples, longest string), filled up with 0, not"
                f" {array.shape} of other values"
            )
        inside = np.flatnonzero(((array[:, :-1] == 0) & (array[:, 1:] > 0)).any(axis=1))
        if len(inside):
            raise InputError(f"{where} has a 0 within the string of sample {inside[0]}; 0 only fills up its end")
        if not array.any():
            raise InputError(f"{where} is 0 everywhere, so that no sample shows a symbol; number them from 1")
        return array.astype(np.int64)

    def check(self, where: str, model: str, shape: tuple[int, ...], targets: Arrays) -> None:
        """A score a symbol, and one of nothing; positions enough for the longest string."""
        strings, positions = only(targets), int(np.prod(shape[:-1]))
        if len(shape) < 2:
            raise InputError(
                f"{where}: {model} gives outputs of shape {shape}, but {self.name} takes scores of the symbols at"
                " positions, (positions, symbols + 1); end it in a convolution with a filter a symbol and one more"
            )
        if self.grammar and shape[-1] != len(self.grammar.symbols) + 1:
            raise InputError(
                f"{where}: {model} gives {shape[-1]} scores a position, but {self.name} takes"
                f" {len(self.grammar.symbols) + 1}: of nothing, then of {' '.join(self.grammar.symbols)};"
                " for other symbols take the task reading"
            )
        if strings.max(initial=0) >= shape[-1]:
            raise InputError(
                f"{where} has symbol {strings.max()}, but {model} has {shape[-1]} scores a position, the first of them"
                " of nothing; number the symbols from 1"
            )
        alike = (strings[:, 1:] == strings[:, :-1]) & (strings[:, 1:] > 0)
        needed = (strings > 0).sum(axis=1) + alike.sum(axis=1)
        if needed.max(initial=0) > positions:
            raise InputError(
                f"{where}: the string of sample {needed.argmax()} takes {needed.max()} positions, one a symbol and one"
                f" between two that are the same, but {model} has {positions}; pool less along the string"
            )

    def loss(self, model: Any, output: int = 0) -> Any:
        """Connectionist temporal classification (CTC): over all places where the symbols may be."""
        import keras
        from keras import ops

        softmax = last_function(model, output) == "softmax"

        def temporal(targets: Any, outputs: Any) -> Any:
            logits = ops.log(outputs + keras.config.epsilon()) if softmax else outputs
            count, scores = int(np.prod(outputs.shape[1:-1])), outputs.shape[-1]
            return keras.losses.ctc(targets, ops.reshape(logits, (-1, count, scores)))

        return temporal

    def fitted(self, model: Any, targets: Arrays, output: int = 0) -> Any:
        """As they are."""
        del model, output
        return only(targets)

    def measure(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """The share of strings that are right to the last symbol, with the grammar and, if there is one, without it;
        symbols to insert, delete or replace, as a share of those that there are.
        """
        plain = gathered_symbols(self._plain(outputs))
        said = plain if self.grammar is None else self.decode(outputs)
        edits = sum(distance(one, wanted) for one, wanted in zip(said, targets, strict=True))
        scores = {"exact_strings": float(_same(said, targets).mean())}
        if self.grammar:
            scores["exact_without_grammar"] = float(_same(plain, targets).mean())
        return scores | {"character_error_rate": edits / max(1, int((targets > 0).sum()))}

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """Numbers of the symbols, filled up with 0, int64, (samples, positions at most)."""
        return gathered_symbols(self._plain(outputs) if self.grammar is None else self._grammatical(outputs))

    def misjudged(self, outputs: Outputs, targets: Arrays) -> np.ndarray | None:
        """Those that are not right to the last symbol."""
        said = self.decode(only(outputs))
        return ~_same(said, only(targets)[: len(said)])

    def pictures(self, shows: Shows) -> Sequence[Picture]:
        """Samples, the scores along them, and what is read: those first that the grammar has changed."""
        outputs = only(shows.predictions["fixed"])
        plain, said = gathered_symbols(self._plain(outputs)), self.decode(outputs)
        order = np.argsort(_same(plain, said), kind="stable")[:_DRAWN]
        images = [as_picture(only(shows.x)[number]) for number in order]
        if isinstance(shows.x, dict) or any(image is None for image in images):
            return ()
        rows = self._probabilities(outputs[order])

        def draw(figure: "Figure") -> None:
            grid = figure.subplots(len(order), 2, squeeze=False)
            for (left, right), number, image, row in zip(grid, order, images, rows, strict=True):
                left.imshow(image, cmap="gray_r", aspect="auto")
                right.imshow(np.exp(row.T), cmap="Blues", aspect="auto", interpolation="none", vmin=0, vmax=1)
                left.set_axis_off()
                right.set_xticks([])
                right.set_yticks(range(row.shape[1]), [name_of(shows.names, one) for one in range(row.shape[1])])
                right.tick_params(length=0, labelsize=5)
                words = f"fixed reads {self.words(said[number], shows.names)}"
                if self.grammar:
                    words += f", without grammar {self.words(plain[number], shows.names)}"
                if shows.y is not None:
                    words += f"; it is {self.words(only(shows.y)[number], shows.names)}"
                left.set_title(words, fontsize=8, loc="left", color=INK)

        note = "On the left the sample, on the right how likely each symbol is at each position, darker for more."
        if self.grammar:
            note += " Samples come first in which the grammar changes what is read."
        return (Picture("What is read, and where", note, (8.4, 1.3 * len(order)), draw),)

    def words(self, output: np.ndarray, names: Sequence[str]) -> str:
        """The string, one symbol after the other."""
        symbols = output if output.dtype.kind in "iu" else self.decode(output[None])[0]
        return "".join(name_of(names, int(one)) for one in symbols if one)

    def _plain(self, outputs: np.ndarray) -> np.ndarray:
        """What scores highest at each position."""
        return outputs.reshape(len(outputs), -1, outputs.shape[-1]).argmax(axis=-1)

    def _grammatical(self, outputs: np.ndarray) -> np.ndarray:
        assert self.grammar
        return self.grammar.read(self._probabilities(outputs))

    @staticmethod
    def _probabilities(outputs: np.ndarray) -> np.ndarray:
        """Logarithms of them, (samples, positions, scores)."""
        scores = outputs.reshape(len(outputs), -1, outputs.shape[-1]).astype(np.float64)
        scores = scores - scores.max(axis=-1, keepdims=True)
        return scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))


def gathered_symbols(along: np.ndarray) -> np.ndarray:
    """Strings of what is at each position: what goes on is one symbol, 0 is nothing.

    Args:
        along: symbol numbers, (samples, positions).

    Returns:
        Filled up with 0, int64, (samples, longest).
    """
    begins = (along > 0) & (along != np.pad(along, ((0, 0), (1, 0)))[:, :-1])
    lengths = begins.sum(axis=1)
    strings = np.zeros((len(along), int(lengths.max(initial=0))), np.int64)
    strings[np.arange(strings.shape[1]) < lengths[:, None]] = along[begins]
    return strings


def distance(one: np.ndarray, other: np.ndarray) -> int:
    """Symbols to insert, delete or replace to make one string of the other (Levenshtein); 0 is no symbol."""
    one, other = one[one > 0], other[other > 0]
    row = np.arange(len(other) + 1)
    for symbol in one:
        changed = np.minimum(row[1:] + 1, row[:-1] + (other != symbol))
        row = np.minimum.accumulate(np.append(row[0] + 1, changed) - np.arange(len(row))) + np.arange(len(row))
    return int(row[-1])


def _same(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Which rows hold the same string, whatever they are filled up to."""
    width = max(one.shape[1], other.shape[1])
    one, other = (np.pad(array, ((0, 0), (0, width - array.shape[1]))) for array in (one, other))
    return (one == other).all(axis=1)
