"""Covered services and counts of a panel round."""

from collections import Counter
from typing import Any

from django.db.models import Count, Q, QuerySet

from vouchers.models import PanelRound, Service
from vouchers.states import AssignmentState, MonitorState, ServiceState

SHOWN_COVERED = 200


def covered_services(round: PanelRound) -> QuerySet[Service]:
    """Return the services to be tried in a round, by field and name."""
    return (
        round.covered.select_related("supplier")
        .defer("search", "grams", "contents")
        .order_by("category", "name", "pk")
    )


def coverage(round: PanelRound) -> dict[str, int]:
    """Return how many services are on sale, covered by the round, and not covered (`rest`)."""
    on_sale = Service.objects.filter(state=ServiceState.ON_SALE).count()
    covered = round.coverage.count()
    return {"on_sale": on_sale, "covered": covered, "rest": max(0, on_sale - covered)}


def round_counts(round: PanelRound) -> dict[str, Any]:
    """Return counts of a round: applications and members by state, members by kind, coverage."""
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
