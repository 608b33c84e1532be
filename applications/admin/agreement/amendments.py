"""Acts on the amendment of an agreement that is not decided yet."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from applications.models import Agreement, Amendment
from applications.states import AmendmentState
from portal.access.requests import person
from portal.core.errors import MoveNotAllowed


def undecided(agreement: Agreement) -> Amendment | None:
    rows = agreement.amendments.select_related("agreement__application__sub_program")
    return rows.filter(state__in=[AmendmentState.ASKED, AmendmentState.EXAMINED]).first()


def act_on_amendment(service: Callable[..., object], field: str) -> Callable[..., None]:
    """Return an act that calls a service on the undecided amendment; `field` takes the note."""

    def do(request: HttpRequest, agreement: Agreement, data: dict[str, Any], at: datetime) -> None:
        amendment = undecided(agreement)
        if amendment is None:
            raise MoveNotAllowed("처리할 협약변경이 없습니다.", code="no_amendment")
        service(amendment, **{field: data["note"]}, by=person(request), now=at)

    return do


def has_amendment(*states: str) -> Callable[[HttpRequest, Agreement], bool]:
    return lambda request, agreement: agreement.amendments.filter(state__in=states).exists()


def amendment_intro(agreement: Agreement) -> str:
    amendment = undecided(agreement)
    if amendment is None:
        return ""
    parts = "\n".join(f"{name}: {value}" for name, value in amendment.described)
    return f"{amendment}\n{parts}\n\n사유: {amendment.reason}"
