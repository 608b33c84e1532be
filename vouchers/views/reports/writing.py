"""A member's desk: the reports to write, the draft with its pictures, what the work has earned."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.access.decorators import signed_in
from portal.access.requests import person
from portal.core.clock import KST, now
from portal.core.errors import BadInput, PortalError
from portal.core.validators import row_number
from portal.forms.errors import refuse
from portal.web.errors import wants_json
from vouchers.forms.reports import PictureForm, ReportForm
from vouchers.models import Assignment, ConsumerReport
from vouchers.services.reports import writing
from vouchers.states import ReportState
from vouchers.views.assignment import REPORT_TONES, listed, over
from vouchers.visibility import (
    own_assignments,
    pictures_of,
)


@signed_in
@require_safe
def panel_reports(request: HttpRequest) -> HttpResponse:
    """List a member's services with the report of each."""
    at = now()
    rows = [listed(row, at) for row in _assignments(request).order_by("pk")]
    return render(request, "vouchers/reports/own.html", {"rows": rows, "now": at})


@signed_in
@require_http_methods(["GET", "POST"])
def panel_report(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the report of an assignment, or save its draft; scripts save by the same address."""
    at = now()
    assignment = get_object_or_404(_assignments(request), pk=pk)
    report = _report(assignment, request, at)
    if report is None or report.state not in writing.WRITABLE or over(assignment):
        if request.method == "POST":
            writing.start(assignment, by=person(request), now=at)
            raise BadInput("이미 제출한 보고서라 고칠 수 없습니다.", code="already_submitted")
        return _shown(request, assignment, report, at)
    if request.method == "GET":
        return _page(request, report, at, form=_form(report))
    return _save(request, report, at)


@signed_in
@require_http_methods(["GET", "POST"])
def panel_report_review(request: HttpRequest, pk: int) -> HttpResponse:
    """Read the draft once more and hand it in."""
    at = now()
    assignment = get_object_or_404(_assignments(request), pk=pk)
    report = _report(assignment, request, at)
    if report is None or report.state not in writing.WRITABLE:
        return redirect("panel_report", pk=pk)
    if request.method == "POST":
        try:
            writing.submit(
                report,
                version=row_number(request.POST.get("version")) or 0,
                by=person(request),
                now=at,
            )
        except PortalError as refused:
            for finding in refused.findings:
                messages.error(request, finding.message)
            return redirect("panel_report_review", pk=pk)
        messages.success(request, "보고서를 제출했습니다. 검토 결과는 메일로 알려 드립니다.")
        return redirect("panel_report", pk=pk)
    found = writing.missing(report, now=at)
    context = {
        "report": report,
        "assignment": assignment,
        "findings": found,
        "sections": [
            {"label": row["label"], "text": report.texts.get(row["code"], "")}
            for row in assignment.round.plan.form["sections"]
        ],
        "ratings": [
            {"label": row["label"], "value": report.ratings.get(row["code"])}
            for row in assignment.round.plan.form["scales"]
        ],
        "pictures": report.evidence.filter(removed_at=None),
        "late": listed(assignment, at)["late"],
    }
    return render(request, "vouchers/reports/review.html", context)


@signed_in
@require_POST
def panel_picture_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a picture to a draft."""
    at = now()
    assignment = get_object_or_404(_assignments(request), pk=pk)
    report = writing.start(assignment, by=person(request), now=at)
    form = PictureForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            writing.add_picture(report, **form.cleaned_data, by=person(request), now=at)
        except PortalError as refused:
            refuse(form, refused, fields={refused.code: "upload"})
        else:
            messages.success(request, "그림을 올렸습니다.")
            return redirect("panel_report", pk=pk)
    return _page(request, report, at, form=_form(report), picture=form, status=400)


@signed_in
@require_POST
def panel_picture_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a picture out of a draft."""
    own = pictures_of(request.user).filter(report__assignment__monitor__user=request.user)
    picture = get_object_or_404(
        own.select_related("report__assignment__monitor", "report__assignment__round__plan"), pk=pk
    )
    writing.remove_picture(picture, by=person(request), now=now())
    messages.success(request, "그림을 뺐습니다.")
    return redirect("panel_report", pk=picture.report.assignment_id)


def _assignments(request: HttpRequest) -> QuerySet[Assignment]:
    return own_assignments(person(request)).select_related(
        "round__plan", "monitor__user", "service__supplier", "report__filed"
    )


def _report(assignment: Assignment, request: HttpRequest, at: datetime) -> ConsumerReport | None:
    """The report of an assignment; begun on the first visit while it may be written."""
    report = getattr(assignment, "report", None)
    if report is None and not over(assignment):
        report = writing.start(assignment, by=person(request), now=at)
    return report


def _form(report: ConsumerReport, data: Any = None) -> ReportForm:
    return ReportForm(report.assignment.round.plan.form, report=report, data=data)


def _save(request: HttpRequest, report: ConsumerReport, at: datetime) -> HttpResponse:
    """Save what was sent, for a script or for the page."""
    form = _form(report, request.POST)
    try:
        if not form.is_valid():
            raise BadInput("입력한 내용을 확인하세요.", code="form_invalid")
        saved = writing.save(report, **form.sent(), by=person(request), now=at)
    except writing.Conflict as conflict:
        return _conflict(request, conflict, form, at)
    except PortalError as refused:
        if wants_json(request):
            raise
        if form.is_valid():
            refuse(form, refused)
        return _page(request, report, at, form=form, status=refused.status)
    if wants_json(request):
        stamp = saved.saved_at.astimezone(KST).isoformat() if saved.saved_at else ""
        return JsonResponse({"version": saved.version, "saved_at": stamp})
    if request.POST.get("act") == "next":
        return redirect("panel_report_review", pk=report.assignment_id)
    messages.success(request, "저장했습니다. 아직 제출된 것은 아닙니다.")
    return redirect("panel_report", pk=report.assignment_id)


def _page(
    request: HttpRequest,
    report: ConsumerReport,
    at: datetime,
    *,
    form: ReportForm,
    picture: PictureForm | None = None,
    status: int = 200,
    **extra: object,
) -> HttpResponse:
    returned = None
    if report.state == ReportState.RETURNED:
        returned = report.moves.filter(move="return").order_by("-pk").first()
    context = {
        "report": report,
        "assignment": report.assignment,
        "form": form,
        "picture_form": picture or PictureForm(),
        "pictures": report.evidence.filter(removed_at=None),
        "most": report.assignment.round.plan.form["evidence"]["most"],
        "findings": writing.missing(report, now=at),
        "returned": returned,
        "due_at": report.assignment.due_at(),
        "now": at,
        **extra,
    }
    return render(request, "vouchers/reports/write.html", context, status=status)


def _conflict(
    request: HttpRequest, conflict: writing.Conflict, form: ReportForm, at: datetime
) -> HttpResponse:
    """Show both texts side by side; nothing was overwritten, and saving again is a decision."""
    if wants_json(request):
        raise conflict
    there = conflict.report
    rows = [
        {
            "label": row["label"],
            "mine": form.cleaned_data[f"t_{row['code']}"],
            "theirs": there.texts.get(row["code"], ""),
        }
        for row in form.asked["sections"]
    ]
    data = request.POST.copy()
    data["version"] = str(there.version)
    return _page(
        request,
        there,
        at,
        form=_form(there, data),
        status=conflict.status,
        conflict=conflict,
        differences=[row for row in rows if row["mine"] != row["theirs"]],
    )


def _shown(
    request: HttpRequest, assignment: Assignment, report: ConsumerReport | None, at: datetime
) -> HttpResponse:
    """What was handed in, and what became of it."""
    context: dict[str, Any] = {"assignment": assignment, "report": report}
    if report is not None and report.filed is not None:
        last = report.moves.filter(move__in=["return", "reject", "retract"]).order_by("-pk").first()
        context |= {
            "tone": REPORT_TONES[ReportState(report.state)],
            "content": report.filed.content,
            "pictures": _filed_pictures(request, report),
            "reason": last
            if report.state in (ReportState.REJECTED, ReportState.RETRACTED)
            else None,
            "comment": getattr(report, "comment", None)
            if report.state == ReportState.PUBLISHED
            else None,
        }
    return render(request, "vouchers/reports/submitted.html", context)


def _filed_pictures(request: HttpRequest, report: ConsumerReport) -> Any:
    filed = report.filed.content["evidence"] if report.filed else []
    return pictures_of(request.user).filter(report=report, pk__in=[row["id"] for row in filed])
