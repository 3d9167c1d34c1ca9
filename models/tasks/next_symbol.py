"""`characters`, `language`: which symbol comes next, by a score for each; judged by how likely the right one is."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from netloom.errors import InputError
from netloom.models.data.examples import Arrays, only
from netloom.models.tasks.task import Score, Task, last_function, name_of

_ROWS = 1024
"""Of so many symbols at a time the logarithms are in memory: all those of a long text take gigabytes."""


def logarithms(scores: np.ndarray) -> np.ndarray:
    """Logarithms of the probabilities that scores mean, along the last axis, float64; natural ones."""
    scores = scores.astype(np.float64)
    scores = scores - scores.max(axis=-1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))


def surprise(scores: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Minus the logarithm of what the right symbol's probability is, in nats.

    Args:
        scores: (..., symbols).
        targets: the right symbols' numbers, (...).
    """
    found, rows, right = np.empty(targets.size), scores.reshape(-1, scores.shape[-1]), targets.ravel()
    for start in range(0, len(rows), _ROWS):
        part = slice(start, start + _ROWS)
        found[part] = -np.take_along_axis(logarithms(rows[part]), right[part, None], axis=-1)[:, 0]
    return found.reshape(targets.shape)


class NextSymbol(Task):
    """A score a symbol along the last axis, at each place of a sequence or at one.

    Targets are the numbers from 0 of the symbols that come next, int64, (samples, places) or (samples,).

    Attributes:
        mean: the first score, of the mean surprise in nats.
    """

    def __init__(self, name: str, score: Score, mean: Callable[[float], float]) -> None:
        self.name, self.mean = name, mean
        self.scores = (score, Score("foreseen", "%"))

    def read(self, where: str, array: np.ndarray) -> np.ndarray:
        """Symbol numbers, int64."""
        array = super().read(where, array)
        if not ((array >= 0) & (array == np.floor(array))).all():
            raise InputError(f"{where} must be numbers of the symbols that come next, 0, 1, 2, ...")
        return array.astype(np.int64)

    def check(self, where: str, model: str, shape: tuple[int, ...], targets: Arrays) -> None:
        """A target a place, and a score a symbol."""
        wanted = only(targets)
        if wanted.shape[1:] != shape[:-1]:
            raise InputError(
                f"{where} has a symbol for each of {wanted.shape[1:]} places a sample, but {model} gives scores for"
                f" {shape[:-1]}, (places, symbols)"
            )
        if wanted.max(initial=0) >= shape[-1]:
            raise InputError(f"{where} has symbol {wanted.max()}, but {model} has scores for {shape[-1]}, from 0")

    def loss(self, model: Any, output: int = 0) -> Any:
        """Cross-entropy at every place."""
        import keras

        return keras.losses.SparseCategoricalCrossentropy(from_logits=last_function(model, output) != "softmax")

    def fitted(self, model: Any, targets: Arrays, output: int = 0) -> Any:
        """As they are."""
        del model, output
        return only(targets)

    def measure(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """How surprising what comes is, on average over all places; the share of places where the likeliest comes."""
        if outputs.shape[:-1] != targets.shape:
            raise InputError(f"targets must be {outputs.shape[:-1]}, one a place, not {targets.shape}")
        nats = float(surprise(outputs, targets).mean())
        return {self.scores[0].name: self.mean(nats), "foreseen": float((self.decode(outputs) == targets).mean())}

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """The likeliest symbol at each place, int64."""
        likeliest: np.ndarray = outputs.argmax(axis=-1)
        return likeliest

    def words(self, output: np.ndarray, names: Sequence[str]) -> str:
        """The symbols, one after the other."""
        symbols = np.ravel(output if output.dtype.kind in "iu" else self.decode(output))
        several = any(len(name) > 1 for name in names)
        return (" " if several else "").join(name_of(names, int(one)) for one in symbols)


def in_bits(nats: float) -> float:
    """Nats in bits."""
    return float(nats / np.log(2))


def perplexity(nats: float) -> float:
    """Of how many equally likely symbols a choice would be as surprising."""
    return float(np.exp(nats))
