"""Records of what was compared and simulated."""

import importlib
import pkgutil
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

import netloom
from netloom.errors import SettingsError
from netloom.records import FirstMismatch, Record, RunRecord


def schemas(base: type[BaseModel] = BaseModel) -> list[type[BaseModel]]:
    """Every schema of netloom's."""
    below = [one for child in base.__subclasses__() for one in (child, *schemas(child))]
    return [one for one in dict.fromkeys(below) if one.__module__.startswith("netloom.")]


def floats() -> list[Any]:
    """Every field of them that is one float, or none."""
    for module in pkgutil.walk_packages(netloom.__path__, "netloom."):
        if ".testing." not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return [
        pytest.param(schema, name, id=f"{schema.__name__}.{name}")
        for schema in schemas()
        for name, field in schema.model_fields.items()
        if float in (field.annotation, *get_args(field.annotation))
        and {*get_args(field.annotation)} <= {float, int, type(None)}
    ]


@pytest.mark.parametrize(("schema", "field"), floats())
def test_no_schema_takes_an_infinite_number(schema: type[BaseModel], field: str) -> None:
    # Settings tell the first fault alone, as an error of their own.
    with pytest.raises((ValidationError, SettingsError)) as found:
        schema.model_validate_json(f'{{"board": "ULX3S-25F", "{field}": 1e999}}')
    if isinstance(found.value, SettingsError):
        assert field in str(found.value)
    else:
        assert field in {one["loc"][0] for one in found.value.errors() if one["type"] != "missing" and one["loc"]}


@pytest.mark.parametrize("text", ["1e999", "-1e999", "NaN"])
@pytest.mark.parametrize(
    ("record", "field", "content", "place"),
    [
        (RunRecord, "seconds", "{}", "seconds"),
        (RunRecord, "compile_seconds", "{}", "compile_seconds"),
        (FirstMismatch, "values", "[0, {}]", "values.1"),
    ],
)
def test_a_number_that_is_none_is_refused(
    record: type[Record], field: str, content: str, place: str, text: str
) -> None:
    """Found by the fuzzer of run files (mutation 100375): the report could not say it, "a bug in netloom"."""
    with pytest.raises(ValidationError, match=rf"(?m)^{place}$"):
        record.model_validate_json(f'{{"{field}": {content.format(text)}}}')
