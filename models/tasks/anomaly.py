"""`anomaly`: what is like nothing that was seen in training, by how badly an autoencoder renders it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from netloom.common.palette import INK, MEAN
from netloom.errors import InputError
from netloom.models.data.examples import Arrays, Examples, only
from netloom.models.tasks.multilabel import roc_auc
from netloom.models.tasks.pictures.picture import Picture, Shows
from netloom.models.tasks.pictures.shown import Shown
from netloom.models.tasks.regression import Reconstruction
from netloom.models.tasks.task import Predict, Score

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Anomaly(Reconstruction):
    """Outputs are the inputs once more. Targets, which training does without, are 1 for anomalies and else 0,
    (samples,).
    """

    name = "anomaly"
    scores = (Score("roc_auc"), *Reconstruction.scores)
    alone = True

    def read(self, where: str, array: np.ndarray) -> np.ndarray:
        """0 or 1, int64, (samples,) or (samples, 1)."""
        array = super().read(where, array)
        if array.size != len(array) or not np.isin(array, (0, 1)).all():
            raise InputError(
                f"{where} must be 1 for anomalies and else 0, (samples,), not {array.shape} of other values"
            )
        return array.reshape(-1).astype(np.int64)

    def check(self, where: str, model: str, shape: tuple[int, ...], targets: Arrays) -> None:
        """One target a sample goes with outputs of any shape."""
        del where, model, shape, targets

    def wanted(self, examples: Examples) -> Arrays | None:
        """The inputs."""
        return examples.x

    def evaluate(self, predict: Predict, examples: Examples) -> dict[str, float]:
        """How well the error, a mean over the outputs, ranks anomalies above the rest; and the error of those that are
        none.
        """
        x, outputs = only(examples.x), only(predict(examples.x))
        if examples.y is None:
            return self.measure(outputs, x)
        anomalous = only(examples.y) > 0
        area = roc_auc(rendering_errors(outputs, x), anomalous)
        return ({} if area is None else {"roc_auc": area}) | (
            {} if anomalous.all() else self.measure(outputs[~anomalous], x[~anomalous])
        )

    def pictures(self, shows: Shows) -> Sequence[Picture]:
        """How far from the input the outputs of `fixed` are, for anomalies and the rest."""
        if shows.y is None:
            return ()
        outputs = only(shows.predictions["fixed"])
        found, anomalous = rendering_errors(outputs, only(shows.x)[: len(outputs)]), only(shows.y)[: len(outputs)] > 0

        def draw(figure: "Figure") -> None:
            axes = figure.subplots()
            edges = np.geomspace(max(found.min(), 1e-12), max(found.max(), 2e-12), 60).tolist()
            axes.hist(found[~anomalous], edges, color=MEAN, alpha=0.8, label="as in training")
            axes.hist(found[anomalous], edges, color=INK, histtype="step", label="anomalies")
            axes.set_xscale("log")
            axes.set_xticks([], minor=True)
            axes.set_xticks(edges[::10], [f"{edge:.2g}" for edge in edges[::10]])
            axes.set_xlabel("mean squared error of a sample")
            axes.set_ylabel("samples")
            figure.legend(loc="outside right upper", frameon=False)

        note = "The network has learned to render what it saw in training; what it renders badly is something else."
        return (Picture("How badly a sample is rendered", note, (8.4, 3.0), draw),)

    def target(self, target: np.ndarray, names: Sequence[str]) -> Shown:
        """In words."""
        del names
        return Shown(text="an anomaly" if np.asarray(target) else "none")


def rendering_errors(outputs: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The mean squared error of each sample, (samples,)."""
    difference = outputs - x.reshape(outputs.shape)
    mean: np.ndarray = (difference.reshape(len(x), -1) ** 2).mean(axis=1)
    return mean
