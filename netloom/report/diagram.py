"""The dataflow of a design as a picture: units layer by layer, streams with their widths, folding and depths."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

_COLUMNS = 6
_MARGIN, _LABEL = 12, 138
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
            body.append(_edge(places.get(giver or ""), places[unit["name"]], streams[name]))
    body += [_box(unit, places[unit["name"]], folds.get(unit["name"])) for unit in units]
    body += [
        f'<text x="{_MARGIN}" y="{y + _HEIGHT / 2 + 4:g}" class="layer">{escape(_cut(layer, 20))}'
        f"<title>{escape(layer)}</title></text>"
        for layer, y in labels
    ]
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


def _edge(source: _Place | None, target: _Place, stream: Mapping[str, Any]) -> str:
    """A stream's line, and how wide it is: lanes times bits."""
    bits = stream["width"] // stream["lanes"]
    words = f"{stream['lanes']}{_TIMES}{bits}" if stream["lanes"] > 1 else str(bits)
    tooltip = f"{stream['stream']}: {stream['lanes']} lanes of {stream['element']}, {stream['beats']} beats a sample"
    if source is None:
        x, y = target.top
        start, path, text = (x, y - 10), f"M{x:g} {y - 10:g} L{x:g} {y:g}", (x + 5, y - 2)
    elif source.y == target.y and 0 < target.x - source.x <= _BOX + _GAP:
        start, end = source.right, target.left
        path, text = f"M{start[0]:g} {start[1]:g} L{end[0]:g} {end[1]:g}", (start[0] + 4, start[1] - 4)
    else:
        start, end = source.bottom, target.top
        reach = max(18.0, abs(end[1] - start[1]) / 2)
        path = f"M{start[0]:g} {start[1]:g} C{start[0]:g} {start[1] + reach:g}"
        path += f" {end[0]:g} {end[1] - reach:g} {end[0]:g} {end[1]:g}"
        text = (start[0] + 5, start[1] + 11)
    return (
        f'<g class="stream"><title>{escape(tooltip)}</title>'
        f'<path d="{path}" marker-end="url(#dataflow-arrow)"/>'
        f'<text x="{text[0]:g}" y="{text[1]:g}">{words}</text></g>'
    )


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
