"""Reads of panels: what is covered, flags of bursts, how a round stands."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Q, QuerySet

from vouchers.models import Assignment, PanelApplication, PanelDecision, PanelRound, Service
from vouchers.rules import bursts
from vouchers.states import (
    AssignmentState,
    MonitorState,
    PanelApplicationState,
    PanelSelectionState,
    ServiceState,
)

SHOWN_COVERED = 200


def covered_services(round: PanelRound) -> QuerySet[Service]:
    """The services that a round has tried, by field and name."""
    return (
        round.covered.select_related("supplier")
        .defer("search", "grams", "contents")
        .order_by("category", "name", "pk")
    )


def coverage(round: PanelRound) -> dict[str, int]:
    """How many services are covered of those on sale; the rest are not tried this time."""
    on_sale = Service.objects.filter(state=ServiceState.ON_SALE).count()
    covered = round.coverage.count()
    return {"on_sale": on_sale, "covered": covered, "rest": max(0, on_sale - covered)}


def burst_flags(round: PanelRound) -> Mapping[int, list[bursts.Flag]]:
    """The flags of every filed application of a round, in one query."""
    rows = (
        round.applications.exclude(submitted_at=None)
        .exclude(state=PanelApplicationState.WITHDRAWN)
        .values_list("pk", "submitted_at", "ip_hash", "phone", "device_hash", "user__email")
    )
    return bursts.flags(
        (bursts.Trace(*row) for row in rows), limit=round.burst_limit, hours=round.burst_hours
    )


def result_of(application: PanelApplication) -> PanelDecision | None:
    """What the released selection says of an application; nothing before the release."""
    return application.decisions.filter(selection__state=PanelSelectionState.RELEASED).first()


def may_decline(application: PanelApplication) -> bool:
    """Tell whether a place may be declined: until something is assigned; later one leaves."""
    if application.state == PanelApplicationState.SELECTED:
        return not Assignment.objects.filter(monitor__application=application).exists()
    return application.state == PanelApplicationState.RESERVE


def standing(round: PanelRound) -> dict[str, Any]:
    """The numbers of a round: applications, members and assignments by state."""
    applications = Counter(
        dict(round.applications.values_list("state").annotate(Count("pk")).order_by())
    )
    monitors = Counter(dict(round.monitors.values_list("state").annotate(Count("pk")).order_by()))
    kinds = Counter(
        dict(
            round.monitors.filter(state=MonitorState.ACTIVE)
            .values_list("kind")
            .annotate(Count("pk"))
            .order_by()
        )
    )
    filled = round.coverage.aggregate(
        full=Count(
            "pk",
            filter=Q(
                service__in=round.assignments.filter(state=AssignmentState.ACTIVE).values("service")
            ),
        )
    )
    return {
        "applications": applications,
        "monitors": monitors,
        "kinds": kinds,
        "assigned_services": filled["full"],
        **coverage(round),
    }
