"""What every form here does: errors with their stable code, refusals put into place."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from portal.core.errors import BadInput, PortalError
from portal.forms.errors import CodedErrors


class PlainForm(forms.Form):
    """A form with coded errors, and no browser's own messages in their way."""

    use_required_attribute = False

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs["error_class"] = CodedErrors
        super().__init__(*args, **kwargs)


def refuse(
    form: forms.Form, error: PortalError, *, fields: Mapping[str, str] | None = None
) -> None:
    """Put every reason of a refusal next to its field, or above the form when it has none."""
    for finding in error.findings:
        name = (fields or {}).get(finding.code) or finding.code
        field = name if name in form.fields else None
        form.add_error(field, ValidationError(finding.message, code=finding.code))


class NoteForm(PlainForm):
    """Why."""

    note = forms.CharField(label="사유", max_length=300, required=False)


def note_sent(data: Mapping[str, Any]) -> str:
    """Read the reason of an act; whether it needs one is its move's affair. Raises BadInput (`note`)."""
    form = NoteForm(data)
    if not form.is_valid():
        raise BadInput("사유는 300자까지의 글자로 적어 주세요.", code="note")
    return str(form.cleaned_data["note"])
