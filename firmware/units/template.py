"""`rendered`: a module that is made for one instance, from a template beside its unit."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, keep_trailing_newline=True
)


def rendered(template: str, **values: object) -> str:
    """A template, by its path in `firmware/units/`, filled in."""
    return _TEMPLATES.get_template(template).render(values)
