"""The report's page of a run with hardware, and its diagram."""

import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from report_pages import Page

from netloom.report.diagram import diagram
from netloom.report.evidence import Evidence, FloorPlan
from netloom.report.html import render
from netloom.report.schema import Report


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
