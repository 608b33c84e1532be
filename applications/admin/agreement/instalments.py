"""Instalments."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest

from applications.models import (
    Agreement,
    Instalment,
)
from applications.services.agreement import instalments, pending_steps
from applications.states import (
    InstalmentState,
)


def next_part(thing: Agreement) -> Instalment | None:
    """The instalment that may be asked for now."""
    rows = thing.instalments.filter(state=InstalmentState.PLANNED).select_related("agreement")
    return next((part for part in rows if pending_steps.payable(thing, part)), None)


def asked_part(thing: Agreement) -> Instalment | None:
    """The instalment that waits for its approval."""
    rows = thing.instalments.filter(state=InstalmentState.REQUESTED)
    return rows.select_related("agreement").first()


def request_pay(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Ask for the next instalment."""
    part = next_part(thing)
    if part is None:
        return "지급할 수 있는 차수가 없습니다."
    instalments.request(part, by=request.user, now=at)
    return f"{part}의 지급을 요청했습니다."


def pay(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Pay what was asked for."""
    part = asked_part(thing)
    if part is None:
        return "지급 요청이 없습니다."
    instalments.pay(part, by=request.user, now=at)
    return f"{part}을 지급했습니다."


def return_pay(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Send the request back."""
    part = asked_part(thing)
    if part is None:
        return "지급 요청이 없습니다."
    instalments.send_back(part, reason=data["note"], by=request.user, now=at)
    return "지급 요청을 돌려보냈습니다."


def balance_asked(request: HttpRequest, thing: Agreement) -> bool:
    """Whether a payment waits for its approval."""
    return asked_part(thing) is not None


def something_payable(request: HttpRequest, thing: Agreement) -> bool:
    """Whether a payment may be asked for."""
    return next_part(thing) is not None


def to_ask(thing: Agreement) -> str:
    """What would be asked for."""
    return f"{next_part(thing)}의 지급을 요청합니다. 결정권자가 승인하면 한 번만 지급됩니다."


def to_pay(thing: Agreement) -> str:
    """What would be paid, and who asked."""
    part = asked_part(thing)
    asked = f" ({part.requested_by} 요청)" if part else ""
    return f"{part}을 지급합니다{asked}. 요청한 사람과 다른 결정권자만 지급할 수 있습니다."
