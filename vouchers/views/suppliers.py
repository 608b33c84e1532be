"""The supplier's desk: reports waiting for its word, and corrections it is asked for."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.access.decorators import signed_in
from portal.access.requests import person
from portal.core.clock import now
from vouchers.models import ConsumerReport
from vouchers.queries.reports import publication, ratings
from vouchers.services.reports import moderation
from vouchers.states import CorrectionState, ReportState
from vouchers.views.corrections import CORRECTION_TONES
from vouchers.visibility import own_services, supplier_corrections, supplier_reports, suppliers_of

OPEN = (CorrectionState.ASKED, CorrectionState.SUSPENDED)


LISTED = 100


@signed_in
@require_safe
def supplier_desk(request: HttpRequest) -> HttpResponse:
    """Everything the supplier is asked for, and its services with their ratings."""
    at = now()
    suppliers = list(suppliers_of(person(request)))
    if not suppliers:
        raise Http404
    waiting = publication.reports_in_full(
        supplier_reports(person(request)).filter(state=ReportState.COMMENTING)
    )
    cases = supplier_corrections(person(request)).select_related("service").order_by("-pk")
    services = list(own_services(person(request)).order_by("name", "pk")[:LISTED])
    overall = ratings.overall(services)
    context = {
        "now": at,
        "suppliers": suppliers,
        "waiting": [
            {"report": row, "open": moderation.waits(row, now=at), "said": _said(row)}
            for row in waiting.order_by("comment_until", "pk")[:LISTED]
        ],
        "cases": [
            {
                "case": row,
                "tone": CORRECTION_TONES[CorrectionState(row.state)],
                "open": row.state in OPEN,
            }
            for row in cases[:LISTED]
        ],
        "services": [{"service": row, "overall": overall.get(row.pk)} for row in services],
    }
    return render(request, "vouchers/suppliers/desk.html", context)


def _said(report: ConsumerReport) -> bool:
    return hasattr(report, "comment")
