"""The two acts on every proposal: another manager approves it, any manager drops it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from portal.staff.acts import Act
from programs.models.proposals import Proposal
from programs.roles import MANAGER

Do = Callable[..., None]


def acts(approve: Do, drop: Do, *, intro: Any, done: str, dropped: str) -> list[Act]:
    """Return the acts; `done` and `dropped` are what is said afterwards."""
    return [
        Act(
            "approve",
            "변경안 승인",
            approve,
            roles=[MANAGER],
            done=done,
            show=lambda request, row: _is_open(request, row) and row.by_id != request.user.pk,
            intro=intro,
        ),
        Act("drop", "변경안 폐기", drop, roles=[MANAGER], done=dropped, show=_is_open, danger=True),
    ]


def _is_open(request: HttpRequest, row: Proposal) -> bool:
    return row.ended_at is None
