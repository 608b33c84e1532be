"""Score sheets that wait for their assessor."""

from datetime import datetime

from django.db.models import F, QuerySet

from applications.models import ScoreSheet
from applications.states import ApplicationState


def unfinished_sheets(rows: QuerySet[ScoreSheet]) -> QuerySet[ScoreSheet]:
    """Return the sheets that their assessor still has to hand in, by due date."""
    waiting = rows.filter(
        locked_at=None,
        abstained_at=None,
        withdrawn_at=None,
        application__state=ApplicationState.ASSESSING,
    )
    return waiting.order_by(F("due_at").asc(nulls_last=True), "pk")


def late_sheets(rows: QuerySet[ScoreSheet], now: datetime) -> QuerySet[ScoreSheet]:
    """Return the sheets that were due before `now`, the longest overdue first."""
    return unfinished_sheets(rows).filter(due_at__lt=now)
