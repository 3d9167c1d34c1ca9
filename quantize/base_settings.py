"""The base of netloom's settings: frozen, closed to unknown names, and wrong in one line."""

from typing import Any, Self

from pydantic import ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator

from netloom.common.reading import FixedModel
from netloom.errors import SettingsError


class Settings(FixedModel):
    """Settings validated by pydantic whose failures are a one-line `SettingsError` instead of its report."""

    model_config = ConfigDict(allow_inf_nan=False)

    @model_validator(mode="wrap")
    @classmethod
    def _fail_in_one_line(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(data)
        except ValidationError as error:
            raise SettingsError(f"{cls.__name__}: {_one_line(error)}") from None


def _one_line(error: ValidationError) -> str:
    """The failures of a validation, as `name: what is wrong (got value)`, on one line."""
    failures = []
    for failure in error.errors(include_url=False):
        place = ".".join(str(part) for part in failure["loc"]) or "settings"
        failures.append(f"{place}: {failure['msg']} (got {repr(failure['input'])[:100]})".replace("\n", " "))
    return "; ".join(failures)
