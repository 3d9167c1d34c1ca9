"""`glimpse`: which digit is in a scene, by a network that says where to look; the host looks there and asks again."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from netloom.errors import InputError
from netloom.models.data.examples import Arrays, Examples, only
from netloom.models.data.glimpses import PLACES, SCENE, scenes_of, seen_at
from netloom.models.tasks.task import Outputs, Predict, Score, Task, name_of

DIGITS = 10
"""Scores of them come first in a network's output; then those of the places to look at next."""


class Glimpse(Task):
    """A network with the inputs `coarse` and `fovea`, and one output: 10 scores of digits, 25 of places.

    Targets are worlds, (samples, 1 + 60 * 60): the digit, and the pixels of the scene. What is seen first is given;
    where the fovea goes then, the network says.
    """

    name = "glimpse"
    scores = (Score("digits_right", "%"), Score("right_at_first_look", "%"))
    alone = True

    def read(self, where: str, array: np.ndarray) -> np.ndarray:
        """Worlds, uint8."""
        array = super().read(where, array)
        if array.shape[1:] != (1 + SCENE**2,) or not ((array >= 0) & (array < 256) & (array == np.floor(array))).all():
            raise InputError(f"{where} must be worlds, (samples, {1 + SCENE**2}) of 0 to 255: a digit, then its scene")
        if array[:, 0].max(initial=0) >= DIGITS:
            raise InputError(f"{where}: a world begins with its digit, 0 to 9, not {array[:, 0].max():g}")
        return array.astype(np.uint8)

    def check(self, where: str, model: str, shape: tuple[int, ...], targets: Arrays) -> None:
        """A score a digit and a place."""
        del targets
        if shape != (DIGITS + PLACES**2,):
            raise InputError(f"{where}: {model} gives {shape}, and {self.name} takes ({DIGITS + PLACES**2},) scores")

    def loss(self, model: Any, output: int = 0) -> Any:
        """Cross-entropy of the digit alone: nobody says where to look, which is learned from what comes of it."""
        import keras

        del model, output
        every = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        return lambda digits, scores: every(digits, scores[:, :DIGITS])

    def fitted(self, model: Any, targets: Arrays, output: int = 0) -> Any:
        """Digits."""
        del model, output
        return only(targets)[:, 0].astype(np.int64)

    def evaluate(self, predict: Predict, examples: Examples) -> dict[str, float]:
        """The share of digits that are right when the fovea has gone where the network said; and that were before."""
        if examples.y is None or not isinstance(examples.x, Mapping):
            return {}
        worlds, first = only(examples.y), only(predict(examples.x))
        last = only(predict({**examples.x, "fovea": seen_at(scenes_of(worlds), self.place(first))}))
        right = [float((self.decode(one) == worlds[:, 0]).mean()) for one in (last, first)]
        return {"digits_right": right[0], "right_at_first_look": right[1]}

    def place(self, outputs: np.ndarray) -> np.ndarray:
        """Where to look next, int64, (samples,)."""
        best: np.ndarray = outputs[:, DIGITS:].argmax(axis=1)
        return best

    def measure(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """Nothing follows from the first look alone."""
        del outputs, targets
        return {}

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """The digit, int64, (samples,)."""
        best: np.ndarray = outputs[:, :DIGITS].argmax(axis=1)
        return best

    def classes(self, outputs: Outputs, labelled: bool) -> int | None:
        """Ten."""
        del outputs, labelled
        return DIGITS

    def words(self, output: np.ndarray, names: Sequence[str]) -> str:
        """The digit; of a world likewise."""
        if output.dtype == np.uint8:
            return name_of(names, int(output[0]))
        return name_of(names, int(self.decode(output[None])[0]))
