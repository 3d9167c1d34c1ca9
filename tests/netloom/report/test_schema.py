"""report.json: it survives a round trip, and its documentation is that of the schema."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from netloom.report.reference import reference
from netloom.report.schema import SCHEMA_VERSION, Report


def test_round_trip(report: Report) -> None:
    assert Report.model_validate_json(report.model_dump_json()) == report


def test_every_field_is_described() -> None:
    schema = Report.model_json_schema()
    for record in [schema, *schema["$defs"].values()]:
        for name, field in record.get("properties", {}).items():
            assert field.get("description"), name


def test_unknown_fields_and_other_versions_are_refused(report: Report) -> None:
    content = json.loads(report.model_dump_json())
    with pytest.raises(ValidationError):
        Report.model_validate(content | {"surprise": 1})
    with pytest.raises(ValidationError):
        Report.model_validate(content | {"schema_version": "9.0"})
    assert content["schema_version"] == SCHEMA_VERSION


def test_the_documentation_is_made_from_the_schema() -> None:
    page = (Path(__file__).parents[3] / "docs" / "report.md").read_text(encoding="utf-8")
    assert page == reference(), "run: python -m netloom.report.reference > docs/report.md"
