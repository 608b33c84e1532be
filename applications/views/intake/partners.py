"""Pages of partners: the step of the form, and their own answers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from applications.forms.intake.partners import (
    PartnerAnswerForm,
    PartnerForm,
    TermsAnswerForm,
    TermsForm,
)
from applications.models import Application, Company, Partner
from applications.queries.intake import partners as partners_queries
from applications.queries.intake.drafting import Dossier, cost_shares, required_terms
from applications.rules.intake import pledges
from applications.services.intake import partners
from applications.states import ApplicationState, PartnerState
from applications.views.application.status import partner_rows
from applications.views.intake.steps import render_step
from applications.visibility import (
    WRITERS,
    companies_of,
    former_partnerships_of,
    partnerships_of,
)
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.errors import BadInput, PortalError, StaleVersion
from portal.core.validators import row_number
from portal.forms.errors import refuse
from programs.models import SubProgram

FIELDS = {"partner_invited": "email", "partner_name": "company_name", "partner_part": "part"}


def partners_page(
    request: SignedInRequest, dossier: Dossier, step: str, at: datetime
) -> HttpResponse:
    application = dossier.application
    form = PartnerForm(
        request.POST if request.POST.get("act") == "invite" else None,
        roles=dossier.sub_program.partner_roles,
    )
    status = 400 if form.is_bound else 200
    rejected = None
    if request.POST.get("act") == "cancel":
        partners.cancel(chosen_partner(request, application), by=request.user, now=at)
        messages.success(request, "참여 요청을 취소했습니다.")
        return redirect("application_step", pk=application.pk, step=step)
    if request.POST.get("act") == "confirm":
        partners.confirm(chosen_partner(request, application), by=request.user, now=at)
        messages.success(request, "참여기관을 확인했습니다.")
        return redirect("application_step", pk=application.pk, step=step)
    if request.POST.get("act") == "terms":
        rejected = save_terms(request, chosen_partner(request, application), at)
        if rejected is None:
            return redirect("application_step", pk=application.pk, step=step)
        status = 400
    if form.is_bound and form.is_valid():
        try:
            partners.invite(application, **form.cleaned_data, by=request.user, now=at)
        except PortalError as error:
            refuse(form, error, fields=FIELDS)
            status = error.status
        else:
            messages.success(request, "참여 요청을 보냈습니다.")
            return redirect("application_step", pk=application.pk, step=step)
    return render_step(
        request,
        dossier,
        step,
        at,
        status=status,
        form=form,
        partners=with_terms(
            dossier.sub_program, partner_rows(application, dossier.partners, at), rejected
        ),
        shares=cost_shares(dossier),
        roles=dossier.sub_program.partner_roles,
    )


def chosen_partner(request: SignedInRequest, application: Application) -> Partner:
    return get_object_or_404(application.partners, pk=row_number(request.POST.get("partner")))


def save_terms(request: SignedInRequest, partner: Partner, at: datetime) -> TermsForm | None:
    form = terms_form(partner, request.POST)
    if form.is_valid():
        try:
            partners.set_terms(partner, **form.terms(), by=request.user, now=at)
        except PortalError as error:
            refuse(form, error, fields={"partner_part": "part"})
            return form
        messages.success(request, "조건을 정하고 참여기관에 확인을 요청했습니다.")
        return None
    return form


def terms_form(partner: Partner, data: Mapping[str, Any] | None = None) -> TermsForm:
    required = required_terms(partner.application.sub_program).get(partner.role, {})
    initial = {}
    if partner.terms:
        initial = {
            name: getattr(partner.terms, name) for name in ("part", "share_won", "quote_won")
        }
    return TermsForm(data, required=required, initial=initial, auto_id=f"id_{partner.pk}_%s")


def with_terms(
    program: SubProgram, rows: list[dict[str, Any]], rejected: TermsForm | None
) -> list[dict[str, Any]]:
    """Add a form to every partner that has joined and has terms to confirm."""
    required = required_terms(program)
    for row in rows:
        partner = row["partner"]
        if partner.state != PartnerState.ACCEPTED or partner.role not in required:
            continue
        own = rejected is not None and rejected.auto_id == f"id_{partner.pk}_%s"
        row["form"] = rejected if own else terms_form(partner)
    return rows


ANSWER_FIELDS = {"note_required": "note", "signature_missing": "signature"}


@signed_in
@require_http_methods(["GET", "POST"])
def partner_answer(request: SignedInRequest, token: str) -> HttpResponse:
    at = now()
    partner = partners.find_invitation(token)
    partners.mark_seen(partner, now=at)
    companies = list(companies_of(request.user).filter(members__role__in=WRITERS).order_by("name"))
    wanted = partner.terms is not None and partners_queries.pledge_wanted(partner)
    form = PartnerAnswerForm(request.POST or None, companies=companies, pledges=wanted)
    status = 200 if request.method == "GET" else 400
    if form.is_valid():
        try:
            answer(request, partner, companies, form, at)
        except PortalError as error:
            if error.status == 404:
                raise
            refuse(form, error, fields={error.code: "company", **ANSWER_FIELDS})
            status = error.status
        else:
            return redirect("partner_answer", token=token)
    return partner_page(request, partner, at, status=status, companies=companies, form=form)


def partner_page(
    request: SignedInRequest, partner: Partner, at: datetime, *, status: int = 200, **context: Any
) -> HttpResponse:
    """Show what a partner was asked for, and what became of it."""
    labels = {row["role"]: row for row in partner.application.sub_program.partner_roles}
    context |= {
        "partner": partner,
        "application": partner.application,
        "role": labels.get(partner.role, {"label": partner.role}),
        "terms": partner.terms,
        "pledge": _pledge(partner),
        "until": partners_queries.expires_at(partner),
        "open": partner.state == PartnerState.INVITED
        and not partners_queries.is_expired(partner, now=at)
        and partner.application.state == ApplicationState.DRAFT,
        "status": partners_queries.invitation_status(partner, now=at),
        "now": at,
    }
    return render(request, "applications/intake/partner_answer.html", context, status=status)


def _pledge(partner: Partner) -> list[str]:
    """Return the words that the partner would sign, none where no pledge is asked for."""
    terms = partner.terms
    if terms is None or not partners_queries.pledge_wanted(partner):
        return []
    return list(
        pledges.paragraphs(part=terms.part, share_won=terms.share_won, quote_won=terms.quote_won)
    )


def answer(
    request: SignedInRequest,
    partner: Partner,
    companies: list[Company],
    form: PartnerAnswerForm,
    at: datetime,
) -> None:
    note = form.cleaned_data["note"]
    if request.POST.get("act") == "refuse":
        partners.refuse(partner, by=request.user, now=at, note=note)
        messages.success(request, "참여를 거절했습니다. 신청기업에 알렸습니다.")
        return
    chosen = next((row for row in companies if str(row.pk) == form.cleaned_data["company"]), None)
    if chosen is None:
        raise BadInput("참여할 기업을 고르세요.", code="company_missing")
    agree = request.POST.get("act") != "object"
    partners.accept(
        partner,
        company=chosen,
        by=request.user,
        now=at,
        note=note,
        agree=agree,
        signature=form.cleaned_data.get("signature", ""),
    )
    waits = partner.state == PartnerState.PENDING
    messages.success(
        request,
        "참여를 수락했습니다. 신청기업이 확인하면 확정됩니다."
        if waits
        else "참여를 수락했습니다. 신청기업에 알렸습니다.",
    )


@signed_in
@require_http_methods(["GET", "POST"])
def partner_terms(request: SignedInRequest, pk: int) -> HttpResponse:
    at = now()
    visible = partnerships_of(request.user).select_related(
        "application__sub_program__round", "application__company", "company", "terms"
    )
    removed = former_partnerships_of(request.user).filter(pk=pk)
    if gone := removed.select_related("application__sub_program__round", "invited_by").first():
        return partner_page(request, gone, at)
    partner = get_object_or_404(visible, pk=pk)
    wanted = partners_queries.pledge_wanted(partner)
    form = TermsAnswerForm(request.POST or None, pledges=wanted)
    status = 200 if request.method == "GET" else 400
    if form.is_valid():
        try:
            answer_terms(request, partner, form.cleaned_data, at)
        except PortalError as error:
            refuse(form, error, fields=ANSWER_FIELDS)
            status = error.status
        else:
            return redirect("partner_terms", pk=pk)
    labels = {row["role"]: row["label"] for row in partner.application.sub_program.partner_roles}
    terms = partner.terms
    context = {
        "partner": partner,
        "application": partner.application,
        "role": labels.get(partner.role, partner.role),
        "terms": terms,
        "pledge": _pledge(partner),
        "earlier": partner.all_terms.exclude(pk=terms.pk).order_by("-pk") if terms else [],
        "form": form,
        "open": terms is not None
        and terms.confirmed is None
        and partner.application.state == ApplicationState.DRAFT,
    }
    return render(request, "applications/intake/partner_terms.html", context, status=status)


def answer_terms(
    request: SignedInRequest, partner: Partner, data: Mapping[str, Any], at: datetime
) -> None:
    """Answer the very terms that the page showed. Raises StaleVersion when they changed."""
    shown = partner.all_terms.filter(pk=partner.terms_id or 0).first()
    if shown is None or str(shown.pk) != request.POST.get("terms"):
        raise StaleVersion("신청기업이 조건을 바꾸었습니다. 새 내용을 확인하고 답해 주세요.")
    agree = request.POST.get("act") == "confirm"
    partners.answer_terms(
        shown,
        agree=agree,
        by=request.user,
        now=at,
        note=data["note"],
        signature=data.get("signature", ""),
    )
    messages.success(request, "조건을 확인했습니다." if agree else "의견을 신청기업에 보냈습니다.")
