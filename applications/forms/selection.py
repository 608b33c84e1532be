"""Declining a selection."""

from django import forms

from portal.forms.fields import PlainForm

REASON = {"rows": 4, "class": "input--long"}


class DeclineForm(PlainForm):
    note = forms.CharField(
        label="포기 사유",
        max_length=250,
        widget=forms.Textarea(REASON),
        error_messages={"required": "포기하는 사유를 적어 주세요."},
    )
    confirmed = forms.BooleanField(
        label="포기하면 되돌릴 수 없음을 확인했습니다.",
        error_messages={"required": "확인란을 선택해야 포기할 수 있습니다."},
    )
