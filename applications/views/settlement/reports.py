"""Pages of the reports of an agreement: write with autosave, file, read."""

from collections.abc import Collection
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
from portal.core.clock import now
from portal.core.errors import PortalError, StaleVersion
from portal.core.validators import row_number
from portal.forms.errors import refuse
from portal.forms.uploads import UploadForm
from portal.web.drafts import save_valid, saved_answer
from portal.web.errors import wants_json
from portal.web.uploads import store_each

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
    """Save the text with every button, store the chosen files, then do what was pressed."""
    at, act = now(), request.POST.get("act", "")
    form = _form(report, request.POST)
    form.is_valid()
    version = form.cleaned_data.get("version")

    def save(but: Collection[str] = ()) -> Report:
        answers = form.answers() | {code: report.data.get(code) for code in but}
        return reports.save(report, answers=answers, version=version or 0, by=request.user, now=at)

    try:
        if wants_json(request):
            kept = save_valid(form, save)
            return saved_answer(form, version=kept.version, at=kept.saved_at)
        if "remove" in request.POST:
            _remove(request, report)
        files_only = act == "upload" or "remove" in request.POST
        uploads, status = _upload(request, report) if _sends_files(request) else (None, 200)
        saved = report if files_only and version is None else save()
        if status != 200:
            return _page(request, saved, writes, uploads=uploads, status=status)
        if act == "file":
            reports.file(saved, by=request.user, now=at)
    except PortalError as refused:
        return _refused(request, report, writes, form, refused)
    if act == "file":
        messages.success(request, f"{report.get_kind_display()}를 제출했습니다.")
        return redirect("agreement_detail", pk=report.agreement.application_id)
    if not files_only:
        messages.success(request, "저장했습니다.")
    return redirect("agreement_report", pk=report.agreement.application_id, kind=report.kind)


def _sends_files(request: SignedInRequest) -> bool:
    return request.POST.get("act") == "upload" or bool(request.FILES)


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
    found = row_number(request.POST["remove"])
    rows = report.files.filter(removed_at=None).select_related("report__agreement")
    reports.detach(get_object_or_404(rows, pk=found), by=request.user, now=now())
    messages.success(request, "파일을 지웠습니다.")


def _upload(request: SignedInRequest, report: Report) -> tuple[UploadForm, int]:
    form = _uploads(request.POST, request.FILES)
    status = store_each(
        request,
        form,
        lambda upload: reports.attach(report, upload=upload, by=request.user, now=now()),
    )
    return form, status


def _uploads(*sent: Any) -> UploadForm:
    return UploadForm(*sent, formats=reports.FORMATS, most=MOST, sent_with="report-form")


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
        "uploads": uploads or _uploads(),
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
