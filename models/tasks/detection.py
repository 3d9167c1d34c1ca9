"""`detection`: where things are in a picture, and of which class each is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from netloom.errors import InputError
from netloom.models.data.examples import Arrays, only
from netloom.models.tasks.classification import MAX_CLASSES
from netloom.models.tasks.measures.boxes import NONE, Boxes, average_precision, hits, read_boxes, thinned
from netloom.models.tasks.pictures.frames import framed
from netloom.models.tasks.pictures.picture import Picture, Shows
from netloom.models.tasks.pictures.shown import Shown, as_picture
from netloom.models.tasks.task import Outputs, Score, Task, last_function, name_of

IOU = 0.5
"""Intersection over union from which on a box has found what is there."""
SAME = 0.4
"""Intersection over union beyond which two boxes of a class are taken for one."""
_EASY = 2
"""Exponent of how little cells count that are right already: nearly all are, and see nothing."""
_FRAMED = 8
_SIDE = 64
"""In pixels, of what boxes are drawn on without their picture."""


@dataclass(frozen=True)
class Detection(Task):
    """A picture is a grid of cells, and the cell that a thing's middle is in finds it.

    Outputs are (rows, columns, classes + 4): of each cell a score a class; then, in cells, how far the middle of the
    box is below the cell's middle and right of it; then the logarithms, to the base 2, of the box's height and width in
    cells. So they mean the same in pictures of any size.

    Targets are boxes, float32, (samples, boxes, 5): a class from 0, or `NONE` for no box; top, left, bottom, right, as
    shares of the picture's height and width, 0 to 1.

    Attributes:
        threshold: above which a score means that something is there.
    """

    threshold: float = 0.0

    name = "detection"
    scores = (Score("average_precision", "%"), Score("recall", "%"), Score("precision", "%"))

    def read(self, where: str, array: np.ndarray) -> np.ndarray:
        """Boxes, (samples, boxes, 5)."""
        array = super().read(where, array)
        if array.ndim != 3 or array.shape[2] != 5:
            raise InputError(
                f"{where} must be boxes, (samples, boxes, 5), of class, top, left, bottom and right each, not"
                f" {array.shape}; fill up with the class {NONE}"
            )
        labels, edges = array[..., 0], array[..., 1:]
        there = labels != NONE
        inside = (edges[..., :2] >= 0).all(-1) & (edges[..., 2:] <= 1).all(-1)
        ordered = (edges[..., :2] < edges[..., 2:]).all(-1)
        whole = (labels >= NONE) & (labels < MAX_CLASSES) & (labels == np.floor(labels))
        wrong = np.argwhere(~whole | (there & ~(inside & ordered)))
        if len(wrong):
            sample, box = map(int, wrong[0])
            given = ", ".join(f"{value:g}" for value in array[sample, box])
            raise InputError(
                f"{where}: box {box} of sample {sample} is ({given}); a box is a class 0, 1, 2, ..., or {NONE} for"
                " none, and top < bottom, left < right as shares of the picture, 0 to 1"
            )
        if not there.any():
            raise InputError(f"{where} has no box: all have the class {NONE}; number the classes from 0")
        return array

    def check(self, where: str, model: str, shape: tuple[int, ...], targets: Arrays) -> None:
        """A score a class, and four numbers of a box, in every cell."""
        if len(shape) != 3 or shape[-1] < 5:
            raise InputError(
                f"{where} is of boxes, but {model} gives {shape}; it should be (rows, columns, classes + 4): end the"
                " model in a convolution with a filter a class and four for the box"
            )
        highest = int(only(targets)[..., 0].max(initial=0))
        if highest >= shape[-1] - 4:
            raise InputError(
                f"{where} has class {highest}, but {model} has {shape[-1] - 4} scores a cell, and four numbers of a"
                " box; number the classes from 0"
            )

    def loss(self, model: Any, output: int = 0) -> Any:
        """Cross-entropy of the scores, the less the righter they are, and how far boxes are off, per thing there is."""
        import keras
        from keras import ops

        function = last_function(model, output)
        if function != "linear":
            raise InputError(f"{model.name}: scores and boxes end in {function}; end the model in a convolution alone")

        def focal_and_distance(targets: Any, outputs: Any) -> Any:
            wanted, said = targets[..., :-4], outputs[..., :-4]
            off = ops.abs(wanted - ops.sigmoid(said)) ** _EASY
            each = ops.binary_crossentropy(wanted, said, from_logits=True) * off
            there = ops.max(wanted, axis=-1)
            distance = keras.losses.huber(targets[..., -4:], outputs[..., -4:])
            return (ops.sum(each) + ops.sum(4 * distance * there)) / ops.maximum(ops.sum(there), 1)

        return focal_and_distance

    def fitted(self, model: Any, targets: Arrays, output: int = 0) -> Any:
        """The outputs that would be right, (samples, rows, columns, classes + 4)."""
        rows, columns, channels = model.outputs[output].shape[1:]
        return on_grid(only(targets), rows, columns, channels - 4)

    def deciding(self, thresholds: Sequence[float]) -> "Detection":
        """With the threshold of its one output."""
        return replace(self, threshold=thresholds[0])

    def measure(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """Average precision at `IOU`, a mean over the classes that occur; and of what is above the threshold, the share
        of all things that it finds, and the share of it that is right.
        """
        boxes = self.found(outputs)
        right, there = hits(boxes, targets, IOU), targets[..., 0] != NONE
        areas = []
        for label in np.unique(targets[there][:, 0]):
            of_class = boxes.labels == label
            areas.append(
                average_precision(boxes.scores[of_class], right[of_class], int((targets[there][:, 0] == label).sum()))
            )
        if not areas:
            return {}
        shown = boxes.above(self.threshold).labels != NONE
        sure = {"precision": float(right[shown].mean())} if shown.any() else {}
        return {"average_precision": float(np.mean(areas)), "recall": float(right[shown].sum() / there.sum())} | sure

    def found(self, outputs: np.ndarray) -> Boxes:
        """Boxes of every score, thinned out."""
        return thinned(read_boxes(outputs), SAME)

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """Boxes above the threshold, thinned out, float64, (samples, boxes, 6): class, or `NONE`; top, left, bottom,
        right; score. Those of the highest scores come first.
        """
        boxes = self.found(outputs).above(self.threshold)
        last = np.argsort(boxes.labels == NONE, axis=1, kind="stable")
        rows = np.concatenate([boxes.labels[..., None], boxes.edges, boxes.scores[..., None]], axis=-1)
        rows = np.take_along_axis(rows, last[..., None], axis=1)
        return rows[:, : int((rows[..., 0] != NONE).sum(axis=1).max(initial=0))]

    def misjudged(self, outputs: Outputs, targets: Arrays) -> np.ndarray | None:
        """Those in which something is missed, or found that is not there."""
        boxes = self.found(only(outputs)).above(self.threshold)
        wanted = only(targets)[: len(boxes.labels)]
        right = hits(boxes, wanted, IOU).sum(axis=1)
        return (right != (wanted[..., 0] != NONE).sum(axis=1)) | (right != (boxes.labels != NONE).sum(axis=1))

    def apart(self, one: Outputs, other: Outputs) -> np.ndarray:
        """How many boxes one has and the other has not."""
        boxes, others = self.found(only(one)).above(self.threshold), self.decode(only(other))
        shared = hits(boxes, others[..., :5], IOU).sum(axis=1)
        return (boxes.labels != NONE).sum(axis=1) + (others[..., 0] != NONE).sum(axis=1) - 2.0 * shared

    def pictures(self, shows: Shows) -> Sequence[Picture]:
        """Boxes in the first samples, if samples are images."""
        if not isinstance(shows.x, np.ndarray) or not isinstance(shows.y, np.ndarray):
            return ()
        images = [image for x in shows.x[:_FRAMED] if (image := as_picture(x)) is not None]
        if not images:
            return ()
        said = self.decode(shows.predictions["fixed"][0][: len(images)])[..., :5]
        note = f"The first test samples. A box counts as found from an intersection over union of {IOU:g} on."
        return [framed("Boxes in samples", note, images, list(shows.y), list(said), shows.names)]

    def answer(self, output: np.ndarray, names: Sequence[str]) -> Shown:
        """The frames of the boxes, as an image."""
        del names
        return _drawn(self.decode(output[None])[0])

    def target(self, target: np.ndarray, names: Sequence[str]) -> Shown:
        """The frames of the boxes, as an image."""
        del names
        return _drawn(target)

    def words(self, output: np.ndarray, names: Sequence[str]) -> str:
        """Which classes are where, in percent of the picture from its top and from its left."""
        boxes = self.decode(output[None])[0]
        places = [
            f"{name_of(names, int(label))} at {50 * (top + bottom):.0f}, {50 * (left + right):.0f} % ({score:.3g})"
            for label, top, left, bottom, right, score in boxes
            if label != NONE
        ]
        return "; ".join(places) or "nothing"


def on_grid(boxes: np.ndarray, rows: int, columns: int, classes: int) -> np.ndarray:
    """What a network should say of boxes: those cells find one whose middles are in the middle third of it, or that its
    middle is in; where two could be found, the smaller one is.

    Args:
        boxes: (samples, boxes, 5), as the task `detection` says.
        rows: of cells.
        columns: of cells.
        classes: number of classes.

    Returns:
        float32, (samples, rows, columns, classes + 4): 1 for the class of a cell that finds something.
    """
    grid = np.zeros((len(boxes), rows, columns, classes + 4), np.float32)
    cells = np.stack(np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"), axis=-1) + 0.5
    size = np.array([rows, columns])
    areas = (boxes[..., 3:] - boxes[..., 1:3]).prod(axis=-1)
    for sample, order in enumerate(np.argsort(-areas, axis=1, kind="stable")):
        for label, *edges in boxes[sample, order]:
            if label == NONE:
                continue
            first, last = np.array(edges[:2]) * size, np.array(edges[2:]) * size
            middle, extent = (first + last) / 2, last - first
            away = np.abs(cells - middle)
            here = (away <= extent / 6).all(axis=-1)
            here[tuple(np.minimum(middle.astype(int), size - 1))] = True
            grid[sample, here] = 0
            grid[sample, here, int(label)] = 1
            grid[sample, here, -4:-2] = (middle - cells)[here]
            grid[sample, here, -2:] = np.log2(extent)
    return grid


def _drawn(boxes: np.ndarray) -> Shown:
    """Frames of boxes on an empty picture."""
    image = np.zeros((_SIDE, _SIDE))
    for label, *edges in boxes[:, :5]:
        if label == NONE:
            continue
        top, left, bottom, right = np.minimum((np.array(edges) * _SIDE).round().astype(int), _SIDE - 1)
        image[[top, bottom], left : right + 1] = 1
        image[top : bottom + 1, [left, right]] = 1
    return Shown(image=image)
