"""The supplier's comment on a report."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.forms.errors import refuse
from vouchers.forms.reports import CommentForm
from vouchers.services.reports import moderation
from vouchers.states import ReportState
from vouchers.views.reports.publication import submitted_pictures
from vouchers.visibility import supplier_reports


@signed_in
@require_http_methods(["GET", "POST"])
def supplier_report(request: SignedInRequest, pk: int) -> HttpResponse:
    at = now()
    rows = supplier_reports(request.user).select_related(
        "filed", "comment", "fee", "assignment__service__supplier", "assignment__monitor"
    )
    report = get_object_or_404(rows, pk=pk)
    form = CommentForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            moderation.comment(report, text=form.cleaned_data["text"], by=request.user, now=at)
        except PortalError as refused:
            refuse(form, refused, fields={refused.code: "text"})
            status = refused.status
        else:
            messages.success(request, "의견을 냈습니다. 보고서와 나란히 공개됩니다.")
            return redirect("supplier_report", pk=pk)
    context = {
        "report": report,
        "content": report.submitted_version().content,
        "pictures": submitted_pictures(request, report),
        "form": form,
        "open": report.state == ReportState.COMMENTING
        and moderation.comment_pending(report, now=at),
        "comment": getattr(report, "comment", None),
        "now": at,
    }
    return render(request, "vouchers/reports/supplier.html", context, status=status)
