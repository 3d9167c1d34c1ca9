"""`multilabel`: which of several properties a sample has."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from netloom.common.palette import LINE
from netloom.errors import InputError
from netloom.models.data.examples import Arrays, only
from netloom.models.tasks.pictures.picture import Picture, Shows
from netloom.models.tasks.task import Outputs, Score, Task, last_function, name_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Multilabel(Task):
    """One score a property, each for itself. Targets are 0 or 1, (samples, properties), or NaN where it is not known.

    Attributes:
        threshold: above which a sample has a property.
    """

    threshold: float = 0.0

    name = "multilabel"
    scores = (Score("mean_roc_auc"), Score("label_accuracy", "%"), Score("exact_match", "%"))

    def read(self, where: str, array: np.ndarray) -> np.ndarray:
        """Rows of 0 and 1, int64; float32 if there are NaN among them, which are not known."""
        unknown = np.isnan(array) if array.dtype.kind == "f" else np.zeros(array.shape, bool)
        array = super().read(where, np.where(unknown, 0, array))
        if array.ndim != 2 or not np.isin(array, (0, 1)).all():
            raise InputError(f"{where} must be rows of 0 and 1, (samples, labels), not {array.shape} of other values")
        if not unknown.any():
            return array.astype(np.int64)
        if unknown.all():
            raise InputError(f"{where} must be rows of 0 and 1, with NaN for what is not known, not NaN alone")
        return np.where(unknown, np.float32(np.nan), array)

    def loss(self, model: Any, output: int = 0) -> Any:
        """Cross-entropy of each property by itself, 0 where it is not known."""
        import keras
        from keras import ops

        from_logits = last_function(model, output) != "sigmoid"

        def cross_entropy(targets: Any, outputs: Any) -> Any:
            known = ops.logical_not(ops.isnan(targets))
            right = ops.where(known, targets, 0.0)[..., None]
            each = keras.losses.binary_crossentropy(right, outputs[..., None], from_logits=from_logits)
            return ops.mean(ops.where(known, each, 0.0), axis=-1)

        return cross_entropy

    def deciding(self, thresholds: Sequence[float]) -> "Multilabel":
        """With the threshold of its one output."""
        return replace(self, threshold=thresholds[0])

    def measure(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """Of what is known: how well scores rank those with a property above those without, a mean over properties
        that some have and some have not; the share of properties, and of samples with all of them, that are right.
        """
        targets = targets.reshape(outputs.shape)
        known = ~np.isnan(targets)
        right = (self.decode(outputs) == targets) | ~known
        columns = zip(outputs.T, targets.T, known.T, strict=True)
        areas = [roc_auc(one[there], wanted[there]) for one, wanted, there in columns]
        found = [area for area in areas if area is not None]
        return ({"mean_roc_auc": float(np.mean(found))} if found else {}) | {
            "label_accuracy": float(right[known].mean()),
            "exact_match": float(right[known.any(axis=1)].all(axis=1).mean()),
        }

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """0 or 1, int64, (samples, properties)."""
        return (outputs > self.threshold).astype(np.int64)

    def misjudged(self, outputs: Outputs, targets: Arrays) -> np.ndarray | None:
        """Those with any property wrong that is known."""
        decision = self.decode(only(outputs))
        wanted = only(targets)[: len(decision)]
        return ((decision != wanted) & ~np.isnan(wanted)).any(axis=1)

    def pictures(self, shows: Shows) -> Sequence[Picture]:
        """The ROC curve of `fixed` for each property that some have and some have not."""
        if shows.y is None:
            return ()
        outputs = only(shows.predictions["fixed"])
        targets = only(shows.y)[: len(outputs)]
        curves = {}
        for number, (scores, labels) in enumerate(zip(outputs.T, targets.T, strict=True)):
            known = ~np.isnan(labels)
            area = roc_auc(scores[known], labels[known])
            if area is not None:
                curves[f"{name_of(shows.names, number)}  {area:.3f}"] = roc(scores[known], labels[known])
        if not curves:
            return ()

        def draw(figure: "Figure") -> None:
            axes = figure.subplots()
            for label, (false, true) in curves.items():
                axes.plot(false, true, linewidth=1.2, label=label)
            axes.plot([0, 1], [0, 1], color=LINE, linewidth=1)
            axes.set_xlabel("share of those without the property that are above the threshold")
            axes.set_ylabel("share of those with it")
            axes.set_aspect("equal")
            figure.legend(loc="outside right upper", frameon=False)

        note = "For every threshold of the scores. Behind the names is the area below: 0.5 for a coin, 1 at best."
        return (Picture("What each property's score is worth", note, (8.4, 5.0), draw),)

    def words(self, output: np.ndarray, names: Sequence[str]) -> str:
        """The properties it has."""
        return ", ".join(name_of(names, int(number)) for number in np.flatnonzero(self.decode(output))) or "none"


def roc_auc(scores: np.ndarray, labels: np.ndarray) -> float | None:
    """How likely a sample with label 1 scores above one with label 0, ties counting half; None unless there are both.

    Args:
        scores: (samples,).
        labels: 0 or 1, (samples,).
    """
    from scipy.stats import rankdata

    positive = labels > 0
    ones, zeros = int(positive.sum()), int((~positive).sum())
    if not ones or not zeros:
        return None
    return float((rankdata(scores)[positive].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def roc(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ROC curve: shares of samples with label 0, and with label 1, above ever lower thresholds, both from 0 to 1.

    Args:
        scores: (samples,).
        labels: 0 or 1, (samples,), both among them.
    """
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(scores[order]), 1))  # samples of one score are above together
    positive = np.cumsum(labels[order] > 0)[ends]
    negative = ends + 1 - positive
    return np.append(0, negative / negative[-1]), np.append(0, positive / positive[-1])
