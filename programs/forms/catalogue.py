"""Choosing a sub-programme."""

from django import forms
from django.http import HttpRequest

from programs.models import SubProgram
from programs.visibility import sub_programs_of


class StartForm(forms.Form):
    """Which sub-programme."""

    sub_program = forms.ModelChoiceField(
        label="내역사업", queryset=SubProgram.objects.none(), empty_label="고르세요"
    )

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.POST or None)
        rows = sub_programs_of(request.user).select_related("round").order_by("round", "order")
        self.fields["sub_program"].queryset = rows
