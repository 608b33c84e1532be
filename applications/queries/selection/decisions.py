"""Decisions in force of released applications; agreements, reports and pages build on them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db.models import Count, Exists, OuterRef, QuerySet, Sum

from applications.models import Application, ApplicationMove, Decision, DecisionChange, Selection
from applications.states import (
    ApplicationMoves,
    ApplicationState,
    ChangeKind,
    ChangeState,
    Outcome,
    SelectionState,
)
from programs.models import SubProgram

LEFT = (ApplicationState.WITHDRAWN, ApplicationState.ENDED)


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


def outcomes_of(applications: Iterable[int]) -> dict[int, Outcome]:
    """Return the outcomes in force of released applications by id, in one short query."""
    later = Decision.objects.filter(previous=OuterRef("pk"))
    rows = Decision.objects.filter(
        ~Exists(later), application__in=applications, selection__state=SelectionState.RELEASED
    )
    return {pk: Outcome(outcome) for pk, outcome in rows.values_list("application", "outcome")}


def in_force() -> QuerySet[Decision]:
    """Return decisions that are released and not replaced by a later one.

    Applications withdrawn between decision and release have none.
    """
    released = Decision.objects.filter(selection__state=SelectionState.RELEASED, next=None)
    return released.exclude(application__state=ApplicationState.WITHDRAWN)


def holding() -> QuerySet[Decision]:
    """Return the decisions in force that select an application which still holds its place.

    An agreement that has ended early gives its place back, though its decision stays in force.
    """
    selected = in_force().filter(outcome=Outcome.SELECTED)
    return selected.exclude(application__state=ApplicationState.ENDED)


@dataclass(frozen=True)
class Present:
    """What has become of an announced result: an `Outcome`, `withdrawn` or `ended`, since `at`.

    `grant_won` is None where an agreement ended early: the ledger says what it kept.
    """

    outcome: str
    label: str
    grant_won: int | None
    at: datetime | None
    changed: bool


def present_of(selection: Selection, applications: Iterable[int]) -> dict[int, Present]:
    """Return the present result of applications of a selection by id, in three queries."""
    ids = list(applications)
    rows = Decision.objects.filter(selection=selection, application__in=ids, next=None)
    last = {row.application_id: row for row in rows.select_related("application", "selection")}
    gone = [pk for pk, row in last.items() if row.application.state in LEFT]
    left_at = {
        move.thing_id: move.at
        for move in ApplicationMove.objects.filter(
            thing__in=gone, move__in=[ApplicationMoves.WITHDRAW.name, ApplicationMoves.END.name]
        ).order_by("pk")
    }
    return {pk: _present(row, left_at.get(pk)) for pk, row in last.items()}


def _present(decision: Decision, left_at: datetime | None) -> Present:
    state = ApplicationState(decision.application.state)
    if state == ApplicationState.WITHDRAWN:
        return Present("withdrawn", state.label, 0, left_at, True)
    if state == ApplicationState.ENDED and decision.outcome == Outcome.SELECTED:
        return Present("ended", state.label, None, left_at, True)
    changed = decision.previous_id is not None
    label = Outcome(decision.outcome).label
    return Present(decision.outcome, label, decision.grant_won, decision.in_force_at, changed)


@dataclass(frozen=True)
class Standing:
    """How a released selection stands now: how many hold a place or wait, and their grants (won)."""

    selected: int
    reserve: int
    amount_won: int


def standing_of(selection: Selection) -> Standing:
    sums = holding().filter(selection=selection).aggregate(n=Count("pk"), won=Sum("grant_won"))
    waiting = (
        in_force()
        .filter(selection=selection, outcome=Outcome.RESERVE)
        .exclude(application__state=ApplicationState.ENDED)
    )
    return Standing(sums["n"], waiting.count(), sums["won"] or 0)


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
