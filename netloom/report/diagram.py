"""The dataflow of a design as a picture: units layer by layer, streams with their widths, folding and depths."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

_COLUMNS = 6
_MARGIN, _LABEL = 12, 156
_LABEL_LENGTH, _LABEL_LINES = 20, 3
_BOX, _GAP = 96, 54
_HEIGHT, _PITCH, _LAYER_GAP = 40, 62, 16

_TIMES = "\N{MULTIPLICATION SIGN}"

_PLUMBING = ("stream_fifo", "stream_fork", "stream_register", "stream_width", "replay_buffer")
_SHORT = {
    "stream_fifo": "FIFO",
    "stream_fork": "fork",
    "stream_register": "register",
    "stream_width": "width",
    "replay_buffer": "replay",
    "line_buffer": "line buffer",
    "window_shift": "window",
    "matvec_unrolled": "matvec",
}


@dataclass(frozen=True)
class _Place:
    """Where a unit's box is: its left upper corner."""

    x: float
    y: float

    @property
    def left(self) -> tuple[float, float]:
        return self.x, self.y + _HEIGHT / 2

    @property
    def right(self) -> tuple[float, float]:
        return self.x + _BOX, self.y + _HEIGHT / 2

    @property
    def top(self) -> tuple[float, float]:
        return self.x + _BOX / 2, self.y

    @property
    def bottom(self) -> tuple[float, float]:
        return self.x + _BOX / 2, self.y + _HEIGHT


def diagram(design: Mapping[str, Any]) -> str:
    """The picture as an `<svg>` element whose colours are the page's.

    Args:
        design: content of `design.json`.
    """
    units = design["units"]
    places, labels, height = _places(units)
    width = max(place.x for place in places.values()) + _BOX + _MARGIN
    folds = {product["unit"]: product for product in design["products"]}
    streams = {stream["stream"]: stream for stream in design["streams"]}
    givers = {name: unit["name"] for unit in units for name in unit["outputs"]}
    lanes: Counter[tuple[str, float]] = Counter()
    body = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" class="dataflow" '
        f'style="max-width:{1.15 * width:.0f}px" '
        'aria-label="Units of the design, layer by layer, and the streams between them">',
        '<defs><marker id="dataflow-arrow" viewBox="0 0 6 6" refX="5.2" refY="3" markerWidth="6" markerHeight="6" '
        'orient="auto"><path d="M0 0.5 L6 3 L0 5.5z" fill="var(--muted)"/></marker></defs>',
    ]
    for unit in units:
        for name in unit["inputs"]:
            giver = givers.get(name)
            body.append(_edge(places.get(giver or ""), places[unit["name"]], streams[name], lanes))
    body += [_box(unit, places[unit["name"]], folds.get(unit["name"])) for unit in units]
    body += [_label(layer, y) for layer, y in labels]
    return "\n".join([*body, "</svg>"])


def _places(units: Sequence[Mapping[str, Any]]) -> tuple[dict[str, _Place], list[tuple[str, float]], float]:
    """A place for every unit, the layers with the height they begin at, and the height of it all."""
    places: dict[str, _Place] = {}
    labels: list[tuple[str, float]] = []
    y, column, layer = float(_MARGIN), 0, None
    for unit in units:
        if unit["layer"] != layer:
            if layer is not None:
                y += _PITCH + _LAYER_GAP
            layer, column = unit["layer"], 0
            labels.append((str(layer), y))
        elif column == _COLUMNS:
            y, column = y + _PITCH, 0
        places[unit["name"]] = _Place(_MARGIN + _LABEL + column * (_BOX + _GAP), y)
        column += 1
    return places, labels, y + _HEIGHT + _MARGIN


