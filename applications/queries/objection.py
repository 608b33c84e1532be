"""Objections (이의신청): the clock that everybody sees, and who may not decide."""

from dataclasses import dataclass
from datetime import datetime

from applications.models import Application, Decision, Objection, ScoreSheet
from applications.queries import award
from applications.states import ApplicationState, Outcome
from programs.queries import holidays
from programs.rules import calendar


@dataclass(frozen=True)
class Clock:
    """Until when the decision in force may be contested; `due_at` itself is too late."""

    decision: int
    due_at: datetime
    days: int
    open: bool


def clock(application: Application, now: datetime) -> Clock | None:
    """The clock of a released decision; None where there is nothing to contest."""
    found = award.award_of(application)
    if found is None or found.outcome == Outcome.DECLINED:
        return None
    days = application.sub_program.objection_days
    due = calendar.period_end(found.released_at, days, holidays())
    standing = application.state == ApplicationState.RELEASED
    fresh = not Objection.objects.filter(application=application).exists()
    return Clock(found.decision, due, days, standing and fresh and now < due)


def barred(objection: Objection) -> set[int]:
    """Everybody who decided or judged the case: they have no part in the objection."""
    contested = Decision.objects.select_related("selection", "change").get(pk=objection.decision_id)
    people = {contested.selection.confirmed_by_id, contested.selection.decided_by_id}
    change = getattr(contested, "change", None)
    if change is not None:
        people |= {change.proposed_by_id, change.seconded_by_id, change.approved_by_id}
    sheets = ScoreSheet.objects.filter(application=objection.application_id)
    people |= set(sheets.values_list("assessor", flat=True))
    return {pk for pk in people if pk is not None}
