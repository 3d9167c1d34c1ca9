"""`segmentation`: which class each pixel is of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from netloom.errors import InputError
from netloom.models.data.examples import Arrays, only
from netloom.models.tasks.classification import MAX_CLASSES, decided
from netloom.models.tasks.pictures.outlines import outlines
from netloom.models.tasks.pictures.picture import Picture, Shows
from netloom.models.tasks.pictures.shown import Shown, as_picture
from netloom.models.tasks.task import Outputs, Score, Task, last_function

NOT_JUDGED = -1
"""Instead of a pixel's class: it is neither learned nor counted."""
_OUTLINED = 4


@dataclass(frozen=True)
class Segmentation(Task):
    """Scores along the last axis, one a class or a single one for two; the largest wins in every pixel.

    Targets are class numbers from 0, or `NOT_JUDGED`, int64, (samples, height, width), or with fewer or more axes.

    Attributes:
        threshold: above which a single output means class 1.
    """

    threshold: float = 0.0

    name = "segmentation"
    scores = (Score("mean_iou", "%"), Score("pixel_accuracy", "%"))

    def read(self, where: str, array: np.ndarray) -> np.ndarray:
        """Class numbers or `NOT_JUDGED`, (samples, height, width), or with an axis of one after that."""
        array = super().read(where, array).astype(np.float64)
        wrong = np.argwhere((array < NOT_JUDGED) | (array >= MAX_CLASSES) | (array != np.floor(array)))
        if len(wrong):
            raise InputError(
                f"{where} must be class numbers of pixels, 0, 1, 2, ... below {MAX_CLASSES:,}, or {NOT_JUDGED} for"
                f" those that do not count; sample {wrong[0][0]} has {array[tuple(wrong[0])]:g}; number the classes"
                " from 0"
            )
        if (array == NOT_JUDGED).all():
            raise InputError(f"{where} is {NOT_JUDGED} in every pixel, so that none counts; number the classes from 0")
        return (array[..., 0] if array.ndim > 2 and array.shape[-1] == 1 else array).astype(np.int64)

    def check(self, where: str, model: str, shape: tuple[int, ...], targets: Arrays) -> None:
        """A score a class in every pixel."""
        labels = only(targets)
        if len(shape) < 2 or labels.shape[1:] != shape[:-1]:
            raise InputError(
                f"{where} has the shape {labels.shape[1:]} a sample, but {model} gives {shape}, whose last axis should"
                " be scores of the classes of each pixel; end the model in a convolution with a filter a class"
            )
        if int(labels.max(initial=0)) >= max(2, shape[-1]):
            raise InputError(
                f"{where} has class {labels.max()}, but {model} has {shape[-1]} scores a pixel;"
                " number the classes from 0"
            )

    def loss(self, model: Any, output: int = 0) -> Any:
        """Cross-entropy of each pixel that counts."""
        import keras
        from keras import ops

        function = last_function(model, output)
        if model.outputs[output].shape[-1] > 1:
            return keras.losses.SparseCategoricalCrossentropy(
                from_logits=function != "softmax", ignore_class=NOT_JUDGED
            )

        def cross_entropy(targets: Any, outputs: Any) -> Any:
            counts = ops.cast(ops.not_equal(targets, NOT_JUDGED), outputs.dtype)
            right = ops.cast(targets, outputs.dtype) * counts
            each = ops.binary_crossentropy(right, outputs, from_logits=function != "sigmoid") * counts
            return ops.sum(each) / ops.maximum(ops.sum(counts), 1)

        return cross_entropy

    def fitted(self, model: Any, targets: Arrays, output: int = 0) -> Any:
        """With an axis for a single score."""
        labels = only(targets)
        return labels[..., None] if model.outputs[output].shape[-1] == 1 else labels

    def deciding(self, thresholds: Sequence[float]) -> "Segmentation":
        """With the threshold of its one output."""
        return replace(self, threshold=thresholds[0])

    def measure(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """Intersection over union, a mean over classes that occur or are given; the share of pixels that are right."""
        judged, classes = targets != NOT_JUDGED, max(2, outputs.shape[-1])
        chosen, right = self.decode(outputs)[judged], targets[judged]
        counts = np.bincount(right * classes + chosen, minlength=classes**2).reshape(classes, classes)
        union = counts.sum(axis=0) + counts.sum(axis=1) - counts.diagonal()
        met = union > 0
        return {
            "mean_iou": float((counts.diagonal()[met] / union[met]).mean()),
            "pixel_accuracy": float((chosen == right).mean()),
        }

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """The class of each pixel, int64, (samples, height, width)."""
        return decided(outputs, self.threshold)

    def classes(self, outputs: Outputs, labelled: bool) -> int | None:
        """As many as there are scores; two for a single one."""
        del labelled
        return max(2, only(outputs).shape[-1])

    def pictures(self, shows: Shows) -> Sequence[Picture]:
        """Outlines in the first samples in which there is more than one class, if samples are images."""
        if not isinstance(shows.x, np.ndarray) or not isinstance(shows.y, np.ndarray):
            return ()
        said = self.decode(shows.predictions["fixed"][0])
        found = [
            (image, truth, classes)
            for x, truth, classes in zip(shows.x, shows.y, said, strict=False)
            if truth.ndim == 2 and truth.max() > 0 and (image := as_picture(x)) is not None
        ]
        if not found:
            return ()
        arrays = (np.stack(one) for one in zip(*found[:_OUTLINED], strict=True))
        return [outlines("Outlines in samples", "Test samples with more than one class.", *arrays)]

    def answer(self, output: np.ndarray, names: Sequence[str]) -> Shown:
        """The map of classes as an image."""
        return self.target(self.decode(output[None])[0], names)

    def target(self, target: np.ndarray, names: Sequence[str]) -> Shown:
        """As an image, grey levels for classes; pixels that do not count as those of the first."""
        if target.ndim != 2:
            return Shown(self.words(target, names))
        return Shown(image=np.maximum(target, 0) / max(1, int(target.max())))

    def words(self, output: np.ndarray, names: Sequence[str]) -> str:
        """How many pixels each class has."""
        decision = self.decode(output[None])[0] if output.dtype.kind == "f" else output
        numbers, counts = np.unique(decision, return_counts=True)
        called = (names[number] if number < len(names) else str(number) for number in numbers)
        return ", ".join(f"{name}: {count}" for name, count in zip(called, counts, strict=True))
