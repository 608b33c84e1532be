"""A supplier's own page: reports to comment on, corrections, services."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from vouchers.queries.reports import publication, ratings
from vouchers.services.reports import moderation
from vouchers.states import CorrectionState, ReportState, SuspensionState
from vouchers.views.corrections import CORRECTION_TONES
from vouchers.views.suspensions import SUSPENSION_TONES
from vouchers.visibility import (
    own_services,
    supplier_corrections,
    supplier_reports,
    supplier_suspensions,
    suppliers_of,
)

OPEN = (CorrectionState.ASKED, CorrectionState.SUSPENDED)
LISTED = 100


@signed_in
@require_safe
def supplier_desk(request: SignedInRequest) -> HttpResponse:
    at = now()
    suppliers = list(suppliers_of(request.user))
    if not suppliers:
        raise Http404
    reports = publication.reports_in_full(
        supplier_reports(request.user).filter(state=ReportState.COMMENTING)
    )
    cases = supplier_corrections(request.user).select_related("service").order_by("-pk")
    suspensions = supplier_suspensions(request.user).select_related("service").order_by("-pk")
    services = list(own_services(request.user).order_by("name", "pk")[:LISTED])
    overall = ratings.overall(services)
    context = {
        "now": at,
        "suppliers": suppliers,
        "reports": [
            {
                "report": row,
                "open": moderation.comment_pending(row, now=at),
                "commented": hasattr(row, "comment"),
            }
            for row in reports.order_by("comment_until", "pk")[:LISTED]
        ],
        "cases": [
            {
                "case": row,
                "tone": CORRECTION_TONES[CorrectionState(row.state)],
                "open": row.state in OPEN,
            }
            for row in cases[:LISTED]
        ],
        "suspensions": [
            {
                "suspension": row,
                "tone": SUSPENSION_TONES[SuspensionState(row.state)],
                "open": row.state == SuspensionState.IN_FORCE
                and row.objected_at is None
                and (row.objection_until is None or at < row.objection_until),
            }
            for row in suspensions[:LISTED]
        ],
        "services": [{"service": row, "overall": overall.get(row.pk)} for row in services],
    }
    return render(request, "vouchers/suppliers/desk.html", context)
