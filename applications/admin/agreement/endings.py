"""Acts on the early end of an agreement."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest

from applications.models import Agreement, Ending
from applications.services.agreement import endings
from applications.states import AgreementState, EndingKind, EndingState
from portal.access.requests import person
from portal.core.errors import MoveNotAllowed
from portal.staff.forms import text


def ending_form(request: HttpRequest, agreement: Agreement) -> type[forms.Form]:
    kinds = endings.POSSIBLE.get(AgreementState(agreement.state), ())
    choices = [(kind, EndingKind(kind).label) for kind in kinds if kind != EndingKind.DECLINE]
    fields = {"kind": forms.ChoiceField(label="구분", choices=choices), "reason": text("사유")}
    return type("EndForm", (forms.Form,), fields)


def request_ending(
    request: HttpRequest, agreement: Agreement, data: dict[str, Any], at: datetime
) -> None:
    endings.request(agreement, **data, by=person(request), now=at)


def undecided(agreement: Agreement) -> Ending | None:
    rows = agreement.endings.filter(state=EndingState.ASKED)
    return rows.select_related("asked_by").first()


def act_on_ending(service: Callable[..., object]) -> Callable[..., None]:
    """Return an act that calls a service on the undecided early end."""

    def do(request: HttpRequest, agreement: Agreement, data: dict[str, Any], at: datetime) -> None:
        ending = undecided(agreement)
        if ending is None:
            raise MoveNotAllowed("처리할 요청이 없습니다.", code="no_ending")
        service(ending, note=data["note"], by=person(request), now=at)

    return do


def has_ending(request: HttpRequest, agreement: Agreement) -> bool:
    return undecided(agreement) is not None
