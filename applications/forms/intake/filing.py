"""Forms that file and withdraw an application."""

from django import forms

from portal.forms.fields import PlainForm

REASON = {"rows": 4, "class": "input--long"}


class SubmitForm(PlainForm):
    confirmed = forms.BooleanField(
        label="적은 내용이 사실과 같음을 확인했습니다.",
        error_messages={"required": "확인란을 선택해야 제출할 수 있습니다."},
    )
    # What the page showed; a page without it is out of date, which the service says.
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)


class WithdrawForm(PlainForm):
    note = forms.CharField(
        label="취하 사유",
        max_length=1_000,
        widget=forms.Textarea(REASON),
        error_messages={"required": "취하하는 사유를 적어 주세요."},
    )
