"""Result notices of a release: previewed before it, and counted against the decisions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from applications.models import Decision, ScoreResult, Selection, Submission
from applications.states import ApplicationState, Outcome
from portal.models import Notice
from portal.notices import outbox
from programs.queries.calendar import holidays


def announced(selection: Selection) -> QuerySet[Decision]:
    """Return the decisions that a release announces: all but those of withdrawn applications."""
    first = selection.decisions.filter(previous=None)
    return first.exclude(application__state=ApplicationState.WITHDRAWN)


def key_of(decision: Decision) -> str:
    return f"result:{decision.selection_id}:{decision.application_id}"


def reachable(selection: Selection) -> int:
    """Return how many of the announced decisions have a recipient."""
    recipient = "application__submission__submitted_by__email__contains"
    return announced(selection).filter(**{recipient: "@"}).count()


def compose(
    selection: Selection, decisions: Sequence[Decision], *, now: datetime
) -> list[tuple[str, dict[str, Any]]]:
    """Compose the notices of some decisions as (key, fields of the notice).

    The same text before the release, as a preview, and at it.
    """
    ids = [row.application_id for row in decisions]
    filed = Submission.objects.filter(application__in=ids).select_related("submitted_by")
    people = {row.application_id: row.submitted_by for row in filed.only("submitted_by")}
    scores = {
        row.application_id: row
        for row in ScoreResult.objects.filter(run=selection.run_id, application__in=ids).only(
            "application_id", "raw", "bonus", "total"
        )
    }
    program = selection.sub_program
    due = program.due_after("objection_days", selection.released_at or now, holidays())
    return [
        (
            key_of(row),
            outbox.compose(
                "applications/result",
                to_email=people[row.application_id].email,
                user=people[row.application_id],
                now=now,
                program=program,
                application={"pk": row.application_id, "number": row.application.number},
                outcome=Outcome(row.outcome).label,
                reason=row.reason,
                rank=row.rank,
                grant_won=row.grant_won,
                score=scores.get(row.application_id),
                cut=selection.cut,
                objection_due=due,
            ),
        )
        for row in decisions
        if row.application_id in people
    ]


def write(selection: Selection, decisions: Sequence[Decision], *, now: datetime) -> int:
    """Write the missing notices; return how many of these decisions have theirs now."""
    keys = [key_of(row) for row in decisions]
    existing = set(Notice.objects.filter(key__in=keys).values_list("key", flat=True))
    missing = [row for row in decisions if key_of(row) not in existing]
    made = compose(selection, missing, now=now)
    Notice.objects.bulk_create(
        (Notice(key=key, **fields) for key, fields in made), ignore_conflicts=True
    )
    return Notice.objects.filter(key__in=keys).count()
