"""Boxes in pictures: read from a network's grid of cells, thinned out, and held against those that are there."""

from dataclasses import dataclass

import numpy as np

NONE = -1
"""Instead of a class: no box."""
_CANDIDATES = 64
"""Boxes of a picture that are looked at, those of the highest scores."""
_EXTREME = 6.0
"""Beyond, the logarithm of a size in cells is taken for this."""


@dataclass(frozen=True, eq=False)
class Boxes:
    """Boxes of several pictures, as many in each; those that are none have the class `NONE`.

    Attributes:
        labels: classes, int64, (pictures, boxes).
        edges: top, left, bottom, right, as shares of the picture's height and width, (pictures, boxes, 4).
        scores: how sure each is, (pictures, boxes); descending.
    """

    labels: np.ndarray
    edges: np.ndarray
    scores: np.ndarray

    def above(self, threshold: float) -> "Boxes":
        """The same without those whose score is not above a threshold."""
        return Boxes(np.where(self.scores > threshold, self.labels, NONE), self.edges, self.scores)


def read_boxes(outputs: np.ndarray) -> Boxes:
    """The boxes of the most certain cells, none thinned out.

    Args:
        outputs: (pictures, rows, columns, classes + 4), as the task `detection` says.
    """
    pictures, rows, columns, channels = outputs.shape
    cells = outputs.reshape(pictures, rows * columns, channels)
    best = cells[..., :-4].max(axis=-1)
    chosen = np.argsort(-best, axis=1, kind="stable")[:, :_CANDIDATES]
    cells = np.take_along_axis(cells, chosen[..., None], axis=1)
    grid = np.array([rows, columns])
    middles = np.stack(np.divmod(chosen, columns), axis=-1) + 0.5 + cells[..., -4:-2]
    sizes = 2.0 ** np.clip(cells[..., -2:], -_EXTREME, _EXTREME)
    edges = np.concatenate([middles - sizes / 2, middles + sizes / 2], axis=-1) / np.tile(grid, 2)
    labels = cells[..., :-4].argmax(axis=-1)
    return Boxes(labels, np.clip(edges, 0, 1), np.take_along_axis(best, chosen, axis=1))


def thinned(boxes: Boxes, overlap: float) -> Boxes:
    """Non-maximum suppression: of boxes of one class that lie upon each other, the most certain alone is kept.

    Args:
        boxes: of the pictures.
        overlap: intersection over union beyond which two are taken for one.
    """
    labels = boxes.labels.copy()
    same = labels[:, :, None] == labels[:, None]
    upon = same & (overlaps(boxes.edges, boxes.edges) > overlap)
    for place in range(labels.shape[1]):
        kept = labels[:, place] != NONE
        labels[:, place + 1 :][upon[:, place, place + 1 :] & kept[:, None]] = NONE
    return Boxes(labels, boxes.edges, boxes.scores)


def overlaps(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes, (pictures, m, 4) and (pictures, n, 4) -> (pictures, m, n)."""
    first, second = one[:, :, None], other[:, None]
    shared = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    intersection = np.maximum(shared, 0).prod(axis=-1)
    union = (first[..., 2:] - first[..., :2]).prod(axis=-1) + (second[..., 2:] - second[..., :2]).prod(axis=-1)
    union = union - intersection
    return np.divide(intersection, union, out=np.zeros_like(union), where=union > 0)


def hits(boxes: Boxes, targets: np.ndarray, least: float) -> np.ndarray:
    """Which boxes find one that is there: in order of their scores each takes the one of its class that it overlaps
    most, if it does so by `least`, and if that has not been found before.

    Args:
        boxes: thinned out.
        targets: class, top, left, bottom, right, (pictures, n, 5).
        least: intersection over union.

    Returns:
        bool, (pictures, boxes).
    """
    found = np.zeros(boxes.labels.shape, bool)
    if not targets.shape[1]:
        return found
    taken = np.zeros(targets.shape[:2], bool)
    alike = (boxes.labels[..., None] == targets[:, None, :, 0]) & (boxes.labels[..., None] != NONE)
    fit = np.where(alike, overlaps(boxes.edges, targets[..., 1:]), -1.0)
    pictures = np.arange(len(targets))
    for place in range(boxes.labels.shape[1]):
        nearest = fit[:, place].argmax(axis=1)
        found[:, place] = (fit[pictures, place, nearest] >= least) & ~taken[pictures, nearest]
        taken[pictures, nearest] |= found[:, place]
    return found


def average_precision(scores: np.ndarray, right: np.ndarray, there: int) -> float:
    """The area below precision against recall, precision being the best one at that recall or a higher one.

    Args:
        scores: of all boxes of a class, (boxes,).
        right: which of them find one, (boxes,).
        there: how many there are to find, at least 1.
    """
    order = np.argsort(-scores, kind="stable")
    found = np.cumsum(right[order])
    precision = found / np.arange(1, len(found) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(best[right[order]].sum() / there)
