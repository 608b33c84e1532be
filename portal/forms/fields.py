"""The base of all forms, and fields of several apps."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput

from portal.core import money, text, validators
from portal.core.errors import BadInput
from portal.core.money import MAX_WON
from portal.core.plain_json import check_plain
from portal.forms.errors import CodedErrors


class PlainForm(forms.Form):
    """A form with coded errors and without the browser's own messages."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"error_class": CodedErrors, **kwargs})


class NameField(forms.CharField):
    """Name of a person, firm, site or service, stored as `text.name` spells it."""

    def to_python(self, value: Any) -> str:
        return text.name(str(super().to_python(value) or ""))


class ReadField(forms.CharField):
    """Text with one stored spelling, which `read` returns; people may type it in many."""

    MOST_TYPED = 150
    CODE = ""  # of a refusal; else the reader's own
    read: Callable[[str], str]

    def __init__(self, *, max_length: int | None = None, **kwargs: Any) -> None:
        # The length of the column, which the spelling fits; what is typed may be longer.
        super().__init__(**kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "maxlength": self.MOST_TYPED}

    def to_python(self, value: Any) -> str:
        typed = str(super().to_python(value) or "")
        if not text.compact(typed):
            return ""
        try:
            return type(self).read(typed[: 4 * self.MOST_TYPED])
        except BadInput as refused:
            raise ValidationError(refused.message, code=self.CODE or refused.code) from refused


class BusinessNumberField(ReadField):
    read = staticmethod(validators.business_number)

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput({"inputmode": "numeric", "class": "input--short"})
        super().__init__(**{"label": "사업자등록번호", "widget": widget, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, str) and len(value) == 10 and value.isdecimal():
            return validators.format_business_number(value)
        return value


class PhoneField(ReadField):
    read = staticmethod(validators.phone)

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput({"type": "tel", "class": "input--short"})
        super().__init__(**{"widget": widget, **kwargs})


class DocumentNumberField(ReadField):
    read = staticmethod(validators.document_number)


class HashField(ReadField):
    CODE = "invalid"
    read = staticmethod(validators.sha256)

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput({"class": "input--long", "autocomplete": "off"})
        super().__init__(**{"label": "확인 값(SHA-256)", "widget": widget, **kwargs})


class PlainJSONField(forms.JSONField):
    """JSON that every database can store."""

    def to_python(self, value: Any) -> Any:
        try:
            read = super().to_python(value)
            check_plain(read)
            read = text.clean_all(read)
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
    """Whole won, accepted as people write it: 1,000,000원, 0.7억원 (`money.read`)."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"inputmode": "numeric", "class": "input--short", "data-unit": "원"}
        defaults = {"min_value": 0, "max_value": MAX_WON, "widget": forms.TextInput(attrs)}
        super().__init__(**{**defaults, **kwargs})

    def to_python(self, value: Any) -> int | None:
        if not isinstance(value, str):
            amount: int | None = super().to_python(value)
            return amount
        if not text.compact(value):
            return None
        try:
            return money.read(value, label=str(self.label or "금액"))
        except BadInput as refused:
            raise ValidationError(refused.message, code=refused.code) from refused


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
