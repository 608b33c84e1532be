"""Form of an inspector's decision."""

from django import forms

from kamp.forms.datasets import LONG
from kamp.states import Mark
from portal.forms.fields import PlainForm


class DecisionForm(PlainForm):
    mark = forms.ChoiceField(label="검사원 판정", choices=Mark.choices, widget=forms.RadioSelect)
    note = forms.CharField(
        label="덧붙임", max_length=300, required=False, widget=forms.TextInput(LONG)
    )
