"""Reading a draft through and filing it; answering a request for more."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
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
from applications.views.intake.steps import by_step, neighbours, places, progress
from applications.visibility import (
    WRITERS,
    answerable_by,
    applications_of,
    role_in,
    withdrawable_by,
)
from portal.access.decorators import signed_in
from portal.core.clock import now
from portal.core.errors import MoveNotAllowed, PortalError
from portal.forms.errors import refuse
from programs.queries import refusal


@signed_in
@require_safe
def application_review(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the whole application: a draft with what is missing, or exactly what was filed."""
    application = get_object_or_404(_whole(applications_of(request.user)), pk=pk)
    return review_page(request, application, now(), SubmitForm())


@signed_in
@require_POST
def application_submit(request: HttpRequest, pk: int) -> HttpResponse:
    """File the draft. `at` is the arrival; sending it again leads to the same receipt."""
    at = now()
    mine = answerable_by(request.user)
    application = get_object_or_404(drafting.with_roots(mine), pk=pk)
    form = SubmitForm(request.POST)
    already = application.submitted_at is not None
    if not already and not form.is_valid():
        return review_page(request, _whole(mine).get(pk=pk), at, form, status=400)
    try:
        filed = filing.submit(application, by=request.user, now=at, just_read=True)
    except PortalError as refused:
        whole = _whole(mine).get(pk=pk)
        return review_page(request, whole, at, form, status=refused.status, refused=refused)
    if filed.submitted_by_id == request.user.pk:
        messages.success(request, f"제출했습니다. 접수번호는 {filed.number}입니다.")
    else:
        messages.info(request, f"{filed.submitted_by} 님이 먼저 제출했습니다. ({filed.number})")
    return redirect("application_detail", pk=pk)


def review_page(
    request: HttpRequest,
    application: Application,
    at: datetime,
    form: SubmitForm,
    *,
    status: int = 200,
    refused: PortalError | None = None,
) -> HttpResponse:
    """Render the application written out, with the button that files it for those who may."""
    draft = application.state == ApplicationState.DRAFT
    writes = draft and role_in(request.user, application.company_id) in WRITERS
    leave = None
    if draft and refusal(application.sub_program, at) is not None:
        leave = late_filing.leave_for(application, at)
    context = {
        "application": application,
        "now": at,
        "form": form,
        "writes": writes,
        "refused": refused,
        "partners": partner_rows(application, at),
        "attachments": attachment_rows(application),
        "closed": refusal(application.sub_program, at) if draft and leave is None else None,
        "leave": leave,
        "closes_at": application.sub_program.window().closes_at,
    }
    filed = getattr(application, "submission", None)
    if filed is not None:
        context |= {"groups": content.filed(filed), "filed": filed}
        context["preview"] = filed.content.get("preview", {})
        return render(request, "applications/intake/filed.html", context, status=status)
    read = drafting.read(application)
    found = places(read, drafting.missing(read, now=at))
    labels = {row["code"]: row["label"] for row in application.sub_program.consents}
    context |= {
        "groups": content.draft(read),
        "missing": by_step(application, found),
        "blocking": sum(row.blocking for row in found),
        "steps": progress(application, found, "review"),
        "before": neighbours(application, "review")[0],
        "grant": drafting.preview(read),
        "consents": [(labels.get(row.code, row.code), row) for row in read.consents],
    }
    return render(request, "applications/intake/review.html", context, status=status)


def _whole(applications: object) -> object:
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


WITHDRAWABLE = ApplicationMoves.WITHDRAW.source


@signed_in
@require_http_methods(["GET", "POST"])
def application_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an application back, with the reason; owners only."""
    application = get_object_or_404(with_parts(withdrawable_by(request.user)), pk=pk)
    if application.state not in WITHDRAWABLE:
        raise MoveNotAllowed("지금 상태에서는 취하할 수 없습니다.")
    form = WithdrawForm(request.POST or None)
    status = 200 if request.method == "GET" else 400
    if form.is_valid():
        try:
            filing.withdraw(application, by=request.user, now=now(), note=form.cleaned_data["note"])
        except PortalError as refused:
            refuse(form, refused, fields={"note_required": "note"})
            status = refused.status
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
