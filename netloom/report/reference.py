"""docs/report.md, made from the schema: `python -m netloom.report.reference > docs/report.md`."""

from datetime import datetime
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from netloom.metrics import METRICS
from netloom.models.tasks import Score, tasks
from netloom.report.schema import SCHEMA_VERSION, Report

_HEAD = f"""# `report.json`, schema {SCHEMA_VERSION}

`netloom run` writes what it found as data to `report.json` beside the page `report.html`; `netloom report DIR` makes
both anew. `netloom report --schema` prints the same as JSON Schema.

`schema_version` is `MAJOR.MINOR`: a new field raises the second number, and readers that ignore unknown fields need no
change; whatever would break a reader raises the first. Ranges are values (not raw integers). An engine is one of
`float` (the Keras model), `quantized` (its QKeras twin), `fixed` (netloom's bit-accurate simulator), `onnx` (its exact
twin in onnxruntime, with `--onnx`), `csim` (hls4ml's C++, compiled), `rtl` (the hardware design, simulated) and
`netlist` (the same after synthesis). `scores` has one name more: `calibrated`, the QKeras twin before it is fine-tuned,
so that what quantization costs and what fine-tuning gains stand apart. `hardware` is there as soon as there is a
design, with null for what is not known yet. In 3.0 `scores` by engine and `task`, which describes them, took the place
of `accuracy`, and shapes are those of all inputs and outputs; 3.1 has `network.host` more.

This file is made from `netloom/report/schema.py` by `python -m netloom.report.reference > docs/report.md`.
"""

_METRICS = """## Metrics

`netloom compare DIR DIR ...` shows these numbers of several reports side by side. With `--fail-if CONDITION` it ends
with exit code 1 if the condition holds for any report: a metric, one of `<` `<=` `>` `>=` `==` `!=`, and a number, as
in `accuracy<0.97` or `lut_share>80%`. A number that a report lacks is an error, exit code 2. A score is
that of `fixed`; `SCORE.ENGINE`, as in `mean_iou.float<0.6`, is that of another engine, and `OUTPUT.SCORE` of a network
with several outputs.

| metric | unit | why a report may have none |
|---|---|---|"""


def reference() -> str:
    """The whole of docs/report.md."""
    tables = []
    for record in _records(Report, []):
        documentation = (record.__doc__ or "").strip()
        rows = [
            f"| `{name}` | {_words(field.annotation)} | {field.description} |"
            for name, field in record.model_fields.items()
        ]
        tables.append(
            "\n".join(
                [f"## {_title(record)}", "", documentation, "", "| field | type | meaning |", "|---|---|---|", *rows]
            )
        )
    return "\n".join([_HEAD, "\n\n".join([*tables, _metrics()]), ""])


def _metrics() -> str:
    """What `netloom compare` knows."""
    of: dict[Score, list[str]] = {}
    for task in tasks():
        for score in task.scores:
            of.setdefault(score, []).append(task.name)
    scores = [
        f"| `{score.name}` | {score.unit} | the task is not {' or '.join(names)}, there are no targets, or the engine"
        " did not run on the whole test set |"
        for score, names in of.items()
    ]
    rows = [f"| `{metric.name}` | {metric.unit} | {metric.why_missing} |" for metric in METRICS.values()]
    return "\n".join([_METRICS, *scores, *rows])


def _records(record: type[BaseModel], seen: list[type[BaseModel]]) -> list[type[BaseModel]]:
    seen.append(record)
    for field in record.model_fields.values():
        for part in _parts(field.annotation):
            if isinstance(part, type) and issubclass(part, BaseModel) and part not in seen:
                _records(part, seen)
    return seen


def _parts(annotation: Any) -> list[Any]:
    return [annotation] + [inner for argument in get_args(annotation) for inner in _parts(argument)]


def _title(record: type[BaseModel]) -> str:
    return "The report" if record is Report else f"`{record.__name__}`"


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
    names = {
        str: "string",
        int: "integer",
        float: "number",
        bool: "boolean",
        type(None): "null",
        datetime: "string, ISO 8601",
    }
    return names.get(annotation, "any value")


if __name__ == "__main__":
    print(reference(), end="")
