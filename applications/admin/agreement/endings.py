"""Endings."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest

from applications.models import (
    Agreement,
    Ending,
)
from applications.services.agreement import endings
from applications.states import (
    AgreementState,
    EndingKind,
    EndingState,
)
from portal.staff.forms import text


def end_form(request: HttpRequest, thing: Agreement) -> type[forms.Form]:
    """Which early end is possible here, and why it is wanted."""
    kinds = endings.POSSIBLE.get(AgreementState(thing.state), ())
    choices = [(kind, EndingKind(kind).label) for kind in kinds if kind != EndingKind.DECLINE]
    fields = {"kind": forms.ChoiceField(label="구분", choices=choices), "reason": text("사유")}
    return type("EndForm", (forms.Form,), fields)


def ask_end(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Ask for an early end."""
    endings.ask(thing, **data, by=request.user, now=at)
    return "중도 종료를 요청했습니다. 다른 결정권자가 승인해야 합니다."


def asked_end(thing: Agreement) -> Ending | None:
    """The early end that waits for its decision."""
    rows = thing.endings.filter(state=EndingState.ASKED)
    return rows.select_related("asked_by").first()


def on_end(service: Callable[..., object], told: str) -> Callable[..., str]:
    """An act on the early end that waits."""

    def do(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
        ending = asked_end(thing)
        if ending is None:
            return "처리할 요청이 없습니다."
        service(ending, note=data["note"], by=request.user, now=at)
        return told

    return do


def end_waits(request: HttpRequest, thing: Agreement) -> bool:
    """Whether an early end waits for its decision."""
    return asked_end(thing) is not None
