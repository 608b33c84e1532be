"""Pages of the reports of an agreement: write with autosave, file, read."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from applications.forms.intake.questions import QuestionForm, answer_text
from applications.models import Report
from applications.services.settlement import reports
from applications.states import AgreementState, ReportKind, ReportState
from applications.visibility import contracts_of, workable_agreements
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.api.errors import error_body
from portal.core.clock import KST, now
from portal.core.errors import PortalError, StaleVersion
from portal.core.validators import row_number
from portal.forms.errors import refuse
from portal.forms.uploads import UploadForm
from portal.web.errors import wants_json

MOST = reports.MOST_FILES
OPEN = (AgreementState.ACTIVE, AgreementState.SETTLING)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def agreement_report(request: SignedInRequest, pk: int, kind: str) -> HttpResponse:
    """Write, save and file a report; everybody else who may open it reads it."""
    if kind not in ReportKind.values:
        raise Http404
    seen = contracts_of(request.user).filter(application=pk)
    rows = Report.objects.select_related(
        "agreement__application__sub_program", "agreement__company", "saved_by", "filed_by"
    )
    report = get_object_or_404(rows, kind=kind, agreement__in=seen.values("pk"))
    agreement = report.agreement
    mine = workable_agreements(request.user).filter(pk=agreement.pk).exists()
    writes = mine and report.state == ReportState.DRAFT and agreement.state in OPEN
    if request.method == "POST":
        if not mine:
            raise Http404
        return _act(request, report, writes)
    return _page(request, report, writes)


def _act(request: SignedInRequest, report: Report, writes: bool) -> HttpResponse:
    at, act = now(), request.POST.get("act", "")
    back = redirect("agreement_report", pk=report.agreement.application_id, kind=report.kind)
    if act == "upload":
        return _upload(request, report, writes)
    if act == "remove":
        _remove(request, report)
        return back
    form = _form(report, request.POST)
    form.is_valid()
    try:
        saved = reports.save(
            report,
            answers=form.answers(),
            version=form.cleaned_data.get("version") or 0,
            by=request.user,
            now=at,
        )
        if act == "file":
            reports.file(saved, by=request.user, now=at)
    except PortalError as refused:
        return _refused(request, report, writes, form, refused)
    if wants_json(request):
        stamp = (saved.saved_at or at).astimezone(KST).isoformat()
        return JsonResponse({"version": saved.version, "saved_at": stamp})
    if act == "file":
        messages.success(request, f"{report.get_kind_display()}를 제출했습니다.")
        return redirect("agreement_detail", pk=report.agreement.application_id)
    messages.success(request, "저장했습니다.")
    return back


def _refused(
    request: SignedInRequest, report: Report, writes: bool, form: QuestionForm, refused: PortalError
) -> HttpResponse:
    # A stale page keeps its old version.
    if wants_json(request):
        return JsonResponse(error_body(refused), status=refused.status)
    report = Report.objects.select_related(
        "agreement__application__sub_program", "agreement__company", "saved_by", "filed_by"
    ).get(pk=report.pk)
    if not isinstance(refused, StaleVersion):
        data = request.POST.copy()
        data["version"] = str(report.version)
        form = _form(report, data)
        form.is_valid()
    refuse(form, refused)
    return _page(request, report, writes, form=form, status=refused.status)


def _remove(request: SignedInRequest, report: Report) -> None:
    found = row_number(request.POST.get("attachment"))
    rows = report.files.filter(removed_at=None).select_related("report__agreement")
    reports.detach(get_object_or_404(rows, pk=found), by=request.user, now=now())
    messages.success(request, "파일을 지웠습니다.")


def _upload(request: SignedInRequest, report: Report, writes: bool) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES, formats=reports.FORMATS, most=MOST)
    status = 400
    if form.is_valid():
        status = 200
        for upload in form.cleaned_data["files"]:
            try:
                reports.attach(report, upload=upload, by=request.user, now=now())
            except PortalError as refused:
                refuse(form, refused, fields={refused.code: "files"})
                status = refused.status
            else:
                messages.success(request, f"‘{upload.name}’ 파일을 올렸습니다.")
    if status == 200:
        return redirect("agreement_report", pk=report.agreement.application_id, kind=report.kind)
    return _page(request, report, writes, uploads=form, status=status)


def _form(report: Report, data: Any = None) -> QuestionForm:
    questions = reports.questions(report)
    return QuestionForm(questions, answers=report.data, version=report.version, data=data)


def _page(
    request: SignedInRequest,
    report: Report,
    writes: bool,
    *,
    form: QuestionForm | None = None,
    uploads: UploadForm | None = None,
    status: int = 200,
) -> HttpResponse:
    questions = reports.questions(report)
    context = {
        "report": report,
        "agreement": report.agreement,
        "application": report.agreement.application,
        "writes": writes,
        "form": form or _form(report),
        "uploads": uploads or UploadForm(formats=reports.FORMATS, most=MOST),
        "files": report.files.filter(removed_at=None),
        "answers": [
            (row["label"], answer_text(row, report.data.get(row["code"]))) for row in questions
        ],
        "held": report.agreement.stage_checks.filter(kind="final", outcome="held").last()
        if report.kind == ReportKind.FINAL
        else None,
        "now": now(),
    }
    return render(request, "applications/settlement/report.html", context, status=status)
