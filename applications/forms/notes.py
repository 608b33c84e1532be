"""Forms of memos and calls."""

from typing import Any

from django import forms

from applications.services.notes import LONGEST
from applications.states import CallDirection
from portal.core.clock import now
from portal.forms.ranges import within
from portal.staff.forms import note_form, text

MemoForm = note_form("text", label="메모", max_length=LONGEST, rows=4)
CorrectionForm = note_form("text", label="바로잡은 내용", max_length=LONGEST, rows=4)


class CallForm(forms.Form):
    direction = forms.ChoiceField(
        label="방향", choices=CallDirection.choices, widget=forms.RadioSelect
    )
    counterpart = forms.CharField(
        label="통화 상대", max_length=100, help_text="이름과 소속을 적어 주세요."
    )
    happened_at = forms.DateTimeField(
        label="통화한 때(한국 시각)",
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        validators=[within("call_day")],
    )
    text = text("말한 내용", max_length=LONGEST, rows=4)

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["happened_at"].initial = now()  # most calls are written down when they end
