"""Covered services and counts of a panel round."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from vouchers.models import PanelRound, ReportPlan, Service
from vouchers.rules.reports import writing
from vouchers.rules.rewards import awards
from vouchers.states import AssignmentState, MonitorState, ServiceState

SHOWN_COVERED = 200


@dataclass(frozen=True)
class Offer:
    """What a round asks of its members and pays them; None for what it does not know yet.

    `most_won` is the fee of `round.load` reports, `pool_won` what the awards divide, `letters` the
    least number of letters of a report.
    """

    most_won: int | None
    pool_won: int | None
    tiers: tuple[awards.Tier, ...]
    letters: int | None
    scales: int | None
    pictures: int | None

    @property
    def winners(self) -> int:
        return sum(tier.places for tier in self.tiers)


def offer(round: PanelRound) -> Offer:
    """Return what a round asks of its members and pays them."""
    plan = ReportPlan.objects.filter(round=round).first()
    form = writing.parse(plan.form) if plan else None
    return Offer(
        most_won=round.fee_won * round.load if round.fee_won else None,
        pool_won=round.award_pot.appropriated_won if round.award_pot else None,
        tiers=tuple(awards.parse(plan.tiers)) if plan else (),
        letters=sum(part.least for part in form.sections) if form else None,
        scales=len(form.scales) if form else None,
        pictures=form.evidence_least if form else None,
    )


def covered_services(round: PanelRound) -> QuerySet[Service]:
    """Return the services to be tried in a round, by field and name."""
    return (
        round.covered.select_related("supplier")
        .defer("search", "grams", "contents")
        .order_by("category", "name", "pk")
    )


def coverage(round: PanelRound) -> dict[str, int]:
    """Return how many services are on sale, and of these covered by the round and not (`rest`)."""
    on_sale = Service.objects.filter(state=ServiceState.ON_SALE).count()
    covered = round.coverage.filter(service__state=ServiceState.ON_SALE).count()
    return {"on_sale": on_sale, "covered": covered, "rest": on_sale - covered}


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
