"""Members of a panel: exclusion, restoration, mails."""

from datetime import datetime
from typing import Any

from django.db import transaction

from portal.core.errors import MoveNotAllowed
from portal.models import User
from portal.notices import outbox
from portal.records.workflow import move
from vouchers.models import Assignment, Monitor, PanelApplication, SupplierTie
from vouchers.states import AssignmentMoves, AssignmentState, MonitorMoves


@transaction.atomic
def exclude(monitor: Monitor, *, reason: str, by: User | None, now: datetime) -> Monitor:
    """Exclude a member and drop their assignments; their reports stay but leave the averages.

    Raises MoveNotAllowed.
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
    notify_applicant("vouchers/panel_excluded", monitor.application, reason, key=key, now=now)
    drop_all(monitor, reason="단원이 제외되어 배정을 취소했습니다.", by=by, now=now)
    return monitor


@transaction.atomic
def restore(monitor: Monitor, *, reason: str, by: User, now: datetime) -> Monitor:
    """Undo an exclusion; the member's reports count in averages again.

    Raises MoveNotAllowed (`tied`) while a tie to a supplier is open.
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
    """Drop the active assignments of a member; return their number."""
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


def notify(monitor: Monitor, template: str, *, key: str, now: datetime, **context: Any) -> None:
    outbox.write(
        template, to_email=monitor.user.email, user=monitor.user, key=key, now=now, **context
    )


def notify_applicant(
    template: str, application: PanelApplication, reason: str, *, key: str, now: datetime
) -> None:
    """Queue a mail with a reason to an applicant, member or not. The key must be new."""
    outbox.write(
        template,
        to_email=application.user.email,
        user=application.user,
        key=key,
        new=True,
        now=now,
        application=application,
        round=application.round,
        reason=reason,
    )
