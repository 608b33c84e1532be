"""Form of the spending under an agreement."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms

from portal.forms.fields import NameField, PlainForm, WonField
from portal.forms.ranges import within


class SpendingForm(PlainForm):
    item = forms.ChoiceField(label="비목")
    spent_on = forms.DateField(
        label="사용일",
        widget=forms.DateInput({"type": "date", "class": "input--short"}),
        validators=[within("spent_on")],
    )
    payee = NameField(label="받은 곳", max_length=100)
    purpose = forms.CharField(
        label="사용 내용", max_length=200, widget=forms.TextInput({"class": "input--long"})
    )
    amount_won = WonField(label="금액(원)", min_value=1, validators=[within("spent_won")])
    upload = forms.FileField(label="증빙 파일", help_text="PDF, JPG, PNG, XLSX, ZIP")

    def __init__(self, *args: Any, items: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["item"]).choices = list(items.items())
