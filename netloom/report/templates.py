"""The pages' templates, and how they write numbers."""

from importlib.resources import files

import jinja2

from netloom.report.plots import data_uri, profile


def with_sign(value: float, text: str) -> str:
    """The text of a signed number with a minus sign for a hyphen; exactly none is ±0."""
    return "±0" if value == 0 else text.replace("-", "\N{MINUS SIGN}")


def quantity(value: float) -> str:
    """A count for people: 12,345 or 1.23 million."""
    return f"{value / 1e6:.3g} million" if value >= 1e7 else f"{value:,.0f}"


def percent(value: float) -> str:
    """A share as percent with two decimals."""
    return f"{100 * value:.2f}"


def points(value: float) -> str:
    """A difference of shares in percentage points, signed."""
    return with_sign(value, f"{100 * value:+.2f}")


def change(value: float) -> str:
    """A relative change in whole percent, signed."""
    return with_sign(rounded := round(100 * value), f"{rounded:+,}")


def steps(value: float) -> str:
    """A distance in steps for people: whole where it is large."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def brief(value: float) -> str:
    """A quantity with three figures, and whole from a thousand on."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def seconds(value: float) -> str:
    """A duration for people."""
    return f"{value:.1f} s" if value < 100 else f"{int(value // 60)} min {int(value % 60)} s"


def page_template(name: str) -> jinja2.Template:
    """A page of netloom's, with its style sheet, and its ways to write numbers as filters."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("netloom.report", ""),
        autoescape=jinja2.select_autoescape(("html.j2", "svg.j2")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = (brief, quantity, percent, points, change, seconds, steps, data_uri, profile)
    environment.filters |= {one.__name__: one for one in filters}
    environment.globals["css"] = files("netloom.report").joinpath("report.css").read_text(encoding="utf-8")
    return environment.get_template(name)
