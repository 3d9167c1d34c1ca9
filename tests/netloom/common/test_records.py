"""Records of what was compared and simulated."""

import pytest
from pydantic import ValidationError

from netloom.records import RunRecord


@pytest.mark.parametrize("field", ["seconds", "compile_seconds"])
@pytest.mark.parametrize("text", ["1e999", "-1e999", "NaN"])
def test_a_duration_that_is_no_number_is_refused(field: str, text: str) -> None:
    """Found by the fuzzer of run files (mutation 100375): the report could not say it, "a bug in netloom"."""
    with pytest.raises(ValidationError, match=rf"(?m)^{field}$"):
        RunRecord.model_validate_json(f'{{"{field}": {text}}}')
