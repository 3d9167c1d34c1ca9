"""`regression`: measured values, and `reconstruction`: the input itself."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from netloom.models.data.examples import Arrays, Examples, only
from netloom.models.tasks.shown import Shown, shown
from netloom.models.tasks.task import Score, Task


class Regression(Task):
    """Outputs are estimates of measured values, float32, (samples, *output shape)."""

    name = "regression"
    scores = (Score("mean_absolute_error", better=-1), Score("root_mean_square_error", better=-1), Score("r2"))

    def loss(self, model: Any, output: int = 0) -> Any:
        """Mean squared error."""
        del model, output
        return "mse"

    def measure(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """Errors in the targets' unit; R2 is the mean over the outputs, 1 at best, 0 for always giving the mean."""
        targets = targets.reshape(outputs.shape).astype(np.float64)
        error = outputs - targets
        missed = (error.reshape(len(error), -1) ** 2).sum(axis=0)
        spread = ((targets - targets.mean(axis=0)) ** 2).reshape(len(error), -1).sum(axis=0)
        # Of a target that never changes nothing is explained, unless it is met exactly.
        explained = np.where(spread > 0, 1 - missed / np.where(spread > 0, spread, 1), missed == 0)
        return {
            "mean_absolute_error": float(np.abs(error).mean()),
            "root_mean_square_error": float(np.sqrt((error**2).mean())),
            "r2": float(explained.mean()),
        }


class Reconstruction(Task):
    """Outputs are the inputs once more: an autoencoder. It needs no targets, but takes them if there are any."""

    name = "reconstruction"
    scores: tuple[Score, ...] = (Score("mean_squared_error", better=-1),)
    has_targets = False

    def loss(self, model: Any, output: int = 0) -> Any:
        """Mean squared error."""
        del model, output
        return "mse"

    def wanted(self, examples: Examples) -> Arrays | None:
        """The targets or, without, the inputs."""
        return examples.x if examples.y is None else examples.y

    def measure(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """Mean squared error."""
        return {"mean_squared_error": float(((outputs - targets.reshape(outputs.shape)) ** 2).mean())}

    def answer(self, output: np.ndarray, names: Sequence[str]) -> Shown:
        """As a sample is shown."""
        del names
        return shown(only(output))
