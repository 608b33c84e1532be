"""Inspections."""

from django import forms

from kamp.forms.datasets import LONG
from kamp.forms.reasons import PlainForm
from kamp.states import Mark


class DecisionForm(PlainForm):
    """What the inspector decided."""

    mark = forms.ChoiceField(label="검사원 판정", choices=Mark.choices, widget=forms.RadioSelect)
    note = forms.CharField(
        label="덧붙임", max_length=300, required=False, widget=forms.TextInput(LONG)
    )
