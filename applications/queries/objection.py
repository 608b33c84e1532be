"""Objections (이의신청): the deadline shown to everybody, and who may not decide."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from applications.models import Application, Decision, DecisionChange, Objection, ScoreSheet
from applications.queries.selection import decisions
from applications.states import PENDING_CHANGES, ApplicationState, ObjectionState, Outcome
from programs.queries.calendar import holidays


@dataclass(frozen=True)
class Clock:
    """Until when a decision may be contested; `due_at` itself is too late."""

    decision: int
    due_at: datetime
    days: int
    open: bool


def clock(application: Application, now: datetime) -> Clock | None:
    """Return the deadline of a released decision; None when nothing can be contested."""
    award = decisions.award_of(application)
    if award is None or award.outcome == Outcome.DECLINED:
        return None
    days = application.sub_program.objection_days
    due = application.sub_program.due_after("objection_days", award.released_at, holidays())
    released = application.state == ApplicationState.RELEASED
    first = not Objection.objects.filter(application=application).exists()
    return Clock(award.decision, due, days, released and first and now < due)


def objection_summary(application: Application, now: datetime) -> dict[str, Any] | None:
    """Return deadline and objection as the applicant sees them; None without a decision.

    Keys: days, due_at, open, state, state_label, filed_at, answer_due_at (None once answered),
    answer.
    """
    filed = Objection.objects.filter(application=application).first()
    running = clock(application, now)
    if filed is None:
        if running is None:
            return None
        absent = dict.fromkeys(["state", "state_label", "filed_at", "answer_due_at", "answer"])
        return {"days": running.days, "due_at": running.due_at, "open": running.open, **absent}
    return {
        "days": application.sub_program.objection_days,
        "due_at": filed.due_at,
        "open": False,
        "state": filed.state,
        "state_label": filed.get_state_display(),
        "filed_at": filed.filed_at,
        "answer_due_at": None if filed.decided_at else filed.answer_due_at,
        "answer": filed.answer or None,
    }


def settled(application: Application, now: datetime) -> bool:
    """Return whether the decision is final: nothing pending and the deadline past."""
    running = clock(application, now)
    pending = Objection.objects.filter(
        application=application, state__in=[ObjectionState.FILED, ObjectionState.UPHELD]
    )
    changing = DecisionChange.objects.filter(application=application, state__in=PENDING_CHANGES)
    return not (running and running.open) and not pending.exists() and not changing.exists()


def barred(objection: Objection) -> set[int]:
    """Return the ids of everybody who decided or assessed the case."""
    contested = Decision.objects.select_related("selection", "change").get(pk=objection.decision_id)
    people = {contested.selection.confirmed_by_id, contested.selection.decided_by_id}
    change = getattr(contested, "change", None)
    if change is not None:
        people |= {change.proposed_by_id, change.seconded_by_id, change.approved_by_id}
    sheets = ScoreSheet.objects.filter(application=objection.application_id)
    people |= set(sheets.values_list("assessor", flat=True))
    return {pk for pk in people if pk is not None}
