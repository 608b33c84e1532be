"""The decision in force of a released application: what agreements, reports and pages build on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from applications.models import Application, Decision
from applications.states import ApplicationState, SelectionState


@dataclass(frozen=True)
class Award:
    """What a released decision in force says: its outcome, its whole won and its rank."""

    decision: int
    selection: int
    outcome: str
    grant_won: int
    rank: int | None
    released_at: datetime


def award_of(application: Application) -> Award | None:
    """The decision in force of an application; None before its result is released."""
    return awards_of([application.pk]).get(application.pk)


def awards_of(applications: Iterable[int] | QuerySet[Application]) -> dict[int, Award]:
    """The decisions in force of many applications, by application id, in one query."""
    rows = in_force().filter(application__in=applications).select_related("selection")
    return {row.application_id: _award(row) for row in rows.order_by("pk")}


def in_force() -> QuerySet[Decision]:
    """Decisions that are released and not replaced by a later one.

    Whoever withdrew between decision and release has none.
    """
    released = Decision.objects.filter(selection__state=SelectionState.RELEASED, next=None)
    return released.exclude(application__state=ApplicationState.WITHDRAWN)


def _award(decision: Decision) -> Award:
    return Award(
        decision=decision.pk,
        selection=decision.selection_id,
        outcome=decision.outcome,
        grant_won=decision.grant_won,
        rank=decision.rank,
        released_at=decision.at or decision.selection.released_at,
    )
