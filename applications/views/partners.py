"""A partner's own answer, behind the link in its mail."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from applications.forms.base import refuse
from applications.forms.filing import PartnerAnswerForm
from applications.queries import invitations
from applications.services import partners
from applications.states import ApplicationState, PartnerState
from applications.visibility import WRITERS, companies_of
from portal.access import signed_in
from portal.clock import now
from portal.errors import BadInput, PortalError


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
