"""`detection`: boxes out of a grid of cells, thinned out, and scored as a slow loop says."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from netloom.errors import InputError
from netloom.models.tasks import Detection, Shows
from netloom.models.tasks.detection import IOU, on_grid
from netloom.models.tasks.measures.boxes import NONE, Boxes, average_precision, hits, overlaps, read_boxes, thinned
from netloom.report.pictures import drawn

RANDOM = np.random.default_rng(0)


def some_boxes(pictures: int, most: int, classes: int = 2, seed: int = 0) -> np.ndarray:
    """Boxes at least an eighth of the picture high and wide; about a third are none."""
    random = np.random.default_rng(seed)
    first = random.uniform(0, 0.7, (pictures, most, 2))
    edges = np.concatenate([first, np.minimum(first + random.uniform(0.125, 0.5, first.shape), 1)], axis=-1)
    labels = random.integers(-1, classes, (pictures, most, 1))
    return np.concatenate([labels, edges], axis=-1).astype(np.float32)


def iou(one: np.ndarray, other: np.ndarray) -> float:
    height = min(one[2], other[2]) - max(one[0], other[0])
    width = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(height, 0) * max(width, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return shared / (sum(areas) - shared) if shared else 0.0


def test_overlaps_are_intersections_over_unions() -> None:
    one, other = some_boxes(3, 4)[..., 1:], some_boxes(3, 5, seed=1)[..., 1:]
    found = overlaps(one, other)
    for picture in range(3):
        expected = [[iou(a, b) for b in other[picture]] for a in one[picture]]
        np.testing.assert_allclose(found[picture], expected, atol=1e-6)
    assert overlaps(np.zeros((1, 1, 4)), np.zeros((1, 1, 4))) == 0  # boxes without an area


def test_of_boxes_upon_each_other_the_most_certain_is_kept() -> None:
    boxes = some_boxes(20, 12)
    scores = -np.sort(-RANDOM.normal(0, 1, (20, 12)), axis=1)
    kept = thinned(Boxes(boxes[..., 0].astype(int), boxes[..., 1:], scores), 0.3).labels
    for picture in range(20):
        survivors: list[int] = []
        for place, (label, *edges) in enumerate(boxes[picture]):
            upon = [
                one
                for one in survivors
                if boxes[picture, one, 0] == label and iou(boxes[picture, one, 1:], edges) > 0.3
            ]
            if label != NONE and not upon:
                survivors.append(place)
        assert np.flatnonzero(kept[picture] != NONE).tolist() == survivors
    assert (kept != NONE).sum() < (boxes[..., 0] != NONE).sum()


def in_a_row(*tops: float) -> np.ndarray:
    """Boxes of one picture, as high as half of it and as wide, (1, boxes, 4)."""
    return np.array([[(top, 0.0, top + 0.5, 1.0) for top in tops]])


def test_a_box_that_is_dropped_drops_no_other() -> None:
    """The second lies upon the first, the third upon the second alone."""
    edges = in_a_row(0.0, 0.15, 0.3)
    kept = thinned(Boxes(np.zeros((1, 3), int), edges, np.array([[3.0, 2.0, 1.0]])), 0.4).labels
    assert kept.tolist() == [[0, NONE, 0]]


def test_what_is_there_is_found_once() -> None:
    truth = np.array([[(0.0, 0.0, 0.0, 0.5, 1.0)]])
    boxes = Boxes(np.zeros((1, 2), int), in_a_row(0.02, 0.0), np.array([[2.0, 1.0]]))
    assert hits(boxes, truth, IOU).tolist() == [[True, False]]


def slow_precision(boxes: Boxes, targets: np.ndarray, label: int) -> float:
    """Average precision with loops: every box of every picture in the order of the scores."""
    of_class = [
        (boxes.scores[picture, place], picture, place)
        for picture, place in zip(*np.nonzero(boxes.labels == label), strict=True)
    ]
    taken: set[tuple[int, int]] = set()
    points, found = [], 0
    there = int((targets[..., 0] == label).sum())
    for count, (_, picture, place) in enumerate(sorted(of_class, key=lambda one: -one[0]), start=1):
        fits = [
            (iou(boxes.edges[picture, place], edges), number)
            for number, (kind, *edges) in enumerate(targets[picture])
            if kind == label
        ]
        best, number = max(fits, default=(0.0, -1))
        if best >= IOU and (picture, number) not in taken:
            taken.add((picture, number))
            found += 1
        points.append((found / there, found / count))
    area, reached = 0.0, 0.0
    for recall, _ in points:
        area += (recall - reached) * max((precision for there, precision in points if there >= recall), default=0)
        reached = max(reached, recall)
    return area


def test_average_precision_is_the_slow_loops() -> None:
    truth = some_boxes(30, 3)
    moved = truth[:, RANDOM.permutation(3)][..., 1:] + RANDOM.normal(0, 0.04, (30, 3, 4))
    edges = np.concatenate([np.clip(moved, 0, 1), some_boxes(30, 3, seed=5)[..., 1:]], axis=1)
    labels, scores = RANDOM.integers(-1, 2, (30, 6)), -np.sort(-RANDOM.normal(0, 1, (30, 6)), axis=1)
    boxes = Boxes(labels, edges, scores)
    right = hits(boxes, truth, IOU)
    assert right.any() and not right[labels == NONE].any()
    for label in (0, 1):
        chosen = labels == label
        area = average_precision(scores[chosen], right[chosen], int((truth[..., 0] == label).sum()))
        assert area == pytest.approx(slow_precision(boxes, truth, label))
    assert not hits(boxes, truth[:, :0], IOU).any()


@pytest.mark.parametrize("size", [(12, 12), (6, 20)])
def test_what_is_put_on_the_grid_is_read_back(size: tuple[int, int]) -> None:
    truth = some_boxes(40, 1, classes=3)
    grid = on_grid(truth, *size, 3).astype(np.float64)
    scores = grid[..., :3]
    assert (scores.max(axis=-1) >= 0).all() and (scores.sum(axis=(1, 2, 3)) >= (truth[:, 0, 0] != NONE)).all()
    grid[..., :3] = np.where(scores > 0, 5, -5)
    task = Detection()
    for picture, found in zip(truth[:, 0], task.decode(grid), strict=True):
        seen = found[found[:, 0] != NONE]
        assert len(seen) == (picture[0] != NONE)
        for one in seen:
            np.testing.assert_allclose(one[:5], picture, atol=1e-5)
            assert one[5] == 5
    assert task.measure(grid, truth) == {"average_precision": 1.0, "recall": 1.0, "precision": 1.0}
    assert not task.misjudged(grid, truth).any()  # type: ignore[union-attr]
    missed = task.misjudged(np.where(scores.sum(axis=(1, 2, 3), keepdims=True) > 1e9, grid, -5.0), truth)
    assert missed is not None and (missed == (truth[:, 0, 0] != NONE)).all()
    assert "precision" not in task.measure(np.full_like(grid, -5), truth)


def test_of_two_things_in_a_cell_the_smaller_is_found() -> None:
    large, small = [0, 0.1, 0.1, 0.9, 0.9], [1, 0.44, 0.44, 0.56, 0.56]
    for boxes in ([large, small], [small, large]):
        grid = on_grid(np.array([boxes], np.float32), 4, 4, 2)[0]
        assert grid[2, 2, :2].tolist() == [0, 1]
        assert (grid[..., 1] == 1).sum() == 1


def test_outputs_mean_the_same_in_a_picture_of_any_size() -> None:
    """A cell's numbers are in cells: in a grid of twice the size the same box is half the share."""
    grid = np.zeros((1, 4, 4, 5))
    grid[..., 0] = -1
    grid[0, 1, 2] = [3, 0.25, -0.25, 1, 0]
    wide = np.full((1, 8, 8, 5), -1.0)
    wide[:, :4, :4] = grid
    one, other = (Detection().decode(values)[0, 0] for values in (grid, wide))
    np.testing.assert_allclose(one[1:5] * 4, [0.75, 1.75, 2.75, 2.75])
    np.testing.assert_allclose(other[1:5], one[1:5] / 2)


