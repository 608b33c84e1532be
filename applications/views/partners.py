"""A partner's own answers: to the invitation behind the link in its mail, and to its terms."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from applications.forms.filing import PartnerAnswerForm, TermsAnswerForm
from applications.queries import invitations
from applications.services import partners
from applications.states import ApplicationState, PartnerState
from applications.visibility import WRITERS, companies_of, partnerships_of
from portal.access.decorators import signed_in
from portal.core.clock import now
from portal.core.errors import BadInput, PortalError, StaleVersion
from portal.forms.fields import refuse


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
        "until": invitations.expires_at(partner),
        "open": partner.state == PartnerState.INVITED
        and not invitations.expired(partner, now=at)
        and partner.application.state == ApplicationState.DRAFT,
        "standing": invitations.standing(partner, now=at),
        "now": at,
    }
    return render(request, "applications/partner.html", context, status=status)


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
    return render(request, "applications/terms.html", context, status=status)


def answer_terms(request, partner, note, at) -> None:
    """Give the answer to the very terms that were shown."""
    shown = partner.all_terms.filter(pk=partner.terms_id).first()
    if shown is None or str(shown.pk) != request.POST.get("terms"):
        raise StaleVersion("신청기업이 조건을 바꾸었습니다. 새 내용을 확인하고 답해 주세요.")
    agree = request.POST.get("act") == "confirm"
    partners.answer_terms(shown, agree=agree, by=request.user, now=at, note=note)
    messages.success(request, "조건을 확인했습니다." if agree else "의견을 신청기업에 보냈습니다.")
