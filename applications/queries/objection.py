"""Objections (이의신청): the deadline shown to everybody, and who may not decide."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from applications.models import (
    Application,
    BonusClaim,
    Decision,
    DecisionChange,
    Exclusion,
    Objection,
    ScoreSheet,
)
from applications.queries.selection import decisions
from applications.states import (
    PENDING_CHANGES,
    ApplicationState,
    BonusState,
    ObjectionState,
    Outcome,
    Remedy,
)
from programs.queries.calendar import holidays


@dataclass(frozen=True)
class Clock:
    """Until when a decision or an exclusion may be contested; `due_at` itself is too late."""

    decision: int | None
    exclusion: int | None
    due_at: datetime
    days: int
    open: bool


def exclusion_of(application: Application) -> Exclusion | None:
    """Return the exclusion in force; None unless the application is excluded."""
    if application.state != ApplicationState.INELIGIBLE:
        return None
    return application.exclusions.order_by("-pk").first()


def current(application: Application) -> Objection | None:
    """Return the objection to what is in force now: the exclusion, else the result."""
    if application.state != ApplicationState.INELIGIBLE:
        return application.objection
    return (
        Objection.objects.filter(exclusion=exclusion_of(application))
        .exclude(exclusion=None)
        .first()
    )


def shown(application: Application) -> Objection | None:
    """Return the objection that its page shows: the current one, else the last that was answered."""
    last = application.objections.order_by("-pk").first()
    return current(application) or last


def clock(application: Application, now: datetime) -> Clock | None:
    """Return the deadline of what is in force; None when nothing can be contested."""
    program = application.sub_program
    if application.state == ApplicationState.INELIGIBLE:
        excluded = exclusion_of(application)
        if excluded is None:
            return None
        due = program.due_after("objection_days", excluded.at, holidays())
        first = not Objection.objects.filter(exclusion=excluded).exists()
        return Clock(None, excluded.pk, due, program.objection_days, first and now < due)
    award = decisions.award_of(application)
    if award is None or award.outcome == Outcome.DECLINED:
        return None
    due = program.due_after("objection_days", award.released_at, holidays())
    released = application.state == ApplicationState.RELEASED
    first = application.objection is None
    return Clock(
        award.decision, None, due, program.objection_days, released and first and now < due
    )


def objection_summary(application: Application, now: datetime) -> dict[str, Any] | None:
    """Return deadline and objection as the applicant sees them; None without a decision.

    Keys: days, due_at, open, state, state_label, filed_at, answer_due_at (None once answered),
    answer.
    """
    filed = current(application)
    running = clock(application, now)
    if filed is None and running is None:  # an exclusion was taken back, and nothing came after it
        filed = application.objections.filter(state=ObjectionState.CLOSED).order_by("-pk").first()
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


def assessed_anew(applications: Iterable[int]) -> dict[int, datetime]:
    """Return since when other assessors assess these applications anew, by application."""
    upheld = Objection.objects.filter(
        application__in=applications, state=ObjectionState.UPHELD, remedy=Remedy.SHEETS
    )
    return {row.application_id: row.decided_at for row in upheld if row.decided_at is not None}


def barred(objection: Objection) -> set[int]:
    """Return the ids of everybody who decided or assessed the case, or refused a bonus of it."""
    if objection.exclusion is not None:
        judged = objection.application.checks.exclude(decided_by=None)
        proposal = objection.exclusion.proposal
        proposers = {proposal.proposed_by_id} if proposal else set()
        return {
            objection.exclusion.by_id,
            *proposers,
            *judged.values_list("decided_by_id", flat=True),
        }
    contested = Decision.objects.select_related("selection", "change").get(pk=objection.result.pk)
    people: set[int | None] = {
        contested.selection.confirmed_by_id,
        contested.selection.decided_by_id,
    }
    change = getattr(contested, "change", None)
    if change is not None:
        people |= {change.proposed_by_id, change.seconded_by_id, change.approved_by_id}
    sheets = ScoreSheet.objects.filter(application=objection.application_id)
    people |= set(sheets.values_list("assessor", flat=True))
    refused = BonusClaim.objects.filter(
        application=objection.application_id, state=BonusState.REFUSED
    )
    people |= set(refused.values_list("decided_by", flat=True))
    return {pk for pk in people if pk is not None}
