"""Pages of a company: registration, profile, sites, members."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_safe

from applications.forms.company import (
    InviteForm,
    ProfileChangeForm,
    ProfileForm,
    RegisterForm,
    RoleForm,
    SiteForm,
)
from applications.models import Company
from applications.queries import registries
from applications.queries.selection import aid
from applications.services import company as company_services
from applications.services import registries as registry_services
from applications.states import MemberRole
from applications.visibility import WRITERS, companies_of, role_in
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.core.validators import row_number
from portal.forms.errors import refuse
from portal.forms.fields import PlainForm
from programs.forms.industries import as_typed, show_found
from programs.rules.industries import FACT

DONE = {
    "profile": "기업 정보를 고쳤습니다. 작성 중인 신청서에는 ‘다시 불러오기’를 눌러야 반영됩니다.",
    "site": "사업장을 더했습니다.",
    "invite": "초대 메일을 보냈습니다.",
    "role": "권한을 바꿨습니다.",
    "remove": "구성원에서 뺐습니다.",
    "cancel": "초대를 취소했습니다.",
    "consent": "기관 조회에 동의했습니다. 조회한 결과는 곧 이 화면에 나타납니다.",
    "withdraw-consent": "동의를 철회했습니다. 더는 조회하지 않으며 서류로 확인합니다.",
}
FIELD_OF_ERROR = {"name_missing": "name", "site_taken": "name", "already_member": "email"}


@signed_in
@require_safe
def company_list(request: SignedInRequest) -> HttpResponse:
    memberships = request.user.memberships.select_related("company").order_by("company__name")
    return render(request, "applications/company/list.html", {"memberships": memberships})


@signed_in
@require_http_methods(["GET", "POST"])
def company_new(request: SignedInRequest) -> HttpResponse:
    following = request.POST.get("next") or request.GET.get("next") or ""
    if not url_has_allowed_host_and_scheme(following, {request.get_host()}):
        following = ""
    form: ProfileForm = RegisterForm(request.POST or None, initial={"kind": "company"})
    status = 200 if request.method == "GET" else 400
    if typed := as_typed(form, FACT):
        form, status = shown_again(RegisterForm, typed), 200
    elif form.is_valid():
        try:
            company = company_services.register(data=form.cleaned_data, by=request.user, now=now())
        except PortalError as error:
            refuse(form, error, fields={"company_taken": "business_number", **FIELD_OF_ERROR})
            status = error.status
        else:
            messages.success(request, f"{company.name} 기업을 등록했습니다.")
            return redirect(following) if following else redirect("company_detail", pk=company.pk)
    context = {"form": form, "next": following}
    return render(request, "applications/company/new.html", context, status=status)


@signed_in
@require_http_methods(["GET", "POST"])
def company_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    company = get_object_or_404(companies_of(request.user), pk=pk)
    role = role_in(request.user, company)
    profile = {name: getattr(company, name) for name in company_services.PROFILE_FIELDS}
    profile |= {"opened": company.updated_at.isoformat(), FACT: company.industry}
    forms: dict[str, PlainForm] = {
        "profile": ProfileChangeForm(initial=profile),
        "site": SiteForm(prefix="site"),
        "invite": InviteForm(prefix="invite"),
    }
    status, act = 200, request.POST.get("act", "")
    if request.method == "POST":
        if act in forms:
            forms[act] = type(forms[act])(request.POST, prefix=forms[act].prefix)
        typed = as_typed(forms["profile"], FACT)
        if typed:
            forms["profile"] = shown_again(ProfileChangeForm, typed)
        else:
            status = do_act(request, company, role, act, forms)
        if status == 200 and not typed:
            messages.success(request, DONE[act])
            left = not companies_of(request.user).filter(pk=pk).exists()
            return redirect("company_list") if left else redirect("company_detail", pk=pk)
    members = company.members.select_related("user").order_by("pk")
    context = {
        "company": company,
        "forms": forms,
        "role": role,
        "owner": role == MemberRole.OWNER,
        "writes": role in WRITERS,
        "sites": company.sites.order_by("pk"),
        "members": [
            (member, RoleForm(initial={"role": member.role}, auto_id=f"id_member{member.pk}_%s"))
            for member in members
        ],
        "claims": company.claims.filter(state__in=["filed", "examined"]).order_by("pk")
        if role == MemberRole.OWNER
        else [],
        "invitations": company.invitations.filter(accepted_at=None, cancelled_at=None),
        **registries.summary(company),
        **aid.company_summary(company.pk),
        "now": now(),
    }
    return render(request, "applications/company/detail.html", context, status=status)


def shown_again(kind: type[ProfileForm], typed: Mapping[str, Any]) -> ProfileForm:
    """Return a form with what was typed, and with the industries that its words find."""
    form = kind(initial=dict(typed))
    show_found(form, FACT)
    return form


def do_act(
    request: SignedInRequest,
    company: Company,
    role: str | None,
    act: str,
    forms: Mapping[str, PlainForm],
) -> int:
    """Run one act of the page if the role allows it; return the status of the answer."""
    if act in ("profile", "site"):
        allowed = role in WRITERS
    else:
        allowed = act == "remove" or role == MemberRole.OWNER
    if not allowed:
        raise Http404
    if act in forms:
        return submit_form(request, company, act, forms[act])
    if act == "consent":
        registry_services.consent(company, by=request.user, now=now())
        return 200
    if act == "withdraw-consent":
        registry_services.withdraw_consent(company, by=request.user, now=now())
        return 200
    change_members(request, company, act)
    return 200


def submit_form(request: SignedInRequest, company: Company, act: str, form: PlainForm) -> int:
    if not form.is_valid():
        return 400
    at, by, data = now(), request.user, form.cleaned_data
    try:
        if act == "profile":
            company_services.update(company, data=data, opened=data["opened"], by=by, now=at)
        elif act == "site":
            company_services.add_site(company, data=data, by=by, now=at)
        else:
            company_services.invite(company, **data, by=by, now=at)
    except PortalError as error:
        refuse(form, error, fields=FIELD_OF_ERROR)
        return error.status
    return 200


def change_members(request: SignedInRequest, company: Company, act: str) -> None:
    at, by = now(), request.user
    number = row_number(request.POST.get("pk"))
    if act == "cancel":
        invitation = get_object_or_404(company.invitations, pk=number)
        company_services.cancel_invitation(invitation, by=by, now=at)
        return
    member = get_object_or_404(company.members.select_related("company"), pk=number)
    if act == "role":
        company_services.change_role(member, role=request.POST.get("role", ""), by=by, now=at)
    elif act == "remove":
        company_services.remove(member, by=by, now=at)
    else:
        raise Http404


@signed_in
@require_http_methods(["GET", "POST"])
def invitation(request: SignedInRequest, token: str) -> HttpResponse:
    at = now()
    received = company_services.find_invitation(token)
    if request.method == "POST":
        member = company_services.accept(token=token, by=request.user, now=at)
        messages.success(request, f"{received.company.name}의 구성원이 되었습니다.")
        return redirect("company_detail", pk=member.company_id)
    refusal = company_services.invitation_refusal(received, by=request.user, now=at)
    context = {"invitation": received, "refusal": refusal}
    return render(request, "applications/company/invitation.html", context)