def test_the_extremes_of_a_grid_give_boxes_within_the_picture() -> None:
    boxes = read_boxes(RANDOM.normal(0, 1e3, (3, 10, 10, 7)))
    assert boxes.labels.shape == (3, 64) and np.isfinite(boxes.edges).all()
    assert (boxes.edges >= 0).all() and (boxes.edges <= 1).all()
    assert (np.diff(boxes.scores) <= 0).all()


def test_the_loss_falls_to_nothing_where_all_is_right_and_boxes_count_only_where_something_is() -> None:
    keras = pytest.importorskip("keras")
    task, truth = Detection(), some_boxes(6, 2)
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(6, 1)])
    wanted = task.fitted(model, truth)
    assert wanted.shape == (6, 8, 8, 6)
    right = np.concatenate([np.where(wanted[..., :2] > 0, 20, -20), wanted[..., 2:]], axis=-1).astype(np.float32)
    loss = task.loss(model)
    assert float(loss(wanted, right)) == pytest.approx(0, abs=1e-6)
    elsewhere = right + np.where(wanted[..., :2].max(axis=-1, keepdims=True) > 0, 0, [0, 0, 3, 3, 3, 3])
    assert float(loss(wanted, elsewhere.astype(np.float32))) == pytest.approx(0, abs=1e-6)
    moved = right + np.array([0, 0, 3, 0, 0, 0], np.float32)
    assert float(loss(wanted, moved)) > 1
    assert float(loss(wanted, -right)) > 10
    ended = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(6, 1, activation="sigmoid", name="last")])
    with pytest.raises(InputError, match="scores and boxes end in sigmoid; end the model in a convolution alone"):
        task.loss(ended)


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (np.zeros((4, 5)), r"must be boxes, \(samples, boxes, 5\)"),
        (np.full((4, 2, 5), -1.0), "y has no box: all have the class -1"),
        (np.array([[[0, 0.5, 0.1, 0.2, 0.3]]]), r"box 0 of sample 0 is \(0, 0.5, 0.1, 0.2, 0.3\)"),
        (np.array([[[-1, 0, 0, 0, 0], [0, 3, 4, 10, 12]]]), r"box 1 of sample 0 is \(0, 3, 4, 10, 12\)"),
        (np.array([[[0.5, 0, 0, 1, 1]]]), r"box 0 of sample 0 is \(0.5, 0, 0, 1, 1\)"),
        (np.array([[[-2, 0, 0, 1, 1]]]), r"is \(-2, 0, 0, 1, 1\)"),
        (np.array([[[np.nan, 0, 0, 1, 1]]]), "must be finite numbers"),
    ],
)
def test_what_are_no_boxes_is_refused(targets: np.ndarray, words: str) -> None:
    with pytest.raises(InputError, match=words):
        Detection().read("y", targets)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((8, 8), r"m gives \(8, 8\); it should be \(rows, columns, classes \+ 4\)"),
        ((8, 8, 4), r"m gives \(8, 8, 4\)"),
        ((8, 8, 5), "y has class 1, but m has 1 scores a cell, and four numbers of a box"),
    ],
)
def test_a_model_that_gives_no_boxes_is_refused(shape: tuple[int, ...], words: str) -> None:
    truth = some_boxes(6, 2)
    with pytest.raises(InputError, match=words):
        Detection().check("y", "m", shape, truth)
    Detection().check("y", "m", (8, 8, 6), Detection().read("y", truth))


