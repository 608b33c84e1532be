"""Spending."""

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


def spending_form(request: HttpRequest, thing: Agreement) -> type[forms.Form]:
    """What is accepted of each line that waits."""
    fields: dict[str, forms.Field] = {}
    labels = spending.planned_items(thing)
    for row in thing.spendings.filter(removed_at=None, state=SpendingState.CLAIMED):
        name = f"{labels.get(row.item, row.item)} · {row}"
        fields[f"won_{row.pk}"] = forms.IntegerField(
            label=f"{name}: 인정액(원)",
            required=False,
            min_value=0,
            max_value=row.amount_won,
            initial=row.amount_won,
            help_text=format_html(
                "{} · {} 비워 두면 나중에 정합니다.",
                row.purpose,
                opened("evidence", row.pk, row.name),
            ),
        )
        fields[f"reason_{row.pk}"] = forms.CharField(
            label=f"{name}: 사유", required=False, max_length=300
        )
    return type("SpendingForm", (forms.Form,), fields)


def judge(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Accept, cut or refuse the lines that were decided on."""
    done = 0
    rows = thing.spendings.filter(removed_at=None, state=SpendingState.CLAIMED)
    for row in rows.select_related("agreement"):
        amount = data.get(f"won_{row.pk}")
        if amount is not None:
            reason = data.get(f"reason_{row.pk}", "")
            spending.judge(row, allowed_won=amount, reason=reason, by=request.user, now=at)
            done += 1
    return f"사용내역 {done}건을 확인했습니다."


def reopen(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Give the list back."""
    spending.reopen(thing, reason=data["note"], by=request.user, now=at)
    return "사용내역의 보완을 요청했습니다."


def claims_wait(request: HttpRequest, thing: Agreement) -> bool:
    """Whether handed-over spending waits to be judged."""
    waits = thing.spendings.filter(removed_at=None, state=SpendingState.CLAIMED)
    return thing.spending_at is not None and waits.exists()


def opened(kind: str, pk: int, name: str) -> SafeString:
    """A link to a file of an agreement."""
    url = reverse("admin:applications_agreement_file", args=[kind, pk])
    return format_html('<a href="{}">{}</a>', url, name)
