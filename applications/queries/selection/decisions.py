"""Decisions in force of released applications; agreements, reports and pages build on them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db.models import Count, QuerySet

from applications.models import Application, Decision, DecisionChange, Selection
from applications.states import ApplicationState, ChangeKind, ChangeState, SelectionState
from programs.models import SubProgram


@dataclass(frozen=True)
class Award:
    """Outcome, whole won and rank of a released decision in force."""

    decision: int
    selection: int
    outcome: str
    grant_won: int
    rank: int | None
    released_at: datetime


def award_of(application: Application) -> Award | None:
    """Return the decision in force of an application; None before its result is released."""
    return awards_of([application.pk]).get(application.pk)


def awards_of(applications: Iterable[int] | QuerySet[Application]) -> dict[int, Award]:
    """Return the decisions in force by application id, in one query."""
    rows = in_force().filter(application__in=applications).select_related("selection")
    return {row.application_id: _award(row) for row in rows.order_by("pk")}


def in_force() -> QuerySet[Decision]:
    """Return decisions that are released and not replaced by a later one.

    Applications withdrawn between decision and release have none.
    """
    released = Decision.objects.filter(selection__state=SelectionState.RELEASED, next=None)
    return released.exclude(application__state=ApplicationState.WITHDRAWN)


def history(application: Application) -> list[Decision]:
    """Return every decision that was ever in force, oldest first."""
    if application.state == ApplicationState.WITHDRAWN:
        return []
    rows = application.decisions.filter(selection__state=SelectionState.RELEASED)
    return list(rows.select_related("selection__run", "change").order_by("pk"))


def reversals(sub_program: SubProgram) -> int:
    return changes_in_force(sub_program).get(ChangeKind.REVERSAL, 0)


def changes_in_force(sub_program: SubProgram) -> dict[str, int]:
    """Return how many later decisions of each kind a sub-programme has."""
    rows = DecisionChange.objects.filter(
        state=ChangeState.IN_FORCE, application__sub_program=sub_program
    )
    return dict(rows.values_list("kind").annotate(count=Count("pk")).order_by())


def released_results() -> list[dict[str, Any]]:
    """Return sub-programmes with released selections and their counts of changes by kind."""
    released = Selection.objects.filter(
        state=SelectionState.RELEASED, sub_program__round__announced=True
    )
    counts = dict(released.values_list("sub_program").annotate(count=Count("pk")).order_by())
    changed: dict[int, dict[str, int]] = {}
    rows = DecisionChange.objects.filter(
        state=ChangeState.IN_FORCE, application__sub_program__in=counts
    )
    grouped = rows.values_list("application__sub_program", "kind").annotate(count=Count("pk"))
    for program, kind, count in grouped.order_by():
        changed.setdefault(program, {})[kind] = count
    programs = SubProgram.objects.filter(pk__in=counts).select_related("round")
    return [
        {
            "program": program,
            "selections": counts[program.pk],
            **{kind.value: changed.get(program.pk, {}).get(kind, 0) for kind in ChangeKind},
        }
        for program in programs
    ]


def _award(decision: Decision) -> Award:
    return Award(
        decision=decision.pk,
        selection=decision.selection_id,
        outcome=decision.outcome,
        grant_won=decision.grant_won,
        rank=decision.rank,
        released_at=cast(datetime, decision.in_force_at),  # a released selection has its time
    )
