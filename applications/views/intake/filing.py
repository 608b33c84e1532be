"""Pages that review, file and withdraw an application."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from applications.forms.application.content import Difference, differences
from applications.forms.intake.filing import SubmitForm, WithdrawForm
from applications.models import Application, PreparedFiling, Submission
from applications.queries.intake import drafting
from applications.queries.intake.drafting import COMMON, Dossier, read_with
from applications.rules.evidence import shown
from applications.rules.registries import papers_told
from applications.services.intake import filing, late_filing, preparing
from applications.states import ApplicationMoves, ApplicationState
from applications.views.application import content
from applications.views.application.overview import one_of
from applications.views.application.status import attachment_rows, evidence_rows, partner_rows
from applications.views.intake.steps import findings_by_step, located, neighbours, progress
from applications.visibility import (
    WRITERS,
    Firms,
    find,
    find_answerable,
    withdrawable_by,
)
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest, arrived_at
from portal.core import tickets
from portal.core.clock import now
from portal.core.errors import MoveNotAllowed, PortalError
from portal.forms.errors import refuse
from portal.models import User
from portal.web import once
from programs.queries import kept
from programs.queries.rounds import refusal


@signed_in
@require_safe
def application_review(request: SignedInRequest, pk: int) -> HttpResponse:
    found = find(request.user, pk)
    if found is None:
        raise Http404
    return review_page(request, *found, now(), SubmitForm())


@signed_in
@require_POST
@once.repeatable
def application_submit(request: SignedInRequest, pk: int) -> HttpResponse:
    """File the draft. The arrival decides; a repeated request leads to the same receipt."""
    at = arrived_at(request)
    found = find_answerable(request.user, pk)
    if found is None:
        raise Http404
    application, firms = found
    form = SubmitForm(request.POST)
    confirmed, seen = form.is_valid(), form.cleaned_data.get("seen", "")
    if application.submitted_at is None and not confirmed:
        return review_page(request, application, firms, at, form, status=400)
    try:
        filed = filing.submit(application, by=request.user, now=at, seen=seen, fresh=True)
    except PortalError as error:
        application.refresh_from_db()
        return review_page(request, application, firms, at, form, status=error.status, error=error)
    tell_of_filing(request, filed)
    return redirect("application_detail", pk=pk)


def tell_of_filing(request: SignedInRequest, filed: Submission) -> None:
    if filed.submitted_by_id == request.user.pk:
        messages.success(request, f"제출했습니다. 접수번호는 {filed.number}입니다.")
    else:
        messages.info(request, f"{filed.submitted_by} 님이 먼저 제출했습니다. ({filed.number})")


@signed_in
@require_http_methods(["GET", "POST"])
def application_withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    application = one_of(withdrawable_by(request.user), pk)
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
    firms: Firms,
    at: datetime,
    form: SubmitForm,
    *,
    status: int = 200,
    error: PortalError | None = None,
) -> HttpResponse:
    """Show what was filed, or the whole draft with what filing it would freeze."""
    filed = Submission.objects.select_related("form", "submitted_by").filter(pk=application.pk)
    context: dict[str, Any] = {"now": at, "form": form, "error": error}
    if application.submitted_at is not None and (submission := filed.first()) is not None:
        found = read_with(application, COMMON)
        kept.put_on([application])
        context |= {
            "application": application,
            "filed": submission,
            "groups": content.filed(submission),
            "preview": submission.content.get("preview", {}),
            "partners": partner_rows(application, found["partners"], at),
            "attachments": attachment_rows(application, found["attachments"]),
            **_sources(firms, application, submission, submission.form.content),
        }
        return render(request, "applications/intake/filed.html", context, status=status)
    dossier, prepared = preparing.review(application, now=at)
    context |= draft_review(dossier, firms, at)
    changes = _changes(form, prepared) if form.is_bound else []
    context |= {
        "prepared": prepared,
        **_sources(firms, dossier.application, prepared, dossier.form.content),
        "slip": _slip(request.user, dossier.application, prepared, at),
        "changes": changes,
    }
    if changes:  # what was confirmed is not what would be filed now: it is confirmed anew
        context["form"] = SubmitForm()
    return render(request, "applications/intake/review.html", context, status=status)


def _sources(
    firms: Firms,
    application: Application,
    shown_as: PreparedFiling | Submission,
    form: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the sources of the facts for the firm itself: agencies tell its partners nothing."""
    if application.company_id not in firms.roles:
        return {}
    return {
        **evidence_rows([shown(row) for row in shown_as.evidence or ()]),
        "told": papers_told(shown_as.content, form),
    }


def draft_review(dossier: Dossier, firms: Firms, at: datetime) -> dict[str, Any]:
    """Return what a review shows of a draft, and whether it can be filed at this instant."""
    application, program = dossier.application, dossier.sub_program
    draft = application.state == ApplicationState.DRAFT
    closed = refusal(program, at) if draft else None
    late_grant = late_filing.usable_grant(application, at) if closed is not None else None
    findings = located(dossier, drafting.missing(dossier, now=at))
    labels = {row["code"]: row["label"] for row in program.consents}
    return {
        "application": application,
        "writes": draft and firms.roles.get(application.company_id) in WRITERS,
        "closed": closed if late_grant is None else None,
        "late_grant": late_grant,
        "closes_at": program.window().closes_at,
        "partners": partner_rows(application, dossier.partners, at),
        "attachments": attachment_rows(application, dossier.files),
        "groups": content.draft(dossier),
        "missing": findings_by_step(application, findings),
        "blocking": sum(row.blocking for row in findings),
        "steps": progress(application, findings, "review"),
        "before": neighbours(application, "review")[0],
        "grant": drafting.preview(dossier),
        "consents": [(labels.get(row.code, row.code), row) for row in dossier.consents],
    }


def _slip(user: User, application: Application, prepared: PreparedFiling, at: datetime) -> str:
    """Return the slip of the submit form: for a ticket, should the portal not be able to file then."""
    return tickets.sign(
        tickets.Slip(
            path=reverse("application_submit", args=[application.pk]),
            redeem=reverse("application_ticket", args=[application.pk]),
            confirm="confirmed",
            seen=prepared.sha256,
            person=user.pk,
            hours=application.sub_program.round.ticket_hours,
            shown_at=at,
        )
    )


def _changes(form: SubmitForm, prepared: PreparedFiling) -> list[Difference]:
    """Return what changed since the page from which the form was sent."""
    before = preparing.shown(prepared.application, form.cleaned_data.get("seen", ""))
    if before is None or before.sha256 == prepared.sha256:
        return []
    return differences(before, prepared)
