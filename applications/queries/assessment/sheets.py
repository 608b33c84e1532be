"""Score sheets that wait for their assessor, and those that a run counts."""

from datetime import datetime

from django.db.models import F, QuerySet

from applications.models import Objection, ScoreRun, ScoreSheet
from applications.states import ApplicationState, Remedy


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


def handed_in_for(run: ScoreRun) -> QuerySet[ScoreSheet]:
    """Return the sheets that were locked when the run was requested, withdrawn ones included.

    A case assessed anew has only those assigned after its objection was upheld.
    """
    rows = ScoreSheet.objects.filter(locked_at__isnull=False, locked_at__lte=run.requested_at)
    case = Objection.objects.filter(run=run, remedy=Remedy.SHEETS)
    since = case.values_list("decided_at", flat=True).first()
    return rows if since is None else rows.filter(assigned_at__gte=since)
