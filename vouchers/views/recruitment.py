"""Applying to a panel: draft, evidence, submission, withdrawal."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.access.accounts import client_address
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.api.errors import error_body
from portal.core.clock import now
from portal.core.errors import BadInput, PortalError
from portal.forms.errors import refuse
from portal.uploads import files
from portal.web.drafts import save_beside, saved_answer
from portal.web.errors import wants_json
from vouchers.forms.recruitment import AppealForm, ApplicationForm, EvidenceForm
from vouchers.models import PanelApplication
from vouchers.queries import selection
from vouchers.services import conflicts, recruitment
from vouchers.states import PanelApplicationState
from vouchers.visibility import evidence_of, own_panel_applications, public_rounds

SHOWN_REASONS = 3  # a large group of firms would fill the page with ties
TONES = {
    PanelApplicationState.DRAFT: "warning",
    PanelApplicationState.SUBMITTED: "info",
    PanelApplicationState.BARRED: "danger",
    PanelApplicationState.SELECTED: "success",
    PanelApplicationState.RESERVE: "info",
    PanelApplicationState.REJECTED: "neutral",
    PanelApplicationState.DECLINED: "neutral",
    PanelApplicationState.WITHDRAWN: "neutral",
}


@signed_in
@require_POST
def panel_apply(request: SignedInRequest, code: str) -> HttpResponse:
    round = get_object_or_404(public_rounds(), code=code)
    try:
        application = recruitment.start(round, by=request.user, now=now())
    except PortalError as refused:
        for finding in refused.findings[:SHOWN_REASONS]:
            messages.error(request, finding.message)
        if (rest := len(refused.findings) - SHOWN_REASONS) > 0:
            messages.error(request, f"까닭이 {rest}가지 더 있습니다.")
        return redirect("panel_detail", code)
    return redirect("panel_application", application.pk)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def panel_application(request: SignedInRequest, pk: int) -> HttpResponse:
    application = own_application(request, pk)
    at = now()
    if application.state != PanelApplicationState.DRAFT and request.method != "POST":
        return _status(request, application)
    kinds = list(application.round.kinds.all())
    form = ApplicationForm(request.POST or None, application=application, kinds=kinds)
    if request.method == "POST":
        try:
            return _save(request, application, form, at)
        except PortalError as refused:
            if wants_json(request):
                return JsonResponse(error_body(refused), status=refused.status)
            refuse(form, refused)
            return _draft(request, application, form, at, status=refused.status)
    return _draft(request, application, form, at)


def _save(
    request: SignedInRequest, application: PanelApplication, form: ApplicationForm, at: datetime
) -> HttpResponse:
    background = wants_json(request)
    if not form.is_valid() and "version" in form.errors:
        raise BadInput("화면을 새로 열고 다시 입력해 주세요.", code="form_damaged")
    if form.errors and not background:
        return _draft(request, application, form, at, status=BadInput.status)
    upload = None
    if request.FILES and not background:
        upload = _attach(request, application, at)
    saved = _save_text(request, application, form, at)
    if background:
        return saved_answer(form, version=saved.version, at=saved.updated_at)
    if upload is not None and upload.errors:
        form = ApplicationForm(application=saved, kinds=list(application.round.kinds.all()))
        return _draft(request, saved, form, at, status=BadInput.status, upload=upload)
    if request.POST.get("act") != "submit":
        messages.success(request, "저장했습니다.")
        return redirect("panel_application", application.pk)
    # If the submission is refused, the page is shown again with the saved version.
    form.data = request.POST.copy()
    form.data["version"] = str(saved.version)
    device = "|".join(
        request.headers.get(name, "") for name in ("User-Agent", "Accept-Language")
    ).strip("|")
    recruitment.submit(
        saved, by=request.user, now=at, address=client_address(request), device=device
    )
    messages.success(request, "지원서를 접수했습니다. 접수 확인을 메일로 보냈습니다.")
    return redirect("panel_application", application.pk)


def _draft(
    request: SignedInRequest,
    application: PanelApplication,
    form: ApplicationForm,
    at: datetime,
    *,
    status: int = 200,
    upload: EvidenceForm | None = None,
    appeal: AppealForm | None = None,
) -> HttpResponse:
    kind = application.round.kinds.filter(code=application.kind).first()
    # What the applicant has written is judged when they see it, so that it can be explained here.
    tied = conflicts.check(request.user, application, now=at)
    context = {
        "now": at,
        "application": application,
        "round": application.round,
        "form": form,
        "upload": upload or EvidenceForm(),
        "evidence": list(application.evidence.filter(removed_at=None).order_by("pk")),
        "tied": tied[:SHOWN_REASONS],
        "tied_more": max(0, len(tied) - SHOWN_REASONS),
        "appeal": appeal or AppealForm(),
        "appealed": conflicts.appealed_at(request.user) if tied else None,
        "proof": kind.evidence if kind else "",
        "missing": [
            {"message": row.message, "blocking": True} for row in recruitment.missing(application)
        ],
    }
    return render(request, "vouchers/recruitment/application.html", context, status=status)


def _status(request: SignedInRequest, application: PanelApplication) -> HttpResponse:
    barred = application.moves.filter(move="bar").order_by("-pk").first()
    context = {
        "application": application,
        "round": application.round,
        "tone": TONES[PanelApplicationState(application.state)],
        "evidence": list(application.evidence.filter(removed_at=None).order_by("pk")),
        "decision": selection.result_of(application),
        "barred": barred if application.state == PanelApplicationState.BARRED else None,
        "may_withdraw": application.state == PanelApplicationState.SUBMITTED,
        "may_decline": selection.may_decline(application),
        "labels": {row.code: row.label for row in application.round.criteria.all()},
    }
    return render(request, "vouchers/recruitment/status.html", context)


@signed_in
@require_POST
def panel_evidence_add(request: SignedInRequest, pk: int) -> HttpResponse:
    """Store a file, and save the text that came with it."""
    application = own_application(request, pk)
    at = now()
    form = _keep_text(request, application, at)
    upload = _attach(request, application, at)
    if not upload.errors and not form.errors:
        return redirect("panel_application", pk)
    if application.state != PanelApplicationState.DRAFT:
        messages.error(request, "이미 제출했거나 취하한 지원이라 고칠 수 없습니다.")
        return redirect("panel_application", pk)
    refused = upload if upload.errors else None
    return _draft(request, application, form, at, status=400, upload=refused)


def _attach(request: SignedInRequest, application: PanelApplication, at: datetime) -> EvidenceForm:
    """Store the chosen file; a refusal becomes an error of the form."""
    upload = EvidenceForm(request.POST, request.FILES)
    if upload.is_valid():
        try:
            recruitment.attach(
                application, upload=upload.cleaned_data["file"], by=request.user, now=at
            )
        except PortalError as refused:
            refuse(upload, refused, fields={refused.code: "file"})
        else:
            messages.success(request, "파일을 올렸습니다.")
    return upload


def _keep_text(
    request: SignedInRequest, application: PanelApplication, at: datetime
) -> ApplicationForm:
    kinds = list(application.round.kinds.all())
    return save_beside(
        request.POST,
        lambda data: ApplicationForm(data, application=application, kinds=kinds),
        lambda form: _save_text(request, application, form, at),
    )


def _save_text(
    request: SignedInRequest, application: PanelApplication, form: ApplicationForm, at: datetime
) -> PanelApplication:
    return recruitment.save(
        application,
        data=form.data_to_save(),
        version=form.cleaned_data["version"],
        by=request.user,
        now=at,
    )


@signed_in
@require_POST
def panel_appeal(request: SignedInRequest, pk: int) -> HttpResponse:
    application = own_application(request, pk)
    at = now()
    if application.state != PanelApplicationState.DRAFT:
        messages.error(request, "이미 제출했거나 취하한 지원입니다.")
        return redirect("panel_application", pk)
    appeal = AppealForm(request.POST)
    if appeal.is_valid():
        try:
            conflicts.appeal(
                application, text=appeal.cleaned_data["appeal"], by=request.user, now=at
            )
        except PortalError as refused:
            refuse(appeal, refused, fields={refused.code: "appeal"})
        else:
            messages.success(
                request,
                "확인을 요청했습니다. 운영기관이 판단하면 이 화면에서 이어서 제출할 수 있습니다.",
            )
            return redirect("panel_application", pk)
    form = ApplicationForm(application=application, kinds=list(application.round.kinds.all()))
    return _draft(request, application, form, at, status=400, appeal=appeal)


@signed_in
@require_safe
def panel_evidence(request: SignedInRequest, pk: int) -> HttpResponseBase:
    row = get_object_or_404(evidence_of(request.user), pk=pk)
    return files.serve(
        row.file, filename=row.name, content_type=row.content_type, reader=request.user
    )


@signed_in
@require_POST
def panel_evidence_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    mine = own_panel_applications(request.user).values("pk")
    rows = evidence_of(request.user).filter(application__in=mine)
    row = get_object_or_404(rows.select_related("application__round"), pk=pk)
    at = now()
    recruitment.detach(row, by=request.user, now=at)
    messages.success(request, "파일을 지웠습니다.")
    form = _keep_text(request, row.application, at)
    if form.errors:
        return _draft(request, row.application, form, at, status=BadInput.status)
    return redirect("panel_application", row.application_id)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def panel_withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    application = own_application(request, pk)
    if request.method == "POST":
        recruitment.withdraw(application, by=request.user, now=now())
        messages.success(request, "지원을 취하했습니다.")
        return redirect("panel_desk")
    return confirm_page(
        request,
        application,
        title="지원 취하",
        words="지원을 취하하면 심사에서 빠집니다. 모집 기간에는 다시 지원할 수 있습니다.",
        button="취하하기",
    )


def confirm_page(
    request: SignedInRequest, application: PanelApplication, **texts: str
) -> HttpResponse:
    context = {"application": application, "round": application.round, **texts}
    return render(request, "vouchers/recruitment/confirm.html", context)


def own_application(request: SignedInRequest, pk: int) -> PanelApplication:
    rows = own_panel_applications(request.user).select_related("round", "user")
    return get_object_or_404(rows, pk=pk)
