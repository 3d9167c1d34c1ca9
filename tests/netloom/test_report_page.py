"""The page: complete, self-contained, and safe whatever the names in it."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from netloom.common.palette import INK
from netloom.models.tasks import Picture
from netloom.models.tasks.shown import as_picture
from netloom.report.diagram import diagram
from netloom.report.evidence import Evidence, FloorPlan
from netloom.report.html import flat, ladders, most_confused, points, quantity, render, seconds, verdict
from netloom.report.plots import confusion, ranges
from netloom.report.samples import pick, samples
from netloom.report.schema import FidelityRecord, HardwareRecord, Report, ScoreRecord


class Page(HTMLParser):
    """What a browser would load, and what it would show."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.resources: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "srcset", "action", "data") and value is not None:
                self.resources.append(value)
            if name == "id" and value is not None:
                self.ids.append(value)

    def handle_data(self, data: str) -> None:
        self.text += data


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


@pytest.fixture
def hardware_report(report: Report, hardware: HardwareRecord) -> Report:
    common = {"max_difference_steps": 0.0, "argmax_agreement": 1.0, "mismatches": 0}
    records = (
        *report.fidelity,
        FidelityRecord(engines=("fixed", "rtl"), samples=40, elements=160, **common),
        FidelityRecord(engines=("fixed", "netlist"), samples=20, elements=80, **common),
    )
    return report.model_copy(update={"hardware": hardware, "fidelity": records})


@pytest.fixture
def hardware_page(hardware_report: Report, evidence: Evidence, design: dict[str, Any], floor_plan: FloorPlan) -> str:
    return render(hardware_report, replace(evidence, design=design, floor_plan=floor_plan))


def test_the_page_shows_the_hardware(hardware_page: str) -> None:
    text = Page(hardware_page).text
    for words in (
        "fixed = csim = rtl: 0 mismatches in 160 outputs over 40 test samples; = netlist over 20",
        "ULX3S-25F (LFE5U-25F): 80 MHz met, 91.4 MHz possible after routing",
        "2.62 µs",
        "1,250,000",
        "24,288",
        "+5 %",
        "4 \N{MULTIPLICATION SIGN} 2",
        "17 deep",
        "host link",
    ):
        assert words in text, words
    assert "estimated" not in text.split("Hardware")[0]


def test_the_page_with_hardware_is_whole(hardware_page: str) -> None:
    page = Page(hardware_page)
    assert all(resource.startswith(("data:", "#")) for resource in page.resources)
    assert len(page.ids) == len(set(page.ids))
    references = {resource[1:] for resource in page.resources if resource.startswith("#")}
    references |= set(re.findall(r"url\(#([^)]+)\)", hardware_page))
    assert references <= set(page.ids)


def test_missed_timing_is_seen_at_once(hardware_report: Report, evidence: Evidence) -> None:
    missed = hardware_report.hardware.model_copy(update={"timing_met": False, "clock_limit_mhz": 71.0})
    text = render(hardware_report.model_copy(update={"hardware": missed}), evidence)
    assert "80 MHz missed, 71.0 MHz possible" in Page(text).text


def test_the_diagram_is_drawn_whole(design: dict[str, Any]) -> None:
    picture = ElementTree.fromstring(diagram(design))
    boxes = [element for element in picture.iter() if element.tag.endswith("rect")]
    assert len(boxes) == len(design["units"])
    edges = [element for element in picture.iter() if element.get("class") == "stream"]
    assert len(edges) == sum(len(unit["inputs"]) for unit in design["units"])
    places = {(box.get("x"), box.get("y")) for box in boxes}
    assert len(places) == len(boxes)
    _, _, width, height = map(float, picture.get("viewBox").split())
    for box in boxes:
        assert 0 <= float(box.get("x")) <= width - float(box.get("width"))
        assert 0 <= float(box.get("y")) <= height - float(box.get("height"))


def segments(path: str) -> list[tuple[float, float, float, float]]:
    """The straight pieces of a path of M, L, H and V."""
    pieces, x, y = [], 0.0, 0.0
    for command, numbers in re.findall(r"([MLHV])([-\d. ]+)", path):
        values = [float(number) for number in numbers.split()]
        ahead = {"H": (values[0], y), "V": (x, values[0])}.get(command, (values[0], values[-1]))
        if command != "M":
            pieces.append((min(x, ahead[0]), min(y, ahead[1]), max(x, ahead[0]), max(y, ahead[1])))
        x, y = ahead
    return pieces


def test_no_wire_of_the_diagram_crosses_a_box(design: dict[str, Any]) -> None:
    # A way around within a row, one past several rows, one to the row beneath: `softmax` has them all.
    design["units"][3] |= {"layer": "first"}
    for last in (False, True):
        picture = ElementTree.fromstring(diagram(design))
        boxes = [
            [float(element.get(name)) for name in ("x", "y", "width", "height")]
            for element in picture.iter()
            if element.tag.endswith("rect")
        ]
        paths = [element.get("d") for element in picture.iter() if element.tag.endswith("path")][1:]
        assert len(paths) == sum(len(unit["inputs"]) for unit in design["units"])
        for path in paths:
            assert set(re.findall("[A-Z]", path)) <= set("MLHV"), path
            for left, top, right, bottom in segments(path):
                for x, y, width, height in boxes:
                    inside = left < x + width and right > x and top < y + height and bottom > y
                    assert not inside, (path, (x, y))
        design["units"][-1]["inputs"] = ["e"] if not last else ["y"]


@pytest.mark.parametrize(
    "name", ["x", "classification_head_quantizer", "a" * 45, "encoder_block_3_attention_output_dense", "_" * 30]
)
def test_a_long_layers_name_stands_whole_beside_its_row(design: dict[str, Any], name: str) -> None:
    for unit in design["units"][:3]:
        unit["layer"] = name
    picture = ElementTree.fromstring(diagram(design))
    label = next(element for element in picture.iter() if element.get("class") == "layer")
    lines = [span.text for span in label if span.tag.endswith("tspan")]
    assert "".join(lines) == name
    assert len(lines) <= 3
    assert all(len(line) <= 20 for line in lines)


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
    assert "csim" in shown[3].tooltip


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
