"""`multilabel`: which of several properties a sample has."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from netloom.errors import InputError
from netloom.models.data.examples import Arrays, only
from netloom.models.tasks.task import Outputs, Score, Task, last_function, name_of


@dataclass(frozen=True)
class Multilabel(Task):
    """One score a property, each for itself. Targets are 0 or 1, (samples, properties).

    Attributes:
        threshold: above which a sample has a property.
    """

    threshold: float = 0.0

    name = "multilabel"
    scores = (Score("label_accuracy", "%"), Score("exact_match", "%"))

    def read(self, where: str, array: np.ndarray) -> np.ndarray:
        """Rows of 0 and 1."""
        array = super().read(where, array)
        if array.ndim != 2 or not np.isin(array, (0, 1)).all():
            raise InputError(f"{where} must be rows of 0 and 1, (samples, labels), not {array.shape} of other values")
        return array.astype(np.int64)

    def loss(self, model: Any, output: int = 0) -> Any:
        """Cross-entropy of each property by itself."""
        import keras

        return keras.losses.BinaryCrossentropy(from_logits=last_function(model, output) != "sigmoid")

    def deciding(self, thresholds: Sequence[float]) -> "Multilabel":
        """With the threshold of its one output."""
        return replace(self, threshold=thresholds[0])

    def measure(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """The share of properties, and of samples with all of them, that are right."""
        right = self.decode(outputs) == targets.reshape(outputs.shape)
        return {"label_accuracy": float(right.mean()), "exact_match": float(right.all(axis=1).mean())}

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """0 or 1, int64, (samples, properties)."""
        return (outputs > self.threshold).astype(np.int64)

    def misjudged(self, outputs: Outputs, targets: Arrays) -> np.ndarray | None:
        """Those with any property wrong."""
        decision = self.decode(only(outputs))
        return (decision != only(targets)[: len(decision)]).any(axis=1)

    def words(self, output: np.ndarray, names: Sequence[str]) -> str:
        """The properties it has."""
        return ", ".join(name_of(names, int(number)) for number in np.flatnonzero(self.decode(output))) or "none"
