"""Fields that name the plausible range of what people enter."""

from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.deconstruct import deconstructible

from portal.core import ranges
from portal.core.clock import now
from portal.core.dates import korean_day


@deconstructible
class Within:
    """Validator of a field: its value lies in a range of `portal/core/ranges.yaml`.

    The service checks the same range again, together with what it knows of the subject.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, value: Any) -> None:
        day = korean_day(value) if isinstance(value, datetime) else value
        today = korean_day(now()) if isinstance(day, date) else date.max
        if text := ranges.refusal(self.name, day, today=today):
            raise ValidationError(text, code=self._code(day))

    def _code(self, value: Any) -> str:
        # The codes of Django's own validators stay the stable ones for numbers.
        row = ranges.known()[self.name]
        if isinstance(value, date) or row.least is None:
            return self.name
        return "min_value" if value < row.least else "max_value"


def with_range(field: Any, name: str | None) -> Any:
    """Give a field that Django made of a column its range."""
    if field is not None and name is not None:
        field.validators = [*field.validators, within(name)]
    return field


def within(name: str) -> Within:
    """Return the validator of a range. Raises LookupError for one that the data does not have."""
    ranges.known()[name]
    return Within(name)
