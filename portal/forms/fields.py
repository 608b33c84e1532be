"""The base of all forms, and fields of several apps."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput

from portal.core.errors import BadInput
from portal.core.plain_json import check_plain
from portal.core.validators import is_one_line
from portal.forms.errors import CodedErrors


def one_line(text: str) -> None:
    # A browser does not send these from an input of one line.
    if not is_one_line(str(text)):
        raise ValidationError(
            "줄바꿈이나 글자 방향을 바꾸는 기호는 쓸 수 없습니다.", code="one_line"
        )


class PlainForm(forms.Form):
    """A form with coded errors and without the browser's own messages.

    Inputs of one line accept one line only: names appear in e-mails to other people.
    """

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"error_class": CodedErrors, **kwargs})
        for field in self.fields.values():
            if isinstance(field, forms.CharField) and isinstance(field.widget, forms.TextInput):
                field.validators = [*field.validators, one_line]


class PlainJSONField(forms.JSONField):
    """JSON that every database can store."""

    def to_python(self, value: Any) -> Any:
        try:
            read = super().to_python(value)
            check_plain(read)
        except (ValueError, RecursionError, BadInput) as strange:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from strange
        return read

    def bound_data(self, data: Any, initial: Any) -> Any:
        # Unreadable input is shown again as it was sent.
        try:
            return InvalidJSONInput(data) if data == "" else self.to_python(data)
        except ValidationError:
            return InvalidJSONInput(data)


class WonField(forms.IntegerField):
    """Whole won, accepted as people write it: 1,000,000원."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"inputmode": "numeric", "class": "input--short", "data-unit": "원"}
        super().__init__(min_value=0, widget=forms.TextInput(attrs), **kwargs)

    def to_python(self, value: Any) -> int | None:
        if isinstance(value, str):
            value = value.strip().removesuffix("원").replace(",", "").strip()
        amount: int | None = super().to_python(value)
        return amount


def mark_needed(field: forms.Field) -> None:
    """Mark a field as needed on the page although a draft may leave it empty."""
    field.needed = True  # type: ignore[attr-defined] # read by portal.forms.renderer


class NoteForm(PlainForm):
    note = forms.CharField(label="사유", max_length=300, required=False)


def read_note(data: Mapping[str, Any]) -> str:
    """Return the reason in posted data, "" if none; its move says whether it needs one.

    Raises BadInput (`note`).
    """
    form = NoteForm(data)
    if not form.is_valid():
        raise BadInput("사유는 300자까지의 글자로 적어 주세요.", code="note")
    return str(form.cleaned_data["note"])
