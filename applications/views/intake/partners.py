"""A partner's own answers: to the invitation behind the link in its mail, and to its terms."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from applications.forms.intake.partners import (
    PartnerAnswerForm,
    PartnerForm,
    TermsAnswerForm,
    TermsForm,
)
from applications.models import Application, Partner
from applications.queries.intake import drafting as drafting_queries
from applications.queries.intake import partners as partners_queries
from applications.services.intake import partners
from applications.states import ApplicationState, PartnerState
from applications.views.application.status import partner_rows
from applications.views.intake.steps import page
from applications.visibility import WRITERS, companies_of, partnerships_of
from portal.access.decorators import signed_in
from portal.core.clock import now
from portal.core.errors import BadInput, PortalError, StaleVersion
from portal.core.validators import row_number
from portal.forms.errors import refuse


def partners_page(
    request: HttpRequest, application: Application, step: str, at: datetime
) -> HttpResponse:
    """Invite partners, see where each stands, take one out."""
    form = PartnerForm(
        request.POST if request.POST.get("act") == "invite" else None,
        roles=application.sub_program.partner_roles,
    )
    status = 400 if form.is_bound else 200
    refused_terms = None
    if request.POST.get("act") == "cancel":
        partners.cancel(chosen_partner(request, application), by=request.user, now=at)
        messages.success(request, "참여 요청을 취소했습니다.")
        return redirect("application_step", pk=application.pk, step=step)
    if request.POST.get("act") == "terms":
        refused_terms = put_terms(request, chosen_partner(request, application), at)
        if refused_terms is None:
            return redirect("application_step", pk=application.pk, step=step)
        status = 400
    if form.is_bound and form.is_valid():
        try:
            partners.invite(application, **form.cleaned_data, by=request.user, now=at)
        except PortalError as refused:
            refuse(
                form, refused, fields={"partner_invited": "email", "partner_name": "company_name"}
            )
            status = refused.status
        else:
            messages.success(request, "참여 요청을 보냈습니다.")
            return redirect("application_step", pk=application.pk, step=step)
    return page(
        request,
        application,
        step,
        at,
        status=status,
        form=form,
        partners=with_terms(application, partner_rows(application, at), refused_terms),
        shares=drafting_queries.cost_shares(drafting_queries.read(application)),
        roles=application.sub_program.partner_roles,
    )


def chosen_partner(request: HttpRequest, application: Application) -> Partner:
    """The partner that was named."""
    return get_object_or_404(application.partners, pk=row_number(request.POST.get("partner")))


def put_terms(request: HttpRequest, partner: Partner, at: datetime) -> TermsForm | None:
    """Keep what a partner does and bears; returns the form when it is refused."""
    form = terms_form(partner, request.POST)
    if form.is_valid():
        try:
            partners.set_terms(partner, **form.terms(), by=request.user, now=at)
        except PortalError as refused:
            refuse(form, refused, fields={"partner_part": "part"})
            return form
        messages.success(request, "조건을 정하고 참여기관에 확인을 요청했습니다.")
        return None
    return form


def terms_form(partner: Partner, data: Mapping[str, Any] | None = None) -> TermsForm:
    """The form of a partner's terms, filled with the latest."""
    asked = drafting_queries.terms_asked(partner.application.sub_program).get(partner.role, {})
    initial = {}
    if partner.terms:
        initial = {
            name: getattr(partner.terms, name) for name in ("part", "share_won", "quote_won")
        }
    return TermsForm(data, asked=asked, initial=initial, auto_id=f"id_{partner.pk}_%s")


def with_terms(
    application: Application, rows: list[dict[str, Any]], refused: TermsForm | None
) -> list[dict[str, Any]]:
    """The partners, each that has joined and has terms to confirm with its form."""
    asked = drafting_queries.terms_asked(application.sub_program)
    for row in rows:
        partner = row["partner"]
        if partner.state != PartnerState.ACCEPTED or partner.role not in asked:
            continue
        mine = refused is not None and refused.auto_id == f"id_{partner.pk}_%s"
        row["form"] = refused if mine else terms_form(partner)
    return rows


