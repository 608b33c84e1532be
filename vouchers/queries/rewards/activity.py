"""Activity scores of members from their assignments and reports."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q

from vouchers.models import Assignment, CorrectionMove, Monitor, PanelRound
from vouchers.rules.rewards import activity
from vouchers.rules.rewards.activity import Score, Work
from vouchers.states import ACCEPTED_STATES, AssignmentState, GoodCaseState


def scores(round: PanelRound, monitor: Monitor | None = None) -> dict[Monitor, Score]:
    """Return the score of each member of a round (or of one), in a fixed number of queries."""
    formula = activity.parse(round.plan.formula)
    members = round.monitors.select_related("user", "application").order_by("number")
    if monitor is not None:
        members = members.filter(pk=monitor.pk)
    works = _works(round, monitor)
    return {member: activity.score(formula, works.get(member.pk, [])) for member in members}


def breakdown(score: Score) -> dict[str, Any]:
    """Return a score as it is frozen with an award and printed on the certificate."""
    return {
        "total": score.total,
        "accepted": score.accepted,
        "assigned": score.assigned,
        "lines": [
            {
                "code": line.code,
                "label": line.label,
                "points": line.points,
                "weight": line.weight,
                "adds": line.adds,
                "why": line.why,
            }
            for line in score.lines
        ],
    }


def points(score: Score) -> Mapping[str, Decimal]:
    """Return the points of each part of a score by code."""
    return {line.code: line.points for line in score.lines}


def _works(round: PanelRound, monitor: Monitor | None) -> dict[int, list[Work]]:
    rows = (
        Assignment.objects.filter(round=round, state=AssignmentState.ACTIVE)
        .select_related("report__filed", "report__comment", "round")
        .annotate(
            pictures=Count(
                "report__evidence", filter=Q(report__evidence__removed_at=None), distinct=True
            ),
            returned=Count("report__moves", filter=Q(report__moves__move="return"), distinct=True),
            praised=Count(
                "report__good_cases",
                filter=Q(report__good_cases__state=GoodCaseState.PROMOTED),
                distinct=True,
            ),
        )
        .order_by("pk")
    )
    if monitor is not None:
        rows = rows.filter(monitor=monitor)
    confirmed = _verified_issues(round)
    found: dict[int, list[Work]] = {}
    for row in rows:
        report = getattr(row, "report", None)
        filed = report.filed if report else None
        found.setdefault(row.monitor_id, []).append(
            Work(
                due_at=row.due_at(),
                submitted_at=report.submitted_at if report else None,
                accepted=bool(report and report.state in ACCEPTED_STATES),
                returns=row.returned,
                letters=_letters(filed.content) if filed else 0,
                evidence=row.pictures,
                issues_confirmed=confirmed.get(report.pk, 0) if report else 0,
                supplier_answered=bool(report and hasattr(report, "comment")),
                good_case=bool(row.praised),
            )
        )
    return found


def _verified_issues(round: PanelRound) -> dict[int, int]:
    verified = CorrectionMove.objects.filter(move="verify").values("thing")
    rows = (
        Assignment.objects.filter(round=round, report__issues__correction__in=verified)
        .values("report")
        .annotate(count=Count("report__issues", distinct=True))
        .values_list("report", "count")
    )
    return dict(rows)


def _letters(content: Mapping[str, Any]) -> int:
    return sum(len("".join(row["text"].split())) for row in content["sections"])
