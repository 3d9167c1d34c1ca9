"""What the report's page draws: confusion, samples, pictures."""

from xml.etree import ElementTree

import numpy as np
import pytest

from netloom.models.tasks.pictures.shown import as_picture
from netloom.report.evidence import Evidence
from netloom.report.html import most_confused
from netloom.report.plots import confusion, ranges
from netloom.report.samples import pick, samples
from netloom.report.schema import Report


def test_confusion_counts_labels_in_rows(evidence: Evidence) -> None:
    matrix = evidence.confusion()
    assert matrix is not None
    assert evidence.targets is not None
    wrong = (int(evidence.targets[3]), (int(evidence.targets[3]) + 1) % 4)
    assert matrix.sum() == 40
    assert matrix[wrong] == 1
    assert most_confused(matrix, "abcd") == [("abcd"[wrong[0]], "abcd"[wrong[1]], 1)]


@pytest.mark.parametrize("classes", [2, 5, 43])
def test_confusion_of_any_size_is_a_small_drawing(classes: int) -> None:
    drawing = confusion(np.full((classes, classes), 3), [f"class {number}" for number in range(classes)])
    assert ElementTree.fromstring(drawing).get("role") == "img"
    assert len(drawing) < 120_000


def test_misjudged_samples_are_shown_first(evidence: Evidence) -> None:
    assert 3 in pick(evidence)
    shown = {sample.number: sample for sample in samples(evidence, "abcd")}
    assert shown[3].right is False
    assert shown[0].right is True
    assert "csim" in shown[3].words


@pytest.mark.parametrize(
    ("shape", "picture"),
    [
        ((8, 8), True),
        ((28, 28, 1), True),
        ((32, 32, 3), True),
        ((64,), True),
        ((16,), False),
        ((60,), False),
        ((100, 2), False),
        ((3, 8, 8, 1), True),
        ((8, 8, 2), True),
    ],
)
def test_what_can_be_seen_as_an_image(shape: tuple[int, ...], picture: bool) -> None:
    seen = as_picture(np.linspace(-1, 1, int(np.prod(shape))).reshape(shape))
    assert (seen is not None) == picture
    assert seen is None or (seen.min(), seen.max()) == (0, 1)


def test_frames_stand_side_by_side() -> None:
    film = np.zeros((3, 5, 6, 1))
    film[1, 2, 3] = 1
    seen = as_picture(film)
    assert seen is not None
    assert seen.shape == (5, 18)
    assert np.argwhere(seen).tolist() == [[2, 9]]


def test_drawings_take_their_colours_from_the_page(report: Report) -> None:
    drawing = ranges(report.layers)
    assert "var(--type)" in drawing
    assert "#fe000" not in drawing
    assert "<title>" in drawing or ":title>" in drawing
