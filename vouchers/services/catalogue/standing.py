"""What lists tell of a service: its public reports, rating and corrections, stored with it."""

from collections.abc import Iterable

from django.db import transaction

from vouchers.models import ConsumerReport, Correction, Monitor, Service
from vouchers.queries.reports import ratings
from vouchers.rules.reports import ratings as ratings_rules
from vouchers.states import OPEN_CORRECTIONS, CorrectionState, ReportState


@transaction.atomic
def refresh(services: Iterable[int]) -> None:
    """Compute the stored figures of these services (ids) anew, in the transaction of the change.

    Services are locked first, so that of two changes at once the later one reads the earlier.
    """
    for service in (
        Service.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk__in=set(services))
        .order_by("pk")
    ):
        reports = list(
            ConsumerReport.objects.filter(
                assignment__service=service, state=ReportState.PUBLISHED
            ).select_related("filed", "assignment__monitor")
        )
        marks = [
            ratings.vote(row).ratings.get(ratings.OVERALL)
            for row in reports
            if ratings.counted(row)
        ]
        summary = ratings_rules.summarise(marks)
        states = list(Correction.objects.filter(service=service).values_list("state", flat=True))
        Service.objects.filter(pk=service.pk).update(
            report_count=len(reports),
            rated_count=summary.count,
            rating_mean=summary.mean,
            rating_rank=ratings_rules.rank(marks),
            corrections_open=sum(state in OPEN_CORRECTIONS for state in states),
            corrections_fixed=states.count(CorrectionState.FIXED),
        )


def refresh_of(monitor: Monitor) -> None:
    """Do so for every service that a member has published a report on."""
    published = ConsumerReport.objects.filter(
        assignment__monitor=monitor, state=ReportState.PUBLISHED
    )
    refresh(published.values_list("assignment__service", flat=True))
