"""A matplotlib figure as inline SVG that takes its colours from the page, in light and in dark."""

import io
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any
from xml.etree import ElementTree

import matplotlib
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from netloom.common.palette import INK, LINE, MUTED, VARIABLES

_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": MUTED,
    "ytick.color": INK,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "text.parse_math": False,
}


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, `width` x `height` inches; draw on it, then give it to `to_svg`."""
    return Figure(figsize=(width, height), facecolor="none", layout="constrained")


def drawing(colours: Mapping[str, str] | None = None) -> AbstractContextManager[None]:
    """The settings to draw under: `with drawing():`; `colours` are others in the place of the page's."""
    return matplotlib.rc_context({name: (colours or {}).get(value, value) for name, value in _STYLE.items()})


def to_svg(figure: Figure, name: str, label: str, tooltips: Mapping[str, str] | None = None) -> str:
    """Render a figure as an `<svg>` element.

    Args:
        figure: drawn under `drawing()`.
        name: unique on the page; begins every id in the element.
        label: what it shows, for those who cannot see it.
        tooltips: text to show over an artist, by the artist's gid.
    """
    buffer = io.BytesIO()
    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": name}):
        FigureCanvasSVG(figure).print_svg(buffer, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _XLINK)
    root = ElementTree.fromstring(buffer.getvalue())
    for element in root.iter():
        if (gid := element.get("id")) is not None:
            if tooltips and gid in tooltips:
                title = ElementTree.Element(f"{{{_SVG}}}title")
                title.text = tooltips[gid]
                element.insert(0, title)
            element.set("id", f"{name}-{gid}")
    for metadata in root.findall(f"{{{_SVG}}}metadata"):
        root.remove(metadata)
    for size in ("width", "height"):
        root.attrib.pop(size)
    # Small figures are not blown up to the page's width.
    root.set("style", f"max-width:{1.3 * figure.get_figwidth():.2f}in")
    root.set("role", "img")
    root.set("aria-label", label)
    text = ElementTree.tostring(root, encoding="unicode")
    text = re.sub(r"url\(#", f"url(#{name}-", text)
    text = re.sub(r'href="#', f'href="#{name}-', text)
    text = re.sub(r"#fe000(\d)", lambda match: f"var(--{VARIABLES[int(match[1])]})", text)
    return re.sub(r"'DejaVu Sans'[^;\"]*", "inherit", text)
