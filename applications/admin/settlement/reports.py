"""Acts that record the mid and the final check of an agreement's work."""

from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest

from applications.models import Agreement
from applications.services.settlement import reports
from applications.states import FinalOutcome, MidOutcome
from portal.access.requests import person
from portal.forms.ranges import within
from portal.staff.forms import text


class MidForm(forms.Form):
    outcome = forms.ChoiceField(label="점검 결과", choices=MidOutcome.choices)
    reason = text("점검 의견")


def mid_check(
    request: HttpRequest, agreement: Agreement, data: dict[str, Any], at: datetime
) -> None:
    reports.check_mid(agreement, **data, by=person(request), now=at)


class FinalForm(forms.Form):
    outcome = forms.ChoiceField(label="점검 결과", choices=FinalOutcome.choices)
    reason = text("점검 의견")
    days = forms.IntegerField(
        label="보완 일수",
        required=False,
        help_text="보류할 때만 적으세요.",
        validators=[within("hold_days")],
    )


def final_check(
    request: HttpRequest, agreement: Agreement, data: dict[str, Any], at: datetime
) -> None:
    reports.check_final(agreement, **data, by=person(request), now=at)
