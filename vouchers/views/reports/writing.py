"""Writing reports: a member's list, the draft with its pictures, submission."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.errors import BadInput, PortalError, RuleBroken
from portal.core.validators import row_number
from portal.forms.errors import refuse
from portal.web.drafts import save_beside, saved_answer
from portal.web.errors import wants_json
from vouchers.forms.reports import PictureForm, ReportForm
from vouchers.models import Assignment, ConsumerReport
from vouchers.services.reports import writing
from vouchers.states import ReportState
from vouchers.views.assignment import REPORT_TONES, assignment_row, is_over
from vouchers.views.reports.publication import submitted_pictures
from vouchers.visibility import own_assignments, pictures_of


@signed_in
@require_safe
def panel_reports(request: SignedInRequest) -> HttpResponse:
    at = now()
    rows = [assignment_row(row, at) for row in _assignments(request).order_by("pk")]
    return render(request, "vouchers/reports/own.html", {"rows": rows, "now": at})


@signed_in
@require_http_methods(["GET", "POST"])
def panel_report(request: SignedInRequest, pk: int) -> HttpResponse:
    at = now()
    assignment = get_object_or_404(_assignments(request), pk=pk)
    report = _report(assignment, request, at)
    if report is None or report.state not in writing.WRITABLE or is_over(assignment):
        if request.method == "POST":
            writing.start(assignment, by=request.user, now=at)
            raise BadInput("이미 제출한 보고서라 고칠 수 없습니다.", code="already_submitted")
        return _submitted(request, assignment, report, at)
    if request.method == "GET":
        return _page(request, report, at, form=_form(report))
    return _save(request, report, at)


@signed_in
@require_http_methods(["GET", "POST"])
def panel_report_review(request: SignedInRequest, pk: int) -> HttpResponse:
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
                by=request.user,
                now=at,
            )
        except PortalError as refused:
            for finding in refused.findings:
                messages.error(request, finding.message)
            return redirect("panel_report_review", pk=pk)
        messages.success(request, "보고서를 제출했습니다. 검토 결과는 메일로 알려 드립니다.")
        return redirect("panel_report", pk=pk)
    context = {
        "report": report,
        "assignment": assignment,
        "findings": writing.missing(report, now=at),
        "sections": [
            {"label": row["label"], "text": report.texts.get(row["code"], "")}
            for row in assignment.round.plan.form["sections"]
        ],
        "ratings": [
            {"label": row["label"], "value": report.ratings.get(row["code"])}
            for row in assignment.round.plan.form["scales"]
        ],
        "pictures": report.evidence.filter(removed_at=None),
        "late": assignment_row(assignment, at)["late"],
    }
    return render(request, "vouchers/reports/review.html", context)


@signed_in
@require_POST
def panel_picture_add(request: SignedInRequest, pk: int) -> HttpResponse:
    """Store a picture, and save the text that came with it."""
    at = now()
    assignment = get_object_or_404(_assignments(request), pk=pk)
    report = writing.start(assignment, by=request.user, now=at)
    form = _keep_text(request, report, at)
    picture = _add_picture(request, report, at)
    if picture.errors or form.errors:
        refused = picture if picture.errors else None
        return _page(request, report, at, form=form, picture=refused, status=400)
    return redirect("panel_report", pk=pk)


def _add_picture(request: SignedInRequest, report: ConsumerReport, at: datetime) -> PictureForm:
    """Store the chosen picture; a refusal becomes an error of the form."""
    form = PictureForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            writing.add_picture(report, **form.cleaned_data, by=request.user, now=at)
        except PortalError as refused:
            refuse(form, refused, fields={refused.code: "upload"})
        else:
            messages.success(request, "그림을 올렸습니다.")
    return form


def _keep_text(request: SignedInRequest, report: ConsumerReport, at: datetime) -> ReportForm:
    return save_beside(
        request.POST,
        lambda data: _form(report, data),
        lambda form: _save_valid(request, report, form, at),
    )


@signed_in
@require_POST
def panel_picture_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    own = pictures_of(request.user).filter(report__assignment__monitor__user=request.user)
    picture = get_object_or_404(
        own.select_related("report__assignment__monitor", "report__assignment__round__plan"), pk=pk
    )
    at = now()
    writing.remove_picture(picture, by=request.user, now=at)
    messages.success(request, "그림을 뺐습니다.")
    form = _keep_text(request, picture.report, at)
    if form.errors:
        return _page(request, picture.report, at, form=form, status=400)
    return redirect("panel_report", pk=picture.report.assignment_id)


def _assignments(request: SignedInRequest) -> QuerySet[Assignment]:
    return own_assignments(request.user).select_related(
        "round__plan", "monitor__user", "service__supplier", "report__filed"
    )


def _report(
    assignment: Assignment, request: SignedInRequest, at: datetime
) -> ConsumerReport | None:
    report = getattr(assignment, "report", None)
    if report is None and not is_over(assignment):
        report = writing.start(assignment, by=request.user, now=at)
    return report


def _form(report: ConsumerReport, data: Any = None) -> ReportForm:
    return ReportForm(report.assignment.round.plan.form, report=report, data=data)


def _save(request: SignedInRequest, report: ConsumerReport, at: datetime) -> HttpResponse:
    form = _form(report, request.POST)
    background = wants_json(request)
    try:
        if not form.is_valid() and (not background or "version" in form.errors):
            raise BadInput("입력한 내용을 확인하세요.", code="form_invalid")
        if background:
            saved = _save_valid(request, report, form, at)
            return saved_answer(form, version=saved.version, at=saved.saved_at)
        saved = writing.save(report, **form.data_to_save(), by=request.user, now=at)
    except writing.SaveConflict as conflict:
        return _conflict(request, conflict, form, at)
    except PortalError as refused:
        if background:
            raise
        if form.is_valid():
            refuse(form, refused, fields=_fields(form))
        return _page(request, report, at, form=form, status=refused.status)
    if request.FILES:
        picture = _add_picture(request, saved, at)
        if picture.errors:
            return _page(request, saved, at, form=_form(saved), picture=picture, status=400)
    if request.POST.get("act") == "next":
        return redirect("panel_report_review", pk=report.assignment_id)
    messages.success(request, "저장했습니다. 아직 제출된 것은 아닙니다.")
    return redirect("panel_report", pk=report.assignment_id)


def _save_valid(
    request: SignedInRequest, report: ConsumerReport, form: ReportForm, at: datetime
) -> ConsumerReport:
    """Save; in place of what is refused stays what is stored, with an error of the form."""
    try:
        return writing.save(report, **form.data_to_save(), by=request.user, now=at)
    except RuleBroken as refused:
        refuse(form, refused, fields=_fields(form))
        return writing.save(report, **form.data_to_save(), by=request.user, now=at)


def _fields(form: ReportForm) -> dict[str, str]:
    """Return the field of every code under which the service refuses a value."""
    fields = {f"invalid:{row['code']}": f"t_{row['code']}" for row in form.questions["sections"]}
    return fields | {
        f"invalid:{row['code']}": f"r_{row['code']}" for row in form.questions["scales"]
    }


def _page(
    request: SignedInRequest,
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
    request: SignedInRequest, conflict: writing.SaveConflict, form: ReportForm, at: datetime
) -> HttpResponse:
    if wants_json(request):
        raise conflict
    saved = conflict.report
    rows = [
        {
            "label": row["label"],
            "mine": form.cleaned_data[f"t_{row['code']}"],
            "theirs": saved.texts.get(row["code"], ""),
        }
        for row in form.questions["sections"]
    ]
    data = request.POST.copy()
    data["version"] = str(saved.version)
    return _page(
        request,
        saved,
        at,
        form=_form(saved, data),
        status=conflict.status,
        conflict=conflict,
        differences=[row for row in rows if row["mine"] != row["theirs"]],
    )


def _submitted(
    request: SignedInRequest, assignment: Assignment, report: ConsumerReport | None, at: datetime
) -> HttpResponse:
    context: dict[str, Any] = {"assignment": assignment, "report": report}
    if report is not None and report.filed is not None:
        last = report.moves.filter(move__in=["return", "reject", "retract"]).order_by("-pk").first()
        context |= {
            "tone": REPORT_TONES[ReportState(report.state)],
            "content": report.filed.content,
            "pictures": submitted_pictures(request, report),
            "reason": last
            if report.state in (ReportState.REJECTED, ReportState.RETRACTED)
            else None,
            "comment": getattr(report, "comment", None)
            if report.state == ReportState.PUBLISHED
            else None,
        }
    return render(request, "vouchers/reports/submitted.html", context)
