"""Amendments."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from applications.models import (
    Agreement,
    ChangeRequest,
)
from applications.states import (
    AmendmentState,
)


def open_change(thing: Agreement) -> ChangeRequest | None:
    """The change that is under way."""
    return (
        thing.changes.select_related("agreement__application__sub_program")
        .filter(state__in=[AmendmentState.ASKED, AmendmentState.EXAMINED])
        .first()
    )


def on_change(service: Callable[..., object], word: str, told: str) -> Callable[..., str]:
    """An act on the change that is under way."""

    def do(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
        change = open_change(thing)
        if change is None:
            return "처리할 협약변경이 없습니다."
        service(change, **{word: data["note"]}, by=request.user, now=at)
        return told

    return do


def change_in(*states: str) -> Callable[[HttpRequest, Agreement], bool]:
    """Whether a change stands in one of these states."""
    return lambda request, thing: thing.changes.filter(state__in=states).exists()


def to_change(thing: Agreement) -> str:
    """What the change would change, and why it is wanted."""
    change = open_change(thing)
    if change is None:
        return ""
    parts = "\n".join(f"{name}: {value}" for name, value in change.described)
    return f"{change}\n{parts}\n\n사유: {change.reason}"
