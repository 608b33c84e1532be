"""Requests of inspection reports (PDF)."""

from datetime import datetime

from django.db import transaction

from kamp.models import InspectionModel, InspectionReport, InspectorDecision
from kamp.services.datasets import check_member
from portal.core.errors import BadInput
from portal.jobs import queue
from portal.models import User

JOB = "kamp.report"


@transaction.atomic
def request(model: InspectionModel, *, by: User, now: datetime) -> InspectionReport:
    """Enqueue a report of all verdicts and decisions so far, or return the one that exists.

    Raises NotFound and BadInput (`no_verdicts`).
    """
    check_member(model.dataset.workspace, by)
    last = model.inspections.order_by("-pk").first()
    if last is None:
        raise BadInput("판정한 제품이 아직 없습니다.", code="no_verdicts")
    decisions = InspectorDecision.objects.filter(inspection__model=model).order_by("-pk")
    until = decisions.values_list("pk", flat=True).first() or 0
    report, created = InspectionReport.objects.get_or_create(
        model=model,
        last_inspection=last,
        decisions_until=until,
        defaults={"requested_at": now, "requested_by": by},
    )
    if created:
        report.job = queue.enqueue(JOB, key=f"{JOB}:{report.pk}", new=True, by=by, report=report.pk)
        report.save(update_fields=["job"])
    return report
