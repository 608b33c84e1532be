"""Pages that review, file and withdraw an application."""

from datetime import datetime

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from applications.forms.intake.filing import SubmitForm, WithdrawForm
from applications.models import Application
from applications.queries.intake import drafting
from applications.services.intake import filing, late_filing
from applications.states import ApplicationMoves, ApplicationState
from applications.views.application import content
from applications.views.application.overview import with_parts
from applications.views.application.status import attachment_rows, partner_rows
from applications.views.intake.steps import findings_by_step, located, neighbours, progress
from applications.visibility import (
    WRITERS,
    answerable_by,
    applications_of,
    role_in,
    withdrawable_by,
)
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.errors import MoveNotAllowed, PortalError
from portal.forms.errors import refuse
from programs.queries.rounds import refusal


@signed_in
@require_safe
def application_review(request: SignedInRequest, pk: int) -> HttpResponse:
    application = get_object_or_404(_with_submission(applications_of(request.user)), pk=pk)
    return review_page(request, application, now(), SubmitForm())


@signed_in
@require_POST
def application_submit(request: SignedInRequest, pk: int) -> HttpResponse:
    """File the draft. The arrival decides; a repeated request leads to the same receipt."""
    at = now()
    own = answerable_by(request.user)
    application = get_object_or_404(drafting.with_related(own), pk=pk)
    form = SubmitForm(request.POST)
    already = application.submitted_at is not None
    if not already and not form.is_valid():
        return review_page(request, _with_submission(own).get(pk=pk), at, form, status=400)
    try:
        filed = filing.submit(application, by=request.user, now=at, fresh=True)
    except PortalError as error:
        whole = _with_submission(own).get(pk=pk)
        return review_page(request, whole, at, form, status=error.status, error=error)
    if filed.submitted_by_id == request.user.pk:
        messages.success(request, f"제출했습니다. 접수번호는 {filed.number}입니다.")
    else:
        messages.info(request, f"{filed.submitted_by} 님이 먼저 제출했습니다. ({filed.number})")
    return redirect("application_detail", pk=pk)


@signed_in
@require_http_methods(["GET", "POST"])
def application_withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    application = get_object_or_404(with_parts(withdrawable_by(request.user)), pk=pk)
    if application.state not in ApplicationMoves.WITHDRAW.source:
        raise MoveNotAllowed("지금 상태에서는 취하할 수 없습니다.")
    form = WithdrawForm(request.POST or None)
    status = 200 if request.method == "GET" else 400
    if form.is_valid():
        try:
            filing.withdraw(application, by=request.user, now=now(), note=form.cleaned_data["note"])
        except PortalError as error:
            refuse(form, error, fields={"note_required": "note"})
            status = error.status
        else:
            draft = application.submitted_at is None
            messages.success(
                request, "작성하던 신청을 취소했습니다." if draft else "신청을 취하했습니다."
            )
            return redirect("application_detail", pk=pk)
    context = {
        "application": application,
        "form": form,
        "draft": application.state == ApplicationState.DRAFT,
    }
    return render(request, "applications/intake/withdraw.html", context, status=status)


def review_page(
    request: SignedInRequest,
    application: Application,
    at: datetime,
    form: SubmitForm,
    *,
    status: int = 200,
    error: PortalError | None = None,
) -> HttpResponse:
    draft = application.state == ApplicationState.DRAFT
    role = role_in(request.user, application.company_id)
    writes = draft and role is not None and role in WRITERS
    late_grant = None
    if draft and refusal(application.sub_program, at) is not None:
        late_grant = late_filing.usable_grant(application, at)
    context = {
        "application": application,
        "now": at,
        "form": form,
        "writes": writes,
        "error": error,
        "partners": partner_rows(application, at),
        "attachments": attachment_rows(application),
        "closed": refusal(application.sub_program, at) if draft and late_grant is None else None,
        "late_grant": late_grant,
        "closes_at": application.sub_program.window().closes_at,
    }
    filed = getattr(application, "submission", None)
    if filed is not None:
        context |= {"groups": content.filed(filed), "filed": filed}
        context["preview"] = filed.content.get("preview", {})
        return render(request, "applications/intake/filed.html", context, status=status)
    dossier = drafting.load(application)
    findings = located(dossier, drafting.missing(dossier, now=at))
    labels = {row["code"]: row["label"] for row in application.sub_program.consents}
    context |= {
        "groups": content.draft(dossier),
        "missing": findings_by_step(application, findings),
        "blocking": sum(row.blocking for row in findings),
        "steps": progress(application, findings, "review"),
        "before": neighbours(application, "review")[0],
        "grant": drafting.preview(dossier),
        "consents": [(labels.get(row.code, row.code), row) for row in dossier.consents],
    }
    return render(request, "applications/intake/review.html", context, status=status)


def _with_submission(applications: QuerySet[Application]) -> QuerySet[Application]:
    return (
        with_parts(applications)
        .select_related(
            "submission__form",
            "submission__submitted_by",
            "sub_program__round",
            "sub_program__pot",
            "company",
            "site",
            "track",
        )
        .prefetch_related("sub_program__tracks")
    )
