"""Moderation."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from portal.access.decorators import signed_in
from portal.access.requests import person
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.forms.errors import refuse
from vouchers.forms.reports import CommentForm
from vouchers.services.reports import moderation
from vouchers.states import ReportState
from vouchers.views.reports.publication import pictures
from vouchers.visibility import supplier_reports


@signed_in
@require_http_methods(["GET", "POST"])
def supplier_report(request: HttpRequest, pk: int) -> HttpResponse:
    """Read a report before the public does, and say a word about it."""
    at = now()
    rows = supplier_reports(person(request)).select_related(
        "filed", "comment", "assignment__service__supplier", "assignment__monitor"
    )
    report = get_object_or_404(rows, pk=pk)
    form = CommentForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            moderation.comment(report, text=form.cleaned_data["text"], by=person(request), now=at)
        except PortalError as refused:
            refuse(form, refused, fields={refused.code: "text"})
            status = refused.status
        else:
            messages.success(request, "의견을 냈습니다. 보고서와 나란히 공개됩니다.")
            return redirect("supplier_report", pk=pk)
    context = {
        "report": report,
        "content": report.filed.content,
        "pictures": pictures(request, report),
        "form": form,
        "open": report.state == ReportState.COMMENTING and moderation.waits(report, now=at),
        "comment": getattr(report, "comment", None),
        "now": at,
    }
    return render(request, "vouchers/reports/supplier.html", context, status=status)
