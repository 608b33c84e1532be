"""Reports."""

from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest

from applications.models import (
    Agreement,
)
from applications.services.settlement import reports
from applications.states import FinalOutcome, MidOutcome
from portal.staff.forms import text


class MidForm(forms.Form):
    """What the mid-check says."""

    outcome = forms.ChoiceField(label="점검 결과", choices=MidOutcome.choices)
    reason = text("점검 의견")


def mid_check(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Judge the work half-way."""
    reports.check_half_way(thing, **data, by=request.user, now=at)
    return "중간점검 결과를 남겼습니다."


class FinalForm(forms.Form):
    """What the final check says."""

    outcome = forms.ChoiceField(label="점검 결과", choices=FinalOutcome.choices)
    reason = text("점검 의견")
    days = forms.IntegerField(
        label="보완 일수",
        required=False,
        min_value=1,
        max_value=60,
        help_text="보류할 때만 적으세요.",
    )


def final_check(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Judge the finished work."""
    reports.check_final(thing, **data, by=request.user, now=at)
    return "최종점검 결과를 남겼습니다."
