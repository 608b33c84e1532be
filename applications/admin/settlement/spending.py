"""Acts on submitted spending: judge its lines, return the list."""

from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from applications.models import Agreement
from applications.services.settlement import spending
from applications.states import SpendingState
from portal.access.requests import person
from portal.core.errors import BadInput
from portal.forms.fields import WonField
from portal.forms.ranges import within


def spending_form(request: HttpRequest, agreement: Agreement) -> type[forms.Form]:
    fields: dict[str, forms.Field] = {}
    labels = spending.planned_items(agreement)
    for row in agreement.spendings.filter(removed_at=None, state=SpendingState.CLAIMED):
        name = f"{labels.get(row.item, row.item)} · {row}"
        fields[f"won_{row.pk}"] = WonField(
            label=f"{name}: 인정액(원)",
            required=False,
            max_value=row.amount_won,
            initial=row.amount_won,
            help_text=format_html(
                "{} · {} 비워 두면 나중에 정합니다.",
                row.purpose,
                file_link("evidence", row.pk, row.name),
            ),
            validators=[within("allowed_won")],
        )
        fields[f"reason_{row.pk}"] = forms.CharField(
            label=f"{name}: 사유", required=False, max_length=300
        )
    return type("SpendingForm", (forms.Form,), fields)


def judge(request: HttpRequest, agreement: Agreement, data: dict[str, Any], at: datetime) -> int:
    """Judge the lines with an amount and return their number. Raises BadInput for none."""
    rows = agreement.spendings.filter(removed_at=None, state=SpendingState.CLAIMED)
    judged = [
        (row, data[f"won_{row.pk}"], data.get(f"reason_{row.pk}", ""))
        for row in rows.select_related("agreement")
        if data.get(f"won_{row.pk}") is not None
    ]
    if not judged:
        raise BadInput("인정액을 적은 사용내역이 없습니다.", code="nothing_judged")
    spending.judge_all(judged, by=person(request), now=at)
    return len(judged)


def reopen(request: HttpRequest, agreement: Agreement, data: dict[str, Any], at: datetime) -> None:
    spending.reopen(agreement, reason=data["note"], by=person(request), now=at)


def has_claims(request: HttpRequest, agreement: Agreement) -> bool:
    claims = agreement.spendings.filter(removed_at=None, state=SpendingState.CLAIMED)
    return agreement.spending_at is not None and claims.exists()


def file_link(kind: str, pk: int, name: str) -> SafeString:
    url = reverse("admin:applications_agreement_file", args=[kind, pk])
    return format_html('<a href="{}">{}</a>', url, name)
