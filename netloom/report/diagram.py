"""The dataflow of a design as a picture: units layer by layer, streams with their widths, folding and depths."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from netloom.report.templates import page_template

_COLUMNS = 6
_MARGIN, _LABEL = 12, 156
_LABEL_LENGTH, _LABEL_LINES = 20, 3
_BOX, _GAP = 96, 54
_HEIGHT, _PITCH, _LAYER_GAP = 40, 62, 16

_PLUMBING = ("stream_fifo", "stream_fork", "stream_width", "replay_buffer")
_SHORT = {
    "stream_fifo": "FIFO",
    "stream_fork": "fork",
    "stream_width": "width",
    "replay_buffer": "replay",
    "line_buffer": "line buffer",
    "window_shift": "window",
    "matvec_unrolled": "matvec",
}


class _Place(NamedTuple):
    """Where a unit's box is: its left upper corner."""

    x: float
    y: float

    @property
    def middle(self) -> float:
        return self.x + _BOX / 2

    @property
    def bottom(self) -> float:
        return self.y + _HEIGHT


def diagram(design: Mapping[str, Any]) -> str:
    """The picture of what `design.json` says, as an `<svg>` element whose colours are the page's."""
    units = design["units"]
    places, labels, height = _places(units)
    folds = {product["unit"]: product for product in design["products"]}
    streams = {stream["stream"]: stream for stream in design["streams"]}
    givers = {name: places[unit["name"]] for unit in units for name in unit["outputs"]}
    lanes: Counter[tuple[str, float]] = Counter()
    return page_template("diagram.svg.j2").render(
        width=max(place.x for place in places.values()) + _BOX + _MARGIN,
        height=height,
        edges=[
            (streams[name], *_edge(givers.get(name), places[unit["name"]], lanes))
            for unit in units
            for name in unit["inputs"]
        ],
        boxes=[
            (
                unit,
                _SHORT.get(unit["module"], unit["module"].replace("_", " ")),
                places[unit["name"]],
                folds.get(unit["name"]),
            )
            for unit in units
        ],
        labels=labels,
        plumbing=_PLUMBING,
        box=_BOX,
        box_height=_HEIGHT,
        margin=_MARGIN,
    )


def _places(
    units: Sequence[Mapping[str, Any]],
) -> tuple[dict[str, _Place], list[tuple[str, list[str], float]], float]:
    """A place for every unit; each layer's name, its lines and the height of the first; and the height of it all."""
    places: dict[str, _Place] = {}
    labels = []
    y, column, layer = float(_MARGIN), 0, None
    for unit in units:
        if unit["layer"] != layer:
            if layer is not None:
                y += _PITCH + _LAYER_GAP
            layer, column = unit["layer"], 0
            lines = _wrapped(str(layer))
            labels.append((str(layer), lines, y + _HEIGHT / 2 + 4 - 6 * (len(lines) - 1)))
        elif column == _COLUMNS:
            y, column = y + _PITCH, 0
        places[unit["name"]] = _Place(_MARGIN + _LABEL + column * (_BOX + _GAP), y)
        column += 1
    return places, labels, y + _HEIGHT + _MARGIN


def _wrapped(name: str) -> list[str]:
    """A name in lines, broken at underscores if it can be; the middle of a very long one is left out."""
    longest = _LABEL_LENGTH * _LABEL_LINES - 8
    if len(name) > longest:
        name = f"{name[: longest // 2]}…{name[-longest // 2 :]}"
    lines = [""]
    for part in re.findall(rf"[^_]{{1,{_LABEL_LENGTH - 1}}}_?|_", name):
        if len(lines[-1] + part) > _LABEL_LENGTH and lines[-1]:
            lines.append("")
        lines[-1] += part
    return lines


def _edge(source: _Place | None, target: _Place, lanes: Counter[tuple[str, float]]) -> tuple[str, float, float]:
    """A stream's line, and where its width stands.

    It runs between the rows and between the columns, never through a box; `lanes` counts the lines in each of these
    channels, so that they lie side by side.
    """
    if source is None:
        x, y = target.middle, target.y
        return f"M{x:g} {y - 10:g} L{x:g} {y:g}", x + 5, y - 2
    if source.y == target.y and 0 < target.x - source.x <= _BOX + _GAP:
        x, y = source.x + _BOX, source.y + _HEIGHT / 2
        return f"M{x:g} {y:g} L{target.x:g} {y:g}", x + 4, y - 4
    return _around(source, target, lanes), source.middle + 5, source.bottom + 10


def _around(source: _Place, target: _Place, lanes: Counter[tuple[str, float]]) -> str:
    """From the bottom of a box through the channel beneath it: to a box of its row from below, to others from above."""
    x, y, end, top = source.middle, source.bottom, target.middle, target.y
    beneath = y + 5 + 4 * (lanes["beneath", y] % 4)
    lanes["beneath", y] += 1
    if source.y == target.y:
        return f"M{x:g} {y:g} V{beneath:g} H{end - 14:g} V{y + 1:g}"
    if top - y < _HEIGHT:
        return f"M{x:g} {y:g} V{beneath:g} H{end:g} V{top:g}"
    beside, above = target.x - 10 - 4 * (lanes["beside", target.x] % 5), top - 4 - 3 * (lanes["above", top] % 3)
    lanes["beside", target.x] += 1
    lanes["above", top] += 1
    return f"M{x:g} {y:g} V{beneath:g} H{beside:g} V{above:g} H{end:g} V{top:g}"
