"""A panel's public page, applying to it, and the desk of its members."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.access.accounts import client_address
from portal.access.decorators import signed_in
from portal.access.requests import person
from portal.api.errors import error_body
from portal.core.clock import KST, now
from portal.core.errors import BadInput, PortalError
from portal.forms.errors import refuse
from portal.uploads import files
from portal.web.errors import wants_json
from vouchers.forms.recruitment import ApplicationForm, EvidenceForm
from vouchers.models import PanelApplication
from vouchers.queries import selection as selection_queries
from vouchers.services import recruitment
from vouchers.states import PanelApplicationState
from vouchers.visibility import evidence_of, own_panel_applications, public_rounds

A = PanelApplicationState


SHOWN_REASONS = 3  # a firm with many sisters would fill the page


TONES = {
    A.DRAFT: "warning",
    A.SUBMITTED: "info",
    A.BARRED: "danger",
    A.SELECTED: "success",
    A.RESERVE: "info",
    A.REJECTED: "neutral",
    A.DECLINED: "neutral",
    A.WITHDRAWN: "neutral",
}


@signed_in
@require_POST
def panel_apply(request: HttpRequest, code: str) -> HttpResponse:
    """Begin an application, or lead to the one that is there."""
    round = get_object_or_404(public_rounds(), code=code)
    try:
        application = recruitment.start(round, by=person(request), now=now())
    except PortalError as refused:
        for finding in refused.findings[:SHOWN_REASONS]:
            messages.error(request, finding.message)
        if (rest := len(refused.findings) - SHOWN_REASONS) > 0:
            messages.error(request, f"까닭이 {rest}가지 더 있습니다.")
        return redirect("panel_detail", code)
    return redirect("panel_application", application.pk)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def panel_application(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a draft, which saves itself, and file it; later, show how it stands."""
    application = _own(request, pk)
    at = now()
    if application.state != A.DRAFT and request.method != "POST":
        return _status(request, application)
    kinds = list(application.round.kinds.all())
    form = ApplicationForm(request.POST or None, application=application, kinds=kinds)
    if request.method == "POST":
        try:
            return _keep(request, application, form, at)
        except PortalError as refused:
            if wants_json(request):
                return JsonResponse(error_body(refused), status=refused.status)
            refuse(form, refused)
            return _draft(request, application, form, at, status=refused.status)
    return _draft(request, application, form, at)


def _keep(
    request: HttpRequest, application: PanelApplication, form: ApplicationForm, at: datetime
) -> HttpResponse:
    if not form.is_valid() and "version" in form.errors:
        raise BadInput("화면을 새로 열고 다시 입력해 주세요.", code="form_damaged")
    saved = recruitment.save(
        application,
        data=form.data_to_save(),
        version=form.cleaned_data["version"],
        by=person(request),
        now=at,
    )
    if wants_json(request):
        stamp = saved.updated_at.astimezone(KST).isoformat()
        return JsonResponse({"version": saved.version, "saved_at": stamp})
    if request.POST.get("act") != "submit":
        messages.success(request, "저장했습니다.")
        return redirect("panel_application", application.pk)
    form.data = {
        **form.data.dict(),
        "version": str(saved.version),
    }  # a refusal shows the page again
    device = "|".join(
        request.headers.get(name, "") for name in ("User-Agent", "Accept-Language")
    ).strip("|")
    recruitment.submit(
        saved, by=person(request), now=at, address=client_address(request), device=device
    )
    messages.success(request, "지원서를 접수했습니다. 접수 확인을 메일로 보냈습니다.")
    return redirect("panel_application", application.pk)


def _draft(
    request: HttpRequest,
    application: PanelApplication,
    form: ApplicationForm,
    at: datetime,
    *,
    status: int = 200,
    upload: EvidenceForm | None = None,
) -> HttpResponse:
    kind = application.round.kinds.filter(code=application.kind).first()
    context = {
        "now": at,
        "application": application,
        "round": application.round,
        "form": form,
        "upload": upload or EvidenceForm(),
        "evidence": list(application.evidence.filter(removed_at=None).order_by("pk")),
        "proof": kind.evidence if kind else "",
        "missing": [
            {"message": row.message, "blocking": True} for row in recruitment.missing(application)
        ],
    }
    return render(request, "vouchers/recruitment/application.html", context, status=status)


def _status(request: HttpRequest, application: PanelApplication) -> HttpResponse:
    barred = application.moves.filter(move="bar").order_by("-pk").first()
    context = {
        "application": application,
        "round": application.round,
        "tone": TONES[A(application.state)],
        "evidence": list(application.evidence.filter(removed_at=None).order_by("pk")),
        "decision": selection_queries.result_of(application),
        "barred": barred if application.state == A.BARRED else None,
        "may_withdraw": application.state == A.SUBMITTED,
        "may_decline": selection_queries.may_decline(application),
        "labels": {row.code: row.label for row in application.round.criteria.all()},
    }
    return render(request, "vouchers/recruitment/status.html", context)


@signed_in
@require_POST
def panel_evidence_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a file that proves the applicant's kind."""
    application = _own(request, pk)
    at = now()
    upload = EvidenceForm(request.POST, request.FILES)
    if upload.is_valid():
        try:
            recruitment.attach(
                application, upload=upload.cleaned_data["file"], by=person(request), now=at
            )
        except PortalError as refused:
            refuse(upload, refused, fields={refused.code: "file"})
        else:
            messages.success(request, "파일을 올렸습니다.")
            return redirect("panel_application", pk)
    if application.state != A.DRAFT:
        messages.error(request, "이미 제출했거나 취하한 지원이라 고칠 수 없습니다.")
        return redirect("panel_application", pk)
    form = ApplicationForm(application=application, kinds=list(application.round.kinds.all()))
    return _draft(request, application, form, at, status=400, upload=upload)


@signed_in
@require_safe
def panel_evidence(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a proof to its owner, or to the desk once the application is filed."""
    row = get_object_or_404(evidence_of(person(request)), pk=pk)
    return files.serve(row.file, filename=row.name, content_type=row.content_type)


@signed_in
@require_POST
def panel_evidence_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a proof out of a draft."""
    mine = own_panel_applications(person(request)).values("pk")
    row = get_object_or_404(evidence_of(person(request)).filter(application__in=mine), pk=pk)
    recruitment.detach(row, by=person(request), now=now())
    messages.success(request, "파일을 지웠습니다.")
    return redirect("panel_application", row.application_id)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def panel_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an application back, after asking."""
    application = _own(request, pk)
    if request.method == "POST":
        recruitment.withdraw(application, by=person(request), now=now())
        messages.success(request, "지원을 취하했습니다.")
        return redirect("panel_desk")
    return _confirm(
        request,
        application,
        title="지원 취하",
        words="지원을 취하하면 심사에서 빠집니다. 모집 기간에는 다시 지원할 수 있습니다.",
        button="취하하기",
    )


def _confirm(request: HttpRequest, application: PanelApplication, **words: str) -> HttpResponse:
    context = {"application": application, "round": application.round, **words}
    return render(request, "vouchers/recruitment/confirm.html", context)


def _own(request: HttpRequest, pk: int) -> PanelApplication:
    rows = own_panel_applications(person(request)).select_related("round", "user")
    return get_object_or_404(rows, pk=pk)