@signed_in
@require_http_methods(["GET", "POST"])
def partner_answer(request: HttpRequest, token: str) -> HttpResponse:
    """Accept or refuse to take part, with a company of one's own."""
    at = now()
    partner = partners.find(token)
    partners.see(partner, now=at)
    own = list(companies_of(request.user).filter(members__role__in=WRITERS).order_by("name"))
    form = PartnerAnswerForm(request.POST or None, companies=own)
    status = 200 if request.method == "GET" else 400
    if form.is_valid():
        try:
            answer(request, partner, own, form, at)
        except PortalError as refused:
            if refused.status == 404:
                raise
            refuse(form, refused, fields={refused.code: "company"})
            status = refused.status
        else:
            return redirect("partner_answer", token=token)
    labels = {row["role"]: row for row in partner.application.sub_program.partner_roles}
    context = {
        "partner": partner,
        "application": partner.application,
        "role": labels.get(partner.role, {"label": partner.role}),
        "companies": own,
        "form": form,
        "until": partners_queries.expires_at(partner),
        "open": partner.state == PartnerState.INVITED
        and not partners_queries.expired(partner, now=at)
        and partner.application.state == ApplicationState.DRAFT,
        "standing": partners_queries.standing(partner, now=at),
        "now": at,
    }
    return render(request, "applications/intake/partner_answer.html", context, status=status)


def answer(request, partner, own, form, at) -> None:
    """Give the answer that was chosen."""
    note = form.cleaned_data["note"]
    if request.POST.get("act") == "refuse":
        partners.refuse(partner, by=request.user, now=at, note=note)
        messages.success(request, "참여를 거절했습니다. 신청기업에 알렸습니다.")
        return
    chosen = next((one for one in own if str(one.pk) == form.cleaned_data["company"]), None)
    if chosen is None:
        raise BadInput("참여할 기업을 고르세요.", code="company_missing")
    partners.accept(partner, company=chosen, by=request.user, now=at, note=note)
    messages.success(request, "참여를 수락했습니다. 신청기업에 알렸습니다.")


@signed_in
@require_http_methods(["GET", "POST"])
def partner_terms(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm one's own part, share and quotation, or say why not."""
    at = now()
    seen = partnerships_of(request.user).select_related(
        "application__sub_program__round", "application__company", "company", "terms"
    )
    partner = get_object_or_404(seen, pk=pk)
    form = TermsAnswerForm(request.POST or None)
    status = 200 if request.method == "GET" else 400
    if form.is_valid():
        try:
            answer_terms(request, partner, form.cleaned_data["note"], at)
        except PortalError as refused:
            refuse(form, refused, fields={"note_required": "note"})
            status = refused.status
        else:
            return redirect("partner_terms", pk=pk)
    labels = {row["role"]: row["label"] for row in partner.application.sub_program.partner_roles}
    terms = partner.terms
    context = {
        "partner": partner,
        "application": partner.application,
        "role": labels.get(partner.role, partner.role),
        "terms": terms,
        "earlier": partner.all_terms.exclude(pk=terms.pk).order_by("-pk") if terms else [],
        "form": form,
        "open": terms is not None
        and terms.confirmed is None
        and partner.application.state == ApplicationState.DRAFT,
    }
    return render(request, "applications/intake/partner_terms.html", context, status=status)


def answer_terms(request, partner, note, at) -> None:
    """Give the answer to the very terms that were shown."""
    shown = partner.all_terms.filter(pk=partner.terms_id).first()
    if shown is None or str(shown.pk) != request.POST.get("terms"):
        raise StaleVersion("신청기업이 조건을 바꾸었습니다. 새 내용을 확인하고 답해 주세요.")
    agree = request.POST.get("act") == "confirm"
    partners.answer_terms(shown, agree=agree, by=request.user, now=at, note=note)
    messages.success(request, "조건을 확인했습니다." if agree else "의견을 신청기업에 보냈습니다.")
