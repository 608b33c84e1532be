"""The field of an amount of money."""

from typing import Any

from django import forms

from portal.core.money import MAX_WON


class WonField(forms.IntegerField):
    """Whole won; commas, blanks and 원 may be typed."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(
            {"inputmode": "numeric", "data-unit": "원", "class": "input--short"}
        )
        super().__init__(min_value=0, max_value=MAX_WON, widget=widget, **options)

    def to_python(self, value: Any) -> int | None:
        if isinstance(value, str):
            value = value.replace(",", "").replace("원", "").replace(" ", "")
        return super().to_python(value)
