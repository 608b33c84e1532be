"""The form that chooses a sub-programme."""

from typing import cast

from django import forms
from django.http import HttpRequest

from portal.access.requests import person
from programs.models import SubProgram
from programs.visibility import sub_programs_of


class StartForm(forms.Form):
    sub_program = forms.ModelChoiceField(
        label="내역사업", queryset=SubProgram.objects.none(), empty_label="고르세요"
    )

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.POST or None)
        programs = sub_programs_of(person(request)).select_related("round")
        field = cast(forms.ModelChoiceField, self.fields["sub_program"])
        field.queryset = programs.order_by("round", "order")
