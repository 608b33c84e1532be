"""The reserve list (예비): free places, free money, and who is next."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet, Sum

from applications.models import Decision, DecisionChange, Selection
from applications.queries.selection import aid
from applications.queries.selection.decisions import holding, in_force
from applications.states import (
    PENDING_CHANGES,
    ApplicationState,
    ChangeKind,
    ChangeState,
    ObjectionState,
    Outcome,
)
from programs.models import Budget


@dataclass(frozen=True)
class ReserveStatus:
    """Status of the reserve list; `free` is None where only money limits.

    `next` is the first in rank; `stopped_by` is why it cannot move up now: `nobody`, `places`,
    `budget` or `busy` (another change of it is pending, or it is scored again after an objection),
    else empty.
    """

    taken: int
    pending: int
    free: int | None
    available_won: int
    next: Decision | None
    amount_won: int
    stopped_by: str


def status(selection: Selection) -> ReserveStatus:
    """Compare the reserve list of a released selection with its places and its pot.

    A place whose agreement has ended early is free again, though its decision is in force.
    """
    taken = holding().filter(selection=selection).count()
    pending = move_ups(selection).count()
    free = None if selection.places is None else selection.places - taken - pending
    pot = Budget.objects.get(sub_programs=selection.sub_program_id)
    promised = DecisionChange.objects.filter(
        state__in=PENDING_CHANGES, application__sub_program__pot=pot, outcome=Outcome.SELECTED
    ).exclude(replaces__outcome=Outcome.SELECTED)
    available = pot.available_won - (promised.aggregate(sum=Sum("grant_won"))["sum"] or 0)
    first = _next(selection)
    amount = (first.application.submission.support_won or 0) if first else 0
    return ReserveStatus(
        taken, pending, free, available, first, amount, _stop(first, free, available, amount)
    )


def move_ups(selection: Selection) -> QuerySet[DecisionChange]:
    """Return the move-ups of this selection that are pending."""
    return DecisionChange.objects.filter(
        kind=ChangeKind.MOVE_UP, state__in=PENDING_CHANGES, replaces__selection=selection
    )


def oldest_vacancy(selection: Selection) -> Decision | None:
    """Return the oldest vacated place that no pending or completed change fills."""
    replaced = Q(next__isnull=False) & ~Q(next__outcome=Outcome.SELECTED)
    over = [ApplicationState.WITHDRAWN, ApplicationState.ENDED]
    ended = Q(next=None, application__state__in=over)
    filled = DecisionChange.objects.filter(fills__isnull=False).exclude(state=ChangeState.DISCARDED)
    places = Decision.objects.filter(replaced | ended, selection=selection)
    selected = places.filter(outcome=Outcome.SELECTED)
    return selected.exclude(pk__in=filled.values("fills")).order_by("pk").first()


def _next(selection: Selection) -> Decision | None:
    moving = DecisionChange.objects.filter(kind=ChangeKind.MOVE_UP, state__in=PENDING_CHANGES)
    reserve = in_force().filter(selection=selection, outcome=Outcome.RESERVE)
    rows = reserve.exclude(pk__in=moving.values("replaces"))
    rows = rows.select_related("application__submission", "application__sub_program__round")
    return next(
        (row for row in rows.order_by("rank", "-pk") if not aid.exceeded(row.application)), None
    )


def _stop(first: Decision | None, free: int | None, available: int, amount: int) -> str:
    if first is None:
        return "nobody"
    upheld = first.application.objections.filter(state=ObjectionState.UPHELD)
    if first.changes.filter(state__in=PENDING_CHANGES).exists() or upheld.exists():
        return "busy"
    if free is not None and free <= 0:
        return "places"
    return "budget" if amount > available else ""
