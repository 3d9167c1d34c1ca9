"""docs/report.md, made from the schema: `python -m netloom.report.reference > docs/report.md`."""

from datetime import datetime
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from netloom.metrics import METRICS
from netloom.models.tasks import Score, tasks
from netloom.report.schema import SCHEMA_VERSION, Report
from netloom.report.templates import page_template


def reference() -> str:
    """The whole of docs/report.md."""
    scores: dict[Score, list[str]] = {}
    for task in tasks():
        for score in task.scores:
            scores.setdefault(score, []).append(task.name)
    records = [
        (
            "The report" if record is Report else f"`{record.__name__}`",
            (record.__doc__ or "").strip(),
            [(name, _words(field.annotation), field.description) for name, field in record.model_fields.items()],
        )
        for record in _records(Report, [])
    ]
    return page_template("reference.md.j2").render(
        version=SCHEMA_VERSION, records=records, scores=scores, metrics=METRICS.values()
    )


def _records(record: type[BaseModel], seen: list[type[BaseModel]]) -> list[type[BaseModel]]:
    """A record after those seen before, and after it those of its fields."""
    seen.append(record)
    for field in record.model_fields.values():
        for part in _parts(field.annotation):
            if isinstance(part, type) and issubclass(part, BaseModel) and part not in seen:
                _records(part, seen)
    return seen


def _parts(annotation: Any) -> list[Any]:
    return [annotation] + [inner for argument in get_args(annotation) for inner in _parts(argument)]


def _words(annotation: Any) -> str:
    """An annotation in JSON's terms."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return " or ".join(_words(argument) for argument in arguments)
    if origin is Literal:
        return " or ".join(f'`"{value}"`' for value in arguments)
    if origin is tuple:
        length = "" if arguments[-1] is Ellipsis else f"{len(arguments)} "
        return f"list of {length}{_words(arguments[0])}"
    if origin is dict:
        return f"object, {_words(arguments[0])} to {_words(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    names = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
    return (names | {datetime: "string, ISO 8601"}).get(annotation, "any value")


if __name__ == "__main__":
    print(reference(), end="")
