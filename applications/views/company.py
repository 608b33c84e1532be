"""Pages of a company: registration, profile, sites, people."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_safe

from applications.forms.company import ChangeForm, InviteForm, RegisterForm, RoleForm, SiteForm
from applications.models import Company
from applications.queries.selection import aid
from applications.services import company as companies
from applications.services.company import PROFILE
from applications.states import MemberRole
from applications.visibility import WRITERS, companies_of, role_in
from portal.access.decorators import signed_in
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.core.validators import row_number
from portal.forms.errors import refuse

DONE = {
    "profile": "기업 정보를 고쳤습니다. 작성 중인 신청서에는 ‘다시 불러오기’를 눌러야 반영됩니다.",
    "site": "사업장을 더했습니다.",
    "invite": "초대 메일을 보냈습니다.",
    "role": "권한을 바꿨습니다.",
    "remove": "구성원에서 뺐습니다.",
    "cancel": "초대를 취소했습니다.",
}
NAMED = {"name_missing": "name", "site_taken": "name", "already_member": "email"}


@signed_in
@require_safe
def company_list(request: HttpRequest) -> HttpResponse:
    """List the companies one works for."""
    mine = request.user.memberships.select_related("company").order_by("company__name")
    return render(request, "applications/company/list.html", {"memberships": mine})


@signed_in
@require_http_methods(["GET", "POST"])
def company_new(request: HttpRequest) -> HttpResponse:
    """Register a company; `next` leads back to where it was needed."""
    following = request.POST.get("next") or request.GET.get("next") or ""
    if not url_has_allowed_host_and_scheme(following, {request.get_host()}):
        following = ""
    form = RegisterForm(request.POST or None, initial={"kind": "company"})
    status = 200 if request.method == "GET" else 400
    if form.is_valid():
        try:
            made = companies.register(data=form.cleaned_data, by=request.user, now=now())
        except PortalError as refused:
            refuse(form, refused, fields={"company_taken": "business_number", **NAMED})
            status = refused.status
        else:
            messages.success(request, f"{made.name} 기업을 등록했습니다.")
            return redirect(following) if following else redirect("company_detail", pk=made.pk)
    context = {"form": form, "next": following}
    return render(request, "applications/company/new.html", context, status=status)


@signed_in
@require_http_methods(["GET", "POST"])
def company_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show and change profile, sites and people, as far as one's role goes."""
    company = get_object_or_404(companies_of(request.user), pk=pk)
    role = role_in(request.user, company)
    profile = {name: getattr(company, name) for name in PROFILE}
    profile["opened"] = company.updated_at.isoformat()
    forms = {
        "profile": ChangeForm(initial=profile),
        "site": SiteForm(prefix="site"),
        "invite": InviteForm(prefix="invite"),
    }
    status, act = 200, request.POST.get("act", "")
    if request.method == "POST":
        if act in forms:
            kind = type(forms[act])
            forms[act] = kind(request.POST, prefix=forms[act].prefix)
        status = change(request, company, role, act, forms)
        if status == 200:
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
            (one, RoleForm(initial={"role": one.role}, auto_id=f"id_member{one.pk}_%s"))
            for one in members
        ],
        "invitations": company.invitations.filter(accepted_at=None, cancelled_at=None),
        **aid.shown_to(company.pk),
        "now": now(),
    }
    return render(request, "applications/company/detail.html", context, status=status)


def change(
    request: HttpRequest, company: Company, role: str | None, act: str, forms: dict[str, Any]
) -> int:
    """Do one of the page's acts, as far as the role allows; returns the status of the answer."""
    if act in ("profile", "site"):
        allowed = role in WRITERS
    else:
        allowed = act == "remove" or role == MemberRole.OWNER
    if not allowed:
        raise Http404
    if act in forms:
        return change_by_form(request, company, act, forms[act])
    change_people(request, company, act)
    return 200


def change_by_form(request: HttpRequest, company: Company, act: str, form: Any) -> int:
    """Save the profile, add a site or invite somebody."""
    if not form.is_valid():
        return 400
    at, by, data = now(), request.user, form.cleaned_data
    try:
        if act == "profile":
            companies.update(company, data=data, opened=data["opened"], by=by, now=at)
        elif act == "site":
            companies.add_site(company, data=data, by=by, now=at)
        else:
            companies.invite(company, **data, by=by, now=at)
    except PortalError as refused:
        refuse(form, refused, fields=NAMED)
        return refused.status
    return 200


def change_people(request: HttpRequest, company: Company, act: str) -> None:
    """Change a role, take somebody out or take a letter back."""
    at, by = now(), request.user
    number = row_number(request.POST.get("pk"))
    if act == "cancel":
        found = get_object_or_404(company.invitations, pk=number)
        companies.cancel_invitation(found, by=by, now=at)
        return
    member = get_object_or_404(company.members.select_related("company"), pk=number)
    if act == "role":
        companies.change_role(member, role=request.POST.get("role", ""), by=by, now=at)
    elif act == "remove":
        companies.remove(member, by=by, now=at)
    else:
        raise Http404


@signed_in
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Join a company by the link of its letter."""
    at = now()
    letter = companies.find_invitation(token)
    if request.method == "POST":
        member = companies.accept(token=token, by=request.user, now=at)
        messages.success(request, f"{letter.company.name}의 구성원이 되었습니다.")
        return redirect("company_detail", pk=member.company_id)
    refused = companies.invitation_refusal(letter, by=request.user, now=at)
    context = {"invitation": letter, "refused": refused}
    return render(request, "applications/company/invitation.html", context)
