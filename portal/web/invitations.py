"""The link of an invitation to staff and assessors, and the page of one's own roles."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from portal.access import granting, invitations
from portal.access import parts as held_for
from portal.access.accounts import account_of
from portal.access.decorators import public, signed_in
from portal.access.requests import person
from portal.access.roles import label, roles_of
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.forms.fields import PlainForm
from portal.models import RoleRequest, StaffInvitation, User


def password_input() -> forms.PasswordInput:
    return forms.PasswordInput({"autocomplete": "new-password"})


class PasswordForm(PlainForm):
    """The password of a new account, typed twice."""

    password1 = forms.CharField(label="비밀번호", strip=False, widget=password_input())
    password2 = forms.CharField(label="비밀번호 확인", strip=False, widget=password_input())

    def __init__(self, invitation: StaffInvitation, data: Any = None) -> None:
        super().__init__(data)
        self.owner = User(email=invitation.email, name=invitation.name)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, second = data.get("password1"), data.get("password2")
        if first and second and first != second:
            self.add_error("password2", ValidationError("두 비밀번호가 다릅니다.", code="again"))
        elif first:
            try:
                password_validation.validate_password(first, self.owner)
            except ValidationError as weak:
                self.add_error("password1", weak)
        return data


@public
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def staff_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Make an account by an invitation, or request its roles for the account that has the address."""
    invitation = invitations.find(token)
    known = account_of(invitation.email)
    mine = request.user.is_authenticated and known == request.user
    refusal: PortalError | None = invitations.refusal(invitation, now=now())
    form = PasswordForm(invitation, request.POST or None)
    if request.method == "POST" and refusal is None:
        try:
            if mine:
                invitations.accept_as(token, by=person(request), now=now())
                return redirect("own_roles")
            if form.is_valid():
                invitations.accept(token, password=form.cleaned_data["password1"], now=now())
                return _to_second_factor(request)
        except PortalError as error:
            refusal = error
    context = {
        "invitation": invitation,
        "roles": invitations.role_lines(invitation),
        "refusal": refusal,
        "form": form,
        "mine": mine,
        "known": known is not None,
        "sign_in": f"{reverse('account_login')}?{urlencode({'next': request.path})}",
    }
    return render(request, "portal/staff_invitation.html", context)


def _to_second_factor(request: HttpRequest) -> HttpResponse:
    messages.success(request, "계정을 만들었습니다. 로그인한 다음 인증 앱을 등록해 주세요.")
    factor = f"{reverse('mfa_activate_totp')}?{urlencode({'next': reverse('own_roles')})}"
    return redirect(f"{reverse('account_login')}?{urlencode({'next': factor})}")


@signed_in
@require_safe
def own_roles(request: HttpRequest) -> HttpResponse:
    """Show one's own roles, and those that wait for approval."""
    user = person(request)
    held = [
        (label(name), held_for.labels(name, parts.held(user)) if parts else [])
        for name in sorted(roles_of(user))
        for parts in [held_for.of(name)]
    ]
    rows = RoleRequest.objects.filter(user=user).select_related("requested_by").order_by("-pk")
    asked = [(row, label(row.role), held_for.labels(row.role, row.parts)) for row in rows[:50]]
    context = {"held": held, "asked": asked, "factor": granting.has_factor(user)}
    return render(request, "portal/own_roles.html", context)
