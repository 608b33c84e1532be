"""Form of a label."""

from typing import Any

from django import forms

from kamp.forms.datasets import SHORT
from kamp.states import DefectKind, Mark
from portal.forms.fields import PlainForm
from portal.forms.ranges import within


class LabelForm(PlainForm):
    mark = forms.ChoiceField(label="라벨", choices=Mark.choices, widget=forms.RadioSelect)
    defect = forms.ChoiceField(
        label="불량 종류", choices=[("", "고르세요"), *DefectKind.choices], required=False
    )
    frame = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
    x = forms.IntegerField(label="왼쪽", required=False, validators=[within("pixel")])
    y = forms.IntegerField(label="위", required=False, validators=[within("pixel")])
    w = forms.IntegerField(label="너비", required=False, validators=[within("pixels")])
    h = forms.IntegerField(label="높이", required=False, validators=[within("pixels")])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for side in "xywh":
            self.fields[side].widget = forms.TextInput(
                {**SHORT, "inputmode": "numeric", "data-unit": "화소"}
            )

    def box(self) -> dict[str, int] | None:
        sides = {side: self.cleaned_data.get(side) for side in "xywh"}
        given = {side: value for side, value in sides.items() if value is not None}
        return given if len(given) == len(sides) else None
