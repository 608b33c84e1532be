"""Who is written to: members, and everybody at a supplier's desk."""

from datetime import datetime
from typing import Any

from django.db import transaction

from portal.core.errors import MoveNotAllowed
from portal.models import User
from portal.notices import outbox
from portal.records.workflow import move
from vouchers.models import Assignment, Monitor, PanelApplication, SupplierTie
from vouchers.states import AssignmentMoves, AssignmentState, MonitorMoves


def _tell(
    letter: str, application: PanelApplication, reason: str, *, key: str, now: datetime
) -> None:
    outbox.write(
        letter,
        to_email=application.user.email,
        user=application.user,
        key=key,
        new=True,
        now=now,
        application=application,
        round=application.round,
        reason=reason,
    )


@transaction.atomic
def exclude(monitor: Monitor, *, reason: str, by: User | None, now: datetime) -> Monitor:
    """Take a member off the panel: what they still had to try is dropped, what they wrote stays
    and is left out of averages. Raises MoveNotAllowed.
    """
    row = move(
        monitor,
        MonitorMoves.EXCLUDE,
        by=by,
        now=now,
        note=reason,
        changes={"excluded_at": now, "exclusion_reason": reason[:300]},
    )
    key = f"panel-excluded:{row.pk}"
    _tell("vouchers/panel_excluded", monitor.application, reason, key=key, now=now)
    drop_all(monitor, reason="단원이 제외되어 배정을 취소했습니다.", by=by, now=now)
    return monitor


@transaction.atomic
def restore(monitor: Monitor, *, reason: str, by: User, now: datetime) -> Monitor:
    """Take an exclusion back, once no tie is left; what the member wrote counts again.

    Raises MoveNotAllowed (`tied`).
    """
    if SupplierTie.objects.filter(user=monitor.user_id, ended_at=None).exists():
        raise MoveNotAllowed("공급기업과의 이해관계가 남아 있습니다.", code="tied")
    move(
        monitor,
        MonitorMoves.RESTORE,
        by=by,
        now=now,
        note=reason,
        changes={"excluded_at": None, "exclusion_reason": ""},
    )
    return monitor


def drop_all(monitor: Monitor, *, reason: str, by: User | None, now: datetime) -> int:
    """Drop everything a member still has to try; returns how many."""
    rows = list(Assignment.objects.filter(monitor=monitor, state=AssignmentState.ACTIVE))
    for row in rows:
        move(
            row,
            AssignmentMoves.DROP,
            by=by,
            now=now,
            note=reason,
            owner=True,
            changes={"dropped_at": now},
        )
    return len(rows)


def to_member(monitor: Monitor, template: str, *, key: str, now: datetime, **words: Any) -> None:
    """Write one letter to a member."""
    outbox.write(
        template, to_email=monitor.user.email, user=monitor.user, key=key, now=now, **words
    )
