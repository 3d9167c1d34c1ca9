"""`filled`: text from a template, which stands beside the Python that knows its values."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    undefined=StrictUndefined,
    keep_trailing_newline=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


def filled(template: str, **values: Any) -> str:
    """The text of a template, by its path in `firmware/`, with values for its names."""
    return _TEMPLATES.get_template(template).render(values)