def test_boxes_are_drawn_into_pictures_and_said_in_words() -> None:
    truth = some_boxes(10, 1, classes=2)
    truth[:, 0, 0] = np.arange(10) % 2
    grid = on_grid(truth, 8, 8, 2).astype(np.float64)
    grid[..., :2] = np.where(grid[..., :2] > 0, 2, -2)
    task, x = Detection(), RANDOM.random((10, 32, 32, 1))
    shows = Shows(x, truth, ("left", "right"), {"fixed": [grid]}, lambda engine, inputs: {})
    (picture,) = task.pictures(shows)
    text = drawn(picture, "frames")
    assert text.count("<image") == 8
    assert "from an intersection over union of 0.5 on" in picture.note
    for other in (replace(shows, x=RANDOM.random((10, 2, 2, 2))), replace(shows, y=None)):
        assert not task.pictures(other)
    said = task.words(grid[1], ("left", "right"))
    top, left, bottom, right = truth[1, 0, 1:]
    assert said == f"right at {50 * (top + bottom):.0f}, {50 * (left + right):.0f} % (2)"
    assert task.words(np.full_like(grid[1], -1), ()) == "nothing"
    frames: list[Any] = [task.answer(grid[1], ()).image, task.target(truth[1], ()).image]
    assert (frames[0] == frames[1]).all() and 0 < frames[0].sum() < 64 * 64 / 4
