"""The reason that a person gives for an act."""

from collections.abc import Mapping
from typing import Any

from django import forms

from portal.core.errors import BadInput
from portal.forms.fields import PlainForm


class NoteForm(PlainForm):
    note = forms.CharField(label="사유", max_length=300, required=False)


def note_sent(data: Mapping[str, Any]) -> str:
    """Return the reason in posted data, "" if none; its move says whether it needs one.

    Raises BadInput (`note`).
    """
    form = NoteForm(data)
    if not form.is_valid():
        raise BadInput("사유는 300자까지의 글자로 적어 주세요.", code="note")
    return str(form.cleaned_data["note"])
