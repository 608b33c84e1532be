"""Reads of panels: what is covered, flags of bursts, how a round stands."""

from collections import Counter
from typing import Any

from django.db.models import Count, Q, QuerySet

from vouchers.models import PanelRound, Service
from vouchers.states import (
    AssignmentState,
    MonitorState,
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
