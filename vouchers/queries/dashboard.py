"""Counts of a round: recruitment, coverage, reports, corrections, money."""

from datetime import datetime
from typing import Any

from django.db.models import Count, Q

from portal.core.money import won
from portal.paper.charts import Chart, bars
from vouchers.models import (
    Assignment,
    ConsumerReport,
    Correction,
    PanelApplication,
    PanelRound,
    ReportFee,
)
from vouchers.states import (
    AssignmentState,
    CorrectionState,
    MemberKind,
    MonitorState,
    PanelApplicationState,
    ReportState,
)

SHOWN = 20
FUNNEL = (
    ("지원서를 쓰기 시작", tuple(PanelApplicationState.values)),
    (
        "제출",
        tuple(
            state.value
            for state in PanelApplicationState
            if state not in (PanelApplicationState.DRAFT, PanelApplicationState.WITHDRAWN)
        ),
    ),
    (
        "자격 있음",
        tuple(
            state.value
            for state in PanelApplicationState
            if state
            not in (
                PanelApplicationState.DRAFT,
                PanelApplicationState.WITHDRAWN,
                PanelApplicationState.BARRED,
            )
        ),
    ),
    ("선정", (PanelApplicationState.SELECTED.value,)),
)


def of_round(round: PanelRound, at: datetime) -> dict[str, Any]:
    """Return what the dashboard of a round shows, in a fixed number of queries."""
    reports = _reports(round)
    cases = _cases(round)
    return {
        "funnel": _funnel(round),
        "kinds": _kinds(round),
        "coverage": _coverage(round),
        "reports_chart": _bars("보고서 상태", reports, "건"),
        "cases_chart": _bars("시정 상태", cases, "건"),
        "overdue": _overdue(round, at),
        "to_review": ConsumerReport.objects.filter(
            assignment__round=round, state=ReportState.SUBMITTED
        ).count(),
        "to_publish": ConsumerReport.objects.filter(
            assignment__round=round, state=ReportState.COMMENTING, comment_until__lte=at
        ).count(),
        "open_fees": ReportFee.objects.filter(
            report__assignment__round=round, settlement=None
        ).count(),
        "money": _money(round),
        "award_round": round.award_rounds.exclude(state="discarded").first(),
    }


def _money(round: PanelRound) -> list[Chart]:
    # One chart per budget, because the sums are far apart.
    return [
        bars(
            f"{pot.name} (배정 {won(pot.appropriated_won)})",
            ["지급", "지급 예정", "승인", "남음"],
            {"금액": [pot.paid_won, pot.committed_won, pot.reserved_won, pot.available_won]},
            unit="원",
        )
        for pot in (round.fee_pot, round.award_pot)
        if pot is not None
    ]


def _bars(title: str, counts: dict[str, int], unit: str) -> Chart:
    return bars(title, list(counts), {"건수": list(counts.values())}, unit=unit)


def _funnel(round: PanelRound) -> Chart:
    found = dict(
        PanelApplication.objects.filter(round=round)
        .values_list("state")
        .annotate(count=Count("pk"))
        .order_by()
    )
    counts = {label: sum(found.get(state, 0) for state in states) for label, states in FUNNEL}
    members = round.monitors.exclude(state=MonitorState.EXCLUDED)
    counts["활동(보고서 제출)"] = (
        members.filter(assignments__report__submitted_at__isnull=False).distinct().count()
    )
    return bars("모집에서 활동까지", list(counts), {"인원": list(counts.values())}, unit="명")


def _kinds(round: PanelRound) -> Chart:
    found = dict(
        round.monitors.filter(state=MonitorState.ACTIVE)
        .order_by()
        .values_list("kind")
        .annotate(count=Count("pk"))
    )
    counts = [found.get(kind, 0) for kind in MemberKind.values]
    return bars("활동 중인 단원의 구분", MemberKind.labels, {"인원": counts}, unit="명")


def _coverage(round: PanelRound) -> dict[str, Any]:
    """Return who tries a service now, and the reports on it: these stay when their author leaves."""
    own = Q(service__assignments__round=round)
    active = own & Q(service__assignments__state=AssignmentState.ACTIVE)
    rows = (
        round.coverage.select_related("service")
        .annotate(
            assigned=Count("service__assignments", filter=active, distinct=True),
            submitted=Count(
                "service__assignments__report",
                filter=own & Q(service__assignments__report__submitted_at__isnull=False),
                distinct=True,
            ),
            published=Count(
                "service__assignments__report",
                filter=own & Q(service__assignments__report__state=ReportState.PUBLISHED),
                distinct=True,
            ),
        )
        .order_by("published", "submitted", "service__name")
    )
    every = list(rows)
    return {
        "services": len(every),
        "full": sum(row.assigned >= (row.wanted or round.members_per_service) for row in every),
        "reported": sum(bool(row.submitted) for row in every),
        "published": sum(bool(row.published) for row in every),
        "rows": every[:SHOWN],
    }


def _reports(round: PanelRound) -> dict[str, int]:
    """Return the reports by state, without those that nobody will finish any more."""
    found = dict(
        ConsumerReport.objects.filter(assignment__round=round)
        .exclude(
            state__in=[ReportState.DRAFT, ReportState.RETURNED],
            assignment__state=AssignmentState.DROPPED,
        )
        .order_by()
        .values_list("state")
        .annotate(count=Count("pk"))
    )
    active = Assignment.objects.filter(round=round, state=AssignmentState.ACTIVE)
    counts = {"쓰기 전": active.filter(report=None).count()}
    return counts | {state.label: found.get(state.value, 0) for state in ReportState}


def _cases(round: PanelRound) -> dict[str, int]:
    services = round.coverage.values("service")
    found = dict(
        Correction.objects.filter(service__in=services)
        .order_by()
        .values_list("state")
        .annotate(count=Count("pk"))
    )
    return {state.label: found.get(state.value, 0) for state in CorrectionState}


def _overdue(round: PanelRound, at: datetime) -> dict[str, Any]:
    """Return number and first rows of assignments without a report after the due date."""
    due_at = round.active_until
    if due_at is None or at < due_at:
        return {"count": 0, "rows": []}
    rows = (
        Assignment.objects.filter(
            round=round, state=AssignmentState.ACTIVE, monitor__state=MonitorState.ACTIVE
        )
        .exclude(report__submitted_at__isnull=False)
        .select_related("monitor__user", "service")
        .order_by("pk")
    )
    return {"count": rows.count(), "rows": rows[:SHOWN]}
