"""Remind assessors of the sheets that are late: one of them or all, each at most once a day."""

from collections.abc import Collection
from datetime import datetime

from django.db import IntegrityError, transaction

from applications.models import AssessmentReminder, RemindedAssessor
from applications.queries.assessment import progress
from applications.visibility import sheets_of
from portal.access.roles import roles_of
from portal.core.dates import korean_day
from portal.core.errors import BadInput, MoveNotAllowed
from portal.models import User
from portal.notices import outbox
from programs.roles import MANAGER, OFFICER


def reminded_today(row: progress.Late, now: datetime) -> bool:
    return row.reminded_at is not None and korean_day(row.reminded_at) == korean_day(now)


def remind(
    assessors: Collection[User] | None, *, by: User, now: datetime
) -> tuple[AssessmentReminder, int]:
    """Write to these assessors, or to all who are late, about their late sheets.

    Whoever was reminded today is left out. Returns the reminder and how many got it. Raises BadInput
    (`assessors`) when nobody was chosen, MoveNotAllowed (`role`, `nobody_late`, `reminded_today`).
    """
    if not roles_of(by) & {OFFICER, MANAGER}:
        raise MoveNotAllowed("평가위원에게 알릴 권한이 없습니다.", code="role")
    if assessors is not None and not assessors:
        raise BadInput("알릴 평가위원을 고르세요.", code="assessors")
    late = progress.late(sheets_of(by), now=now)
    if assessors is not None:
        chosen = {assessor.pk for assessor in assessors}
        late = [row for row in late if row.assessor.pk in chosen]
    if not late:
        raise MoveNotAllowed("기한이 지난 평가표가 있는 평가위원이 없습니다.", code="nobody_late")
    rows = [row for row in late if not reminded_today(row, now)]
    if not rows:
        raise _reminded()
    try:
        with transaction.atomic():
            made = AssessmentReminder.objects.create(by=by, at=now)
            for row in rows:
                _write(made, row, now)
    except IntegrityError as error:  # another officer was faster
        raise _reminded() from error
    return made, len(rows)


def _write(reminder: AssessmentReminder, row: progress.Late, now: datetime) -> None:
    day = korean_day(now)
    RemindedAssessor.objects.create(
        reminder=reminder, assessor=row.assessor, day=day, overdue=row.overdue, due_at=row.due_at
    )
    outbox.write(
        "applications/sheets_late",
        to_email=row.assessor.email,
        user=row.assessor,
        key=f"sheets-late:{row.assessor.pk}:{day}",
        now=now,
        count=row.overdue,
        due_at=row.due_at,
    )


def _reminded() -> MoveNotAllowed:
    return MoveNotAllowed(
        "오늘 이미 알린 평가위원입니다. 한 사람에게 하루에 한 번만 알립니다.", code="reminded_today"
    )
