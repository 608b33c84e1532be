"""The second factor of staff: whether this session has it, and the way to it."""

from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from portal.access.requests import person


def passed_second_factor(request: HttpRequest) -> bool:
    methods = request.session.get("account_authentication_methods", [])
    return any(step.get("method") == "mfa" for step in methods)


def lacks_second_factor(request: HttpRequest) -> bool:
    """Tell whether this is a member of staff without a second factor in this session."""
    return person(request).is_staff and not passed_second_factor(request)


def redirect_to_second_factor(request: HttpRequest, target: str) -> HttpResponse:
    step = "mfa_reauthenticate" if is_mfa_enabled(request.user) else "mfa_activate_totp"
    return redirect(f"{reverse(step)}?{urlencode({'next': target})}")
