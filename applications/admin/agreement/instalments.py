"""Acts on the instalments of an agreement: request, pay, return."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest

from applications.models import Agreement, Instalment
from applications.services.agreement import instalments
from applications.services.agreement.instalments import next_payable, requested
from portal.access.requests import person
from portal.core.errors import MoveNotAllowed


def request_pay(
    request: HttpRequest, agreement: Agreement, data: dict[str, Any], at: datetime
) -> Instalment:
    part = next_payable(agreement)
    if part is None:
        raise MoveNotAllowed("지급할 수 있는 차수가 없습니다.", code="not_payable")
    instalments.request(part, by=person(request), now=at)
    return part


def pay(
    request: HttpRequest, agreement: Agreement, data: dict[str, Any], at: datetime
) -> Instalment:
    part = _must_be_requested(agreement)
    instalments.pay(part, by=person(request), now=at)
    return part


def return_pay(
    request: HttpRequest, agreement: Agreement, data: dict[str, Any], at: datetime
) -> None:
    part = _must_be_requested(agreement)
    instalments.send_back(part, reason=data["note"], by=person(request), now=at)


def has_request(request: HttpRequest, agreement: Agreement) -> bool:
    return requested(agreement) is not None


def has_payable(request: HttpRequest, agreement: Agreement) -> bool:
    return next_payable(agreement) is not None


def request_intro(agreement: Agreement) -> str:
    part = next_payable(agreement)
    return f"{part}의 지급을 요청합니다. 결정권자가 승인하면 한 번만 지급됩니다."


def pay_intro(agreement: Agreement) -> str:
    part = requested(agreement)
    requester = f" ({part.requested_by} 요청)" if part else ""
    return f"{part}을 지급합니다{requester}. 요청한 사람과 다른 결정권자만 지급할 수 있습니다."


def _must_be_requested(agreement: Agreement) -> Instalment:
    part = requested(agreement)
    if part is None:
        raise MoveNotAllowed("지급 요청이 없습니다.", code="no_pay_request")
    return part
