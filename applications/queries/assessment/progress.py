"""How far an assessment is: sheets handed in of each application, and assessors who are late."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, Q, QuerySet

from applications.models import Application, RemindedAssessor, ScoreSheet
from applications.queries import objection
from applications.queries.assessment import committee
from applications.queries.assessment.sheets import unfinished_sheets
from applications.states import ApplicationState
from portal.models import User


@dataclass(frozen=True)
class Panel:
    """The sheets of an application that count: handed in, assigned, and the fewest it needs."""

    handed_in: int
    assigned: int
    minimum: int

    def __str__(self) -> str:
        return f"{self.handed_in}/{self.assigned}"


@dataclass(frozen=True)
class Late:
    """An assessor with sheets whose due instant is past."""

    assessor: User
    waiting: int  # sheets not handed in, the late ones included
    overdue: int
    assigned_at: datetime  # the first of the waiting sheets
    due_at: datetime  # of the sheet that is late for longest
    reminded_at: datetime | None


def panel_of(application: Application, sheets: Iterable[ScoreSheet]) -> Panel:
    """Return the figures of one application from its sheets; those of an earlier panel are left out."""
    since = objection.assessed_anew([application.pk]).get(application.pk)
    counted = [
        sheet
        for sheet in sheets
        if not sheet.ended and (since is None or sheet.assigned_at >= since)
    ]
    handed_in = sum(sheet.locked_at is not None for sheet in counted)
    return Panel(handed_in, len(counted), application.sub_program.minimum_sheets)


def put_on(applications: Sequence[Application]) -> None:
    """Set `panel` of each application, None unless it is under assessment, in two queries."""
    shown = {row.pk: row for row in applications if row.state == ApplicationState.ASSESSING}
    handed_in, assigned = dict.fromkeys(shown, 0), dict.fromkeys(shown, 0)
    since = objection.assessed_anew(shown) if shown else {}
    rows = ScoreSheet.objects.active().filter(application__in=shown)
    for pk, at, locked_at in rows.values_list("application_id", "assigned_at", "locked_at"):
        if at >= since.get(pk, at):
            assigned[pk] += 1
            handed_in[pk] += locked_at is not None
    for row in applications:
        row.panel = (  # type: ignore[attr-defined]  # for the columns of a list
            Panel(handed_in[row.pk], assigned[row.pk], row.sub_program.minimum_sheets)
            if row.pk in shown
            else None
        )


def late(sheets: QuerySet[ScoreSheet], *, now: datetime) -> list[Late]:
    """Return the assessors of these sheets who are late, the longest first, in three queries."""
    rows = list(
        unfinished_sheets(sheets)
        .order_by()
        .values("assessor")
        .annotate(
            number=Count("pk"),
            overdue=Count("pk", filter=Q(due_at__lt=now)),
            assigned=Min("assigned_at"),
            due=Min("due_at"),
        )
        .filter(overdue__gt=0)
        .order_by("due", "assessor")
    )
    people = committee.everybody().in_bulk([row["assessor"] for row in rows])
    reminded = dict(
        RemindedAssessor.objects.filter(assessor__in=people)
        .values_list("assessor")
        .annotate(last=Max("reminder__at"))
    )
    return [
        Late(
            assessor=people[row["assessor"]],
            waiting=row["number"],
            overdue=row["overdue"],
            assigned_at=row["assigned"],
            due_at=row["due"],
            reminded_at=reminded.get(row["assessor"]),
        )
        for row in rows
    ]
