"""A member's wishes and assignments."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.forms.errors import refuse
from vouchers.forms.assignment import WishForm
from vouchers.forms.members import ReasonForm
from vouchers.models import Assignment, Monitor
from vouchers.queries import panel
from vouchers.services import assignment
from vouchers.services.reports.writing import WRITABLE
from vouchers.states import AssignmentState, MonitorState, ReportState
from vouchers.visibility import memberships_of, own_assignments

REPORT_TONES = {
    ReportState.DRAFT: "neutral",
    ReportState.SUBMITTED: "info",
    ReportState.RETURNED: "warning",
    ReportState.REJECTED: "danger",
    ReportState.COMMENTING: "success",
    ReportState.PUBLISHED: "success",
    ReportState.RETRACTED: "warning",
}


def is_over(assignment: Assignment) -> bool:
    """Return whether no report may be written: dropped, or its member is no longer active."""
    return (
        assignment.state != AssignmentState.ACTIVE
        or assignment.monitor.state != MonitorState.ACTIVE
    )


def assignment_row(assignment: Assignment, at: datetime) -> dict[str, Any]:
    """Return what the member's pages show of an assignment, its report and what they may do."""
    report = getattr(assignment, "report", None)
    due_at = assignment.due_at()
    writable = (report is None or report.state in WRITABLE) and not is_over(assignment)
    if report is None:
        label, tone = ("작성 전", "neutral") if writable else ("배정 취소", "neutral")
    else:
        label, tone = report.member_label, REPORT_TONES[ReportState(report.state)]
    # A report that was returned was in time if its first submission was.
    submitted = report is not None and report.submitted_at is not None
    late = due_at is not None and at >= due_at
    return {
        "assignment": assignment,
        "label": label,
        "tone": tone,
        "due_at": due_at,
        "writable": writable,
        "late": writable and late and not submitted,
        "may_drop": writable and not late and not submitted,
    }


def may_wish(monitor: Monitor, at: datetime) -> bool:
    until = monitor.round.wishes_until
    return monitor.state == MonitorState.ACTIVE and (until is None or at < until)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def panel_wishes(request: SignedInRequest, pk: int) -> HttpResponse:
    monitor = get_object_or_404(memberships_of(request.user).select_related("round"), pk=pk)
    at = now()
    form = WishForm(
        request.POST or None,
        services=list(panel.covered_services(monitor.round)),
        most=monitor.round.wishes_most,
        chosen=list(monitor.wishes.values_list("service__code", flat=True)),
    )
    if request.method == "POST" and form.is_valid():
        try:
            assignment.set_wishes(monitor, codes=form.codes(), by=request.user, now=at)
        except PortalError as refused:
            refuse(form, refused)
        else:
            messages.success(request, "희망 서비스를 저장했습니다.")
            return redirect("panel_desk")
    context = {
        "now": at,
        "monitor": monitor,
        "round": monitor.round,
        "form": form,
        "open": may_wish(monitor, at),
    }
    return render(request, "vouchers/assignment/wishes.html", context)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def panel_drop(request: SignedInRequest, pk: int) -> HttpResponse:
    rows = own_assignments(request.user).filter(state=AssignmentState.ACTIVE)
    row = get_object_or_404(rows.select_related("round", "service"), pk=pk)
    texts = {
        "title": "체험 반납",
        "words": f"‘{row.service.name}’ 체험을 반납하면 다른 단원에게 다시 배정합니다.",
        "button": "반납하기",
    }
    act = partial(assignment.drop, row)
    return with_reason(request, act, texts, done="체험을 반납했습니다.")


def with_reason(
    request: SignedInRequest, act: Callable[..., object], texts: dict[str, str], *, done: str
) -> HttpResponse:
    """Show a form for the reason of a member's own act, then call `act` with it."""
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            act(reason=form.cleaned_data["reason"], by=request.user, now=now(), owner=True)
        except PortalError as refused:
            refuse(form, refused)
        else:
            messages.success(request, done)
            return redirect("panel_desk")
    return render(request, "vouchers/members/reason.html", {"form": form, **texts})
