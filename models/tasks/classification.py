"""`classification`: which of several classes a sample is of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from netloom.errors import InputError
from netloom.models.data.examples import Arrays, only
from netloom.models.tasks.pictures.likeliest import likeliest
from netloom.models.tasks.pictures.picture import Picture, Shows
from netloom.models.tasks.pictures.shown import Shown
from netloom.models.tasks.task import Outputs, Score, Task, last_function, name_of

_DRAWN = 6
"""Samples that are drawn, up to half of them misjudged ones."""
MAX_CLASSES = 100_000
"""Labels beyond this are taken for something else than class numbers (identifiers, measured values)."""

OR_NONE = "number the classes from 0, or leave it out and do without accuracy"


@dataclass(frozen=True)
class Classification(Task):
    """One score a class, the largest wins; or a single output, which tells two classes apart.

    Targets are class numbers from 0, int64, (samples,).

    Attributes:
        threshold: above which a single output means class 1.
    """

    threshold: float = 0.0

    name = "classification"
    scores = (Score("accuracy", "%"),)
    watched = ("accuracy",)

    def read(self, where: str, array: np.ndarray) -> np.ndarray:
        """Class numbers, (samples,) or (samples, 1), or one-hot rows."""
        if array.dtype.kind not in "buif":
            raise InputError(f"{where} must be class numbers or one-hot rows, not {array.dtype}; {OR_NONE}")
        if not array.ndim:
            raise InputError(f"{where} must be (samples,) or (samples, classes), not one number; {OR_NONE}")
        if is_one_hot(array):
            return array.argmax(axis=1).astype(np.int64)
        if array.size != len(array):
            raise InputError(f"{where} has the shape {array.shape}, and its samples are not one-hot; {OR_NONE}")
        labels = array.reshape(-1)
        with np.errstate(invalid="ignore"):
            valid = (labels >= 0) & (labels < MAX_CLASSES) & (labels == np.floor(labels))
        if not valid.all():
            index = int(np.argmin(valid))
            raise InputError(
                f"{where} must be class numbers 0, 1, 2, ... below {MAX_CLASSES:,};"
                f" sample {index} has {labels[index]}; measured values are --task regression; {OR_NONE}"
            )
        return labels.astype(np.int64)

    def check(self, where: str, model: str, shape: tuple[int, ...], targets: Arrays) -> None:
        """One output a class, or one for two."""
        split = where.rpartition(" ")[2]
        if len(shape) != 1:
            raise InputError(
                f"{where.rpartition(' ')[0]} there is one label a sample, but {model} gives outputs of shape {shape};"
                " end the model with Flatten, or leave the labels out and do without accuracy"
            )
        highest = int(np.max(only(targets), initial=0))
        if highest >= max(2, shape[0]):
            many = "one output, for classes 0 and 1" if shape[0] == 1 else f"{shape[0]} outputs"
            raise InputError(
                f"{where} has class {highest}, but {model} has {many};"
                f" number the classes from 0, or leave {split} out and do without accuracy"
                " (measured values are --task regression)"
            )

    def loss(self, model: Any, output: int = 0) -> Any:
        """Cross-entropy; of each class by itself if the outputs are sigmoids."""
        import keras

        function = last_function(model, output)
        if function == "sigmoid":
            return keras.losses.BinaryCrossentropy()
        if model.outputs[output].shape[-1] == 1:
            return keras.losses.BinaryCrossentropy(from_logits=True)
        return keras.losses.SparseCategoricalCrossentropy(from_logits=function != "softmax")

    def fitted(self, model: Any, targets: Arrays, output: int = 0) -> Any:
        """Class numbers; one-hot rows for a sigmoid a class."""
        import keras

        classes = model.outputs[output].shape[-1]
        if classes > 1 and last_function(model, output) == "sigmoid":
            return keras.utils.to_categorical(only(targets), classes)
        return only(targets)

    def deciding(self, thresholds: Sequence[float]) -> "Classification":
        """With the threshold of its one output."""
        return replace(self, threshold=thresholds[0])

    def measure(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """Top-1 accuracy."""
        if outputs.ndim != 2 or not len(outputs):
            return {}
        if targets.shape != (len(outputs),):
            raise InputError(f"labels must be one a sample: {len(targets)} labels for {len(outputs)} samples")
        if targets.dtype.kind not in "biu":
            raise InputError(f"labels must be whole numbers from 0, not {targets.dtype}")
        least, most, scores = int(targets.min()), int(targets.max()), outputs.shape[1]
        if least < 0 or most >= max(2, scores):
            raise InputError(
                f"labels have class {least if least < 0 else most}, and the network has {scores} outputs, one a class:"
                " classes are numbered from 0"
            )
        return {"accuracy": float((self.decode(outputs) == targets).mean())}

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """The class of each sample, int64, (samples,)."""
        return decided(outputs, self.threshold)

    def classes(self, outputs: Outputs, labelled: bool) -> int | None:
        """As many as there are scores; two for a single one, if there are labels for it."""
        values = only(outputs)
        return None if values.ndim != 2 or (values.shape[1] == 1 and not labelled) else max(2, values.shape[1])

    def misjudged(self, outputs: Outputs, targets: Arrays) -> np.ndarray | None:
        """Those put in another class."""
        values = only(outputs)
        return self.decode(values) != only(targets)[: len(values)] if values.ndim == 2 else None

    def pictures(self, shows: Shows) -> Sequence[Picture]:
        """The first samples and the first ones that are misjudged, with their highest scores; none for one output."""
        scores = shows.predictions["fixed"][0]
        if not isinstance(shows.x, np.ndarray) or scores.ndim != 2 or scores.shape[1] == 1:
            return ()
        targets = None if shows.y is None else only(shows.y)[: len(scores)]
        wrong = (
            np.flatnonzero(self.decode(scores) != targets)[: _DRAWN // 2] if targets is not None else np.array([], int)
        )
        right = np.setdiff1d(np.arange(min(len(scores), 2 * _DRAWN)), wrong)[: _DRAWN - len(wrong)]
        chosen = np.concatenate([right, wrong])
        return (likeliest(shows.x[chosen], scores[chosen], None if targets is None else targets[chosen], shows.names),)

    def answer(self, output: np.ndarray, names: Sequence[str]) -> Shown:
        """The class's name."""
        return Shown(name_of(names, int(self.decode(output[None])[0]))) if self._scores(output) else Shown()

    def target(self, target: np.ndarray, names: Sequence[str]) -> Shown:
        """The class's name."""
        return Shown(name_of(names, int(target)))

    def words(self, output: np.ndarray, names: Sequence[str]) -> str:
        """The class's name and its score."""
        if not self._scores(output):
            return super().words(output, names)
        best = int(self.decode(output[None])[0])
        return f"{name_of(names, best)} (score {output[best if len(output) > 1 else 0]:.4g})"

    def _scores(self, output: np.ndarray) -> bool:
        return output.ndim == 1


def is_one_hot(array: np.ndarray) -> bool:
    """Whether targets are rows with a single 1 in each."""
    if array.ndim != 2 or array.shape[1] < 2:
        return False
    return bool(np.isin(array, (0, 1)).all() and (array.sum(axis=1) == 1).all())


def decided(outputs: np.ndarray, threshold: float) -> np.ndarray:
    """The class that scores along the last axis say, int64: the largest, or whether a single one is above."""
    if outputs.shape[-1] == 1:
        return (outputs[..., 0] > threshold).astype(np.int64)
    return outputs.argmax(axis=-1)
