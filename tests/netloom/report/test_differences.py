"""Samples of which engines make different things: which are shown, and what of them."""

from dataclasses import replace

import numpy as np

from netloom.models.tasks import (
    Classification,
    Detection,
    Multilabel,
    Reading,
    Reconstruction,
    Regression,
    Segmentation,
    Several,
)
from netloom.models.tasks.detection import on_grid
from netloom.report.differences import SHOWN, differences
from netloom.report.evidence import Evidence
from netloom.report.html import render
from netloom.report.schema import Report

RANDOM = np.random.default_rng(0)


def with_outputs(evidence: Evidence, **outputs: np.ndarray) -> Evidence:
    return replace(evidence, predictions={engine: [values] for engine, values in outputs.items()})


def test_samples_are_shown_whose_class_changes_and_those_that_break_equality_first(evidence: Evidence) -> None:
    scores = evidence.predictions["fixed"][0]
    float_, quantized, rtl = scores + 0.01, scores.copy(), scores[:10].copy()
    float_[[20, 30]] = np.roll(scores[[20, 30]], 1, axis=1)  # another class
    rtl[7, 0] += 2**-10  # the same class, but not the same bits
    given = with_outputs(evidence, float=float_, quantized=quantized, fixed=scores, csim=scores, rtl=rtl)
    found = differences(given, ["a", "b", "c", "d"])
    assert (found.engines, found.count, found.total) == (("float", "quantized", "fixed", "csim", "rtl"), 3, 40)
    assert [one.number for one in found.shown] == [7, 20, 30]
    equal, changed = found.shown[:2]
    assert [engine for engine, apart in equal.apart.items() if apart] == ["rtl"]
    assert [engine for engine, apart in changed.apart.items() if apart] == ["quantized"]
    assert changed.words["float"] != changed.words["quantized"] == changed.words["fixed"]
    assert "rtl" not in changed.words and "rtl" not in changed.answers  # was run on ten samples
    assert changed.label is not None and changed.label.text == "abcd"[int(np.asarray(evidence.targets)[20])]


def test_rtl_is_held_against_fixed_and_not_against_csim(evidence: Evidence) -> None:
    scores = evidence.predictions["fixed"][0]
    wrong = scores[:10] + (np.arange(10) == 4)[:, None]
    shown = differences(with_outputs(evidence, fixed=scores, csim=wrong, rtl=scores[:10]), ()).shown
    assert [one.number for one in shown] == [4]
    assert shown[0].apart == {"fixed": False, "csim": True, "rtl": False}


def test_only_so_many_are_shown_those_that_are_furthest_apart(evidence: Evidence) -> None:
    outputs = RANDOM.normal(0, 1, (40, 4))
    given = replace(evidence, task=Regression(), targets=outputs)
    found = differences(with_outputs(given, float=outputs + np.arange(40)[:, None], fixed=outputs), ())
    assert found.count == 39
    assert [one.number for one in found.shown] == list(range(39, 39 - SHOWN, -1))


def test_the_page_has_every_engines_answer_side_by_side(report: Report, evidence: Evidence) -> None:
    scores = evidence.predictions["fixed"][0]
    other = scores.copy()
    other[5] = np.roll(scores[5], 1)
    page = render(report, with_outputs(evidence, float=other, quantized=scores, fixed=scores, csim=scores[:3]))
    part = page[page.index("Where engines differ") : page.index("<h2>Layers</h2>")]
    assert "On 1 of 40 test samples" in part
    assert part.count('class="apart"') == 1
    assert part.count("(score 1)") == 3 and "\N{EN DASH}" in part
    assert "Nowhere: on all 40 test samples" in render(report, with_outputs(evidence, float=scores, fixed=scores))
    assert "Where engines differ" not in render(report, with_outputs(evidence, fixed=scores))


def test_each_task_says_how_far_answers_are_apart() -> None:
    maps = RANDOM.normal(0, 1, (5, 4, 4, 3))
    turned = maps.copy()
    turned[2, 1, 1:3] = -maps[2, 1, 1:3]
    changed = (maps.argmax(-1) != turned.argmax(-1)).reshape(5, -1).mean(axis=1)
    assert (Segmentation().apart(maps, turned) == changed).all() and changed[2] > 0 and (changed[:2] == 0).all()
    labels = np.array([[1.0, -1.0], [2.0, 3.0]])
    assert Multilabel().apart(labels, np.array([[5.0, 1.0], [2.0, 3.0]])).tolist() == [0.5, 0]
    assert Reconstruction().apart(labels, labels + 0.25).tolist() == [0.25, 0.25]
    both = Several({"a": Classification(), "b": Regression()})
    assert both.apart([labels, labels], [labels[:, ::-1], labels + 1]).tolist() == [2, 2]
    shorter, longer = np.zeros((2, 1, 6, 4))  # of three symbols and the blank, at six positions
    for outputs, said in ((shorter, [0, 1, 0, 2, 0, 0]), (longer, [0, 1, 0, 2, 0, 3])):
        outputs[0, np.arange(6), said] = 9
    assert Reading().apart(shorter, longer)[0] > 0 == Reading().apart(longer, longer)[0]
    boxes = np.array([[[0, 0.1, 0.1, 0.4, 0.4], [1, 0.5, 0.5, 0.9, 0.9]]] * 3, np.float32)
    grid = on_grid(boxes, 8, 8, 2).astype(float)
    grid[..., :2] = np.where(grid[..., :2] > 0, 1, -1)
    other = grid.copy()
    other[1, 5:, :, 1] = -1  # one is not found
    other[2, ..., :2] = grid[2, ..., 1::-1]  # both are taken for the other class
    other[..., -4:] += 0.05  # and boxes are a little elsewhere
    assert Detection().apart(grid, other).tolist() == [0, 1, 4]
    assert Detection().apart(other, grid).tolist() == [0, 1, 4]
