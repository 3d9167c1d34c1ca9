"""The report's page: whole, loads nothing, says what the report says."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from report_pages import Page

from netloom.common.palette import INK
from netloom.models.tasks import Picture
from netloom.report.evidence import Evidence
from netloom.report.html import flat, ladders, render, verdict
from netloom.report.schema import FidelityRecord, Report, ScoreRecord
from netloom.report.templates import points, quantity, seconds


def test_the_page_loads_nothing_from_outside(report: Report, evidence: Evidence) -> None:
    text = render(report, evidence)
    page = Page(text)
    assert all(resource.startswith(("data:", "#")) for resource in page.resources)
    assert "script" not in page.tags
    assert "link" not in page.tags or page.tags.count("link") == 1  # the empty icon
    assert not re.search(r"@import|url\((?!#)", text)
    assert [word for word in re.findall(r"https?://[^\"'\s<]+", text) if "www.w3.org" not in word] == []


def test_ids_are_unique_and_every_reference_is_met(report: Report, evidence: Evidence) -> None:
    text = render(report, evidence)
    page = Page(text)
    assert len(page.ids) == len(set(page.ids))
    references = {resource[1:] for resource in page.resources if resource.startswith("#")}
    references |= set(re.findall(r"url\(#([^)]+)\)", text))
    assert references <= set(page.ids)


def test_the_page_says_what_the_report_says(report: Report, evidence: Evidence) -> None:
    text = Page(render(report, evidence)).text
    for words in (
        "Toy network",
        "fixed = csim: 0 mismatches in 160 outputs over 40 test samples",
        "97.50",
        "\N{MINUS SIGN}2.50 points",
        "±0 points",
        "fixed<16,6>",
        "3 min 20 s",
        "unchanged, kept",
        "hls.io_type",
        "12.2.0",
    ):
        assert words in text, words


def test_what_fine_tuning_gained_is_not_put_down_to_quantization(report: Report, evidence: Evidence) -> None:
    accuracy = {"float": 0.95, "quantized": 0.96, "fixed": 0.96, "calibrated": 0.93}
    scores = {engine: {"accuracy": value} for engine, value in accuracy.items()}
    text = Page(render(report.model_copy(update={"scores": scores}), evidence)).text
    words = ["its QKeras twin, before fine-tuning", "\N{MINUS SIGN}2.00 points", "+3.00 points", "the same, fine-tuned"]
    for one in words:
        assert one in text, one
    assert "+1.00" not in text


def test_without_accuracy_the_page_says_why(report: Report, evidence: Evidence) -> None:
    data = report.data.model_copy(update={"labelled": False, "unlabelled": "its y_test is no class numbers"})
    bare = report.model_copy(update={"scores": {}, "data": data})
    text = Page(render(bare, replace(evidence, targets=None))).text
    assert "No score: its y_test is no class numbers." in text
    single = [record.model_copy(update={"argmax_agreement": None}) for record in report.fidelity]
    text = Page(render(bare.model_copy(update={"fidelity": single}), replace(evidence, targets=None))).text
    assert "None: its y_test is no class numbers." in text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({("fixed", "rtl"): {"mismatches": 2}}, "fixed ≠ rtl: 2 mismatches in 160 outputs over 40 test samples"),
        ({("fixed", "netlist"): {"layer_mismatches": 1}}, "fixed ≠ netlist: no mismatches"),
        ({("fixed", "csim"): {"samples": 10}}, "fixed = csim: 0 mismatches in 160 outputs over 10 test samples; = rtl"),
    ],
)
def test_the_verdict_over_all_engines(
    hardware_report: Report, changes: dict[tuple[str, str], dict[str, int]], sentence: str
) -> None:
    records = [record.model_copy(update=changes.get(record.engines, {})) for record in hardware_report.fidelity]
    result = verdict(records)
    assert result.sentence.startswith(sentence)
    assert result.equal == ("=" in sentence.split(":")[0])


HOSTILE = "<script>alert(1)</script>\"'&$x$ {{ 7*7 }}"


def test_hostile_names_are_shown_and_do_nothing(report: Report, evidence: Evidence) -> None:
    layers = tuple(layer.model_copy(update={"name": HOSTILE, "origin": HOSTILE}) for layer in report.layers)
    network = report.network.model_copy(update={"name": HOSTILE, "title": HOSTILE, "model_file": HOSTILE})
    data = report.data.model_copy(update={"source": HOSTILE, "class_names": (HOSTILE,) * 4})
    hostile = report.model_copy(update={"layers": layers, "network": network, "data": data})
    weights = {HOSTILE: evidence.weights["dense"]}
    text = render(hostile, Evidence(evidence.inputs, evidence.targets, evidence.predictions, weights))
    page = Page(text)
    assert "script" not in page.tags
    assert "<script" not in text
    assert page.text.count("{{ 7*7 }}") >= 5


def test_layers_that_may_overflow_are_marked(report: Report, evidence: Evidence) -> None:
    narrow = report.layers[1].model_copy(update={"overflow_possible": True, "overflows": 12})
    page = Page(render(report.model_copy(update={"layers": (report.layers[0], narrow)}), evidence))
    assert page.text.count("may overflow") == 1
    assert "12 / 3" in page.text


def test_without_labels_the_ladder_is_agreement(report: Report, evidence: Evidence) -> None:
    data = report.data.model_copy(update={"labelled": False})
    unlabelled = report.model_copy(update={"scores": {}, "data": data})
    text = Page(render(unlabelled, Evidence(evidence.inputs, None, evidence.predictions, evidence.weights))).text
    assert "Agreement, step by step" in text
    assert "Confusion" not in text


def test_outputs_that_are_no_scores_are_no_classes(report: Report, evidence: Evidence) -> None:
    outputs = {"fixed": [np.ones((40, 3, 2))]}
    page = render(report.model_copy(update={"scores": {}}), Evidence(evidence.inputs, evidence.targets, outputs, {}))
    assert "Confusion" not in Page(page).text


def fidelity(engines: tuple[str, str], mismatches: int) -> FidelityRecord:
    return FidelityRecord.model_validate(
        {
            "engines": engines,
            "samples": 5,
            "elements": 5000,
            "mismatches": mismatches,
            "max_difference_steps": 1.0,
            "argmax_agreement": None,
        }
    )


def test_the_verdict_is_about_fixed_and_csim() -> None:
    assert verdict([fidelity(("quantized", "fixed"), 9), fidelity(("fixed", "csim"), 0)]).equal is True
    broken = verdict([fidelity(("fixed", "csim"), 1234)])
    assert broken.equal is False
    assert "1,234 mismatches in 5,000 outputs" in broken.sentence
    assert verdict([fidelity(("quantized", "fixed"), 0)]).equal is None


def test_long_numbers_are_written_smaller_lest_they_leave_their_cards(report: Report, evidence: Evidence) -> None:
    assert 'class="value long"' not in render(report, evidence)
    error = ScoreRecord(name="mean_squared_error", unit="", better=-1)
    small = report.model_copy(
        update={
            "task": report.task.model_copy(update={"scores": (error,)}),
            "scores": {engine: {"mean_squared_error": 0.0005719} for engine in report.scores},
        }
    )
    text = render(small, evidence)
    assert text.count('class="value long"') == text.count('class="value') == 4


def test_the_ladder_goes_down_in_points(report: Report) -> None:
    (ladder,) = ladders(report)
    assert [rung.engine for rung in ladder.rungs] == ["float", "quantized", "fixed", "csim"]
    assert [rung.difference for rung in ladder.rungs][1:] == pytest.approx([-0.025, 0, 0])


def test_numbers_for_people() -> None:
    assert [quantity(value) for value in (0, 1234, 12_345_678)] == ["0", "1,234", "12.3 million"]
    assert [points(value) for value in (0.0, 0.0123, -0.5)] == ["±0", "+1.23", "\N{MINUS SIGN}50.00"]
    assert [seconds(value) for value in (0.04, 99.9, 605)] == ["0.0 s", "99.9 s", "10 min 5 s"]
    assert flat({"a": {"b": 1, "c": None}, "d": "x"}) == [("a.b", "1"), ("d", "x")]


def test_pictures_stand_on_top_in_the_pages_colours(report: Report, evidence: Evidence) -> None:
    def draw(figure: Any) -> None:
        figure.subplots().plot([0, 1], color=INK)

    pictures = [Picture(f"What <it> shows {number}", "Once & twice.", (3, 2), draw) for number in range(2)]
    text = render(report, replace(evidence, pictures=pictures))
    assert text.index("What &lt;it&gt; shows 0") < text.index("What &lt;it&gt; shows 1") < text.index("step by step")
    assert "Once &amp; twice." in text
    assert "stroke: var(--ink)" in text
    page = Page(text)
    assert len(page.ids) == len(set(page.ids))
