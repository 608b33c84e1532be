"""Where a recruitment and a member's assignment stand, in the words of who reads it."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from portal.access.decorators import signed_in
from portal.access.requests import person
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
from vouchers.visibility import (
    memberships_of,
    own_assignments,
)

REPORT_TONES = {
    ReportState.DRAFT: "neutral",
    ReportState.SUBMITTED: "info",
    ReportState.RETURNED: "warning",
    ReportState.REJECTED: "danger",
    ReportState.COMMENTING: "success",
    ReportState.PUBLISHED: "success",
    ReportState.RETRACTED: "warning",
}


def over(assignment: Assignment) -> bool:
    """Tell whether nothing may be written about it any more: dropped, or its member is gone."""
    return (
        assignment.state != AssignmentState.ACTIVE
        or assignment.monitor.state != MonitorState.ACTIVE
    )


def listed(assignment: Assignment, at: datetime) -> dict[str, Any]:
    """One assignment as its member's desks show it: the state of its report, what is to do."""
    report = getattr(assignment, "report", None)
    due_at = assignment.due_at()
    writable = (report is None or report.state in WRITABLE) and not over(assignment)
    if report is None:
        label, tone = ("작성 전", "neutral") if writable else ("배정 취소", "neutral")
    else:
        label, tone = report.member_label, REPORT_TONES[ReportState(report.state)]
    handed_in = report is not None and report.submitted_at is not None  # the first time counts
    late = due_at is not None and at >= due_at
    return {
        "assignment": assignment,
        "label": label,
        "tone": tone,
        "due_at": due_at,
        "writable": writable,
        "late": writable and late and not handed_in,
        "may_drop": writable and not late and not handed_in,
    }


def _may_wish(monitor: Monitor, at: datetime) -> bool:
    until = monitor.round.wishes_until
    return monitor.state == MonitorState.ACTIVE and (until is None or at < until)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def panel_wishes(request: HttpRequest, pk: int) -> HttpResponse:
    """Rank the services that a member would like to try."""
    monitor = get_object_or_404(memberships_of(person(request)).select_related("round"), pk=pk)
    at = now()
    form = WishForm(
        request.POST or None,
        services=list(panel.covered_services(monitor.round)),
        most=monitor.round.wishes_most,
        chosen=list(monitor.wishes.values_list("service__code", flat=True)),
    )
    if request.method == "POST" and form.is_valid():
        try:
            assignment.wish(monitor, codes=form.codes(), by=person(request), now=at)
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
        "open": _may_wish(monitor, at),
    }
    return render(request, "vouchers/assignment/wishes.html", context)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def panel_drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Give one service back, with the reason."""
    rows = own_assignments(person(request)).filter(state=AssignmentState.ACTIVE)
    row = get_object_or_404(rows.select_related("round", "service"), pk=pk)
    words = {
        "title": "체험 반납",
        "words": f"‘{row.service.name}’ 체험을 반납하면 다른 단원에게 다시 배정합니다.",
        "button": "반납하기",
    }
    act = partial(assignment.drop, row)
    return _with_reason(request, act, words, done="체험을 반납했습니다.")


def _with_reason(
    request: HttpRequest, act: Callable[..., object], words: dict[str, str], *, done: str
) -> HttpResponse:
    """Ask for the reason of a member's own act, then do it."""
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            act(reason=form.cleaned_data["reason"], by=person(request), now=now(), owner=True)
        except PortalError as refused:
            refuse(form, refused)
        else:
            messages.success(request, done)
            return redirect("panel_desk")
    return render(request, "vouchers/members/reason.html", {"form": form, **words})