def _label(layer: str, y: float) -> str:
    """A layer's name beside its row, on several lines if it is long."""
    lines = _wrapped(layer)
    top = y + _HEIGHT / 2 + 4 - 6 * (len(lines) - 1)
    spans = "".join(
        f'<tspan x="{_MARGIN}" y="{top + 12 * number:g}">{escape(line)}</tspan>' for number, line in enumerate(lines)
    )
    return f'<text class="layer">{spans}<title>{escape(layer)}</title></text>'


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


def _edge(source: _Place | None, target: _Place, stream: Mapping[str, Any], lanes: Counter[tuple[str, float]]) -> str:
    """A stream's line, and how wide it is: lanes times bits.

    It runs between the rows and between the columns, never through a box; `lanes` counts the lines in each of these
    channels, so that they lie side by side.
    """
    bits = stream["width"] // stream["lanes"]
    words = f"{stream['lanes']}{_TIMES}{bits}" if stream["lanes"] > 1 else str(bits)
    tooltip = f"{stream['stream']}: {stream['lanes']} lanes of {stream['element']}, {stream['beats']} beats a sample"
    if source is None:
        x, y = target.top
        path, text = f"M{x:g} {y - 10:g} L{x:g} {y:g}", (x + 5, y - 2)
    elif source.y == target.y and 0 < target.x - source.x <= _BOX + _GAP:
        start, end = source.right, target.left
        path, text = f"M{start[0]:g} {start[1]:g} L{end[0]:g} {end[1]:g}", (start[0] + 4, start[1] - 4)
    else:
        path = _around(source, target, lanes)
        text = (source.bottom[0] + 5, source.bottom[1] + 10)
    return (
        f'<g class="stream"><title>{escape(tooltip)}</title>'
        f'<path d="{path}" marker-end="url(#dataflow-arrow)"/>'
        f'<text x="{text[0]:g}" y="{text[1]:g}">{words}</text></g>'
    )


def _around(source: _Place, target: _Place, lanes: Counter[tuple[str, float]]) -> str:
    """From the bottom of a box through the channel beneath it: to a box of its row from below, to others from above."""
    (x, y), (end, top) = source.bottom, target.top
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


def _box(unit: Mapping[str, Any], place: _Place, fold: Mapping[str, Any] | None) -> str:
    """A unit's box: what it is, and its folding, depth or interval."""
    module = _SHORT.get(unit["module"], unit["module"].replace("_", " "))
    if fold is not None:
        kind, detail = "product", f"{fold['pe']} {_TIMES} {fold['simd']}" + (" constants" if fold["unrolled"] else "")
    elif unit["depth"] is not None:
        kind, detail = "plumbing", f"{unit['depth']} deep"
    else:
        kind, detail = ("plumbing" if unit["module"] in _PLUMBING else "unit"), f"{unit['interval']:,} cycles"
    return (
        f'<g class="{kind}"><title>{escape(_tooltip(unit, fold))}</title>'
        f'<rect x="{place.x:g}" y="{place.y:g}" width="{_BOX}" height="{_HEIGHT}" rx="5"/>'
        f'<text x="{place.top[0]:g}" y="{place.y + 17:g}">{escape(_cut(module, 16))}</text>'
        f'<text x="{place.top[0]:g}" y="{place.y + 31:g}" class="detail">{escape(detail)}</text></g>'
    )


def _tooltip(unit: Mapping[str, Any], fold: Mapping[str, Any] | None) -> str:
    area = unit["area"]
    lines = [f"{unit['name']} ({unit['module']})"]
    lines += [f"computes {', '.join(unit['operations'])}"] if unit["operations"] else []
    lines.append(f"at most one sample every {unit['interval']:,} cycles")
    if fold is not None:
        lines.append(f"{fold['multipliers']} multipliers, {fold['dsp']} in DSP blocks")
        lines.append(f"busy {100 * fold['utilization']:.1f} % of the design's interval")
    lines.append(f"about {area['lut']} LUT, {area['ff']} FF, {area['dsp']} DSP, {area['bram']} block RAM")
    return "\n".join(lines)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
