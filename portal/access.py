"""Every view says who may come in; a test refuses a view that does not."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from portal.models import User
from portal.roles import roles_of

View = Callable[..., HttpResponse]


def public(view: View) -> View:
    """Anyone may come in."""
    opened: View = login_not_required(view)
    opened.access_rule = "public"  # type: ignore[attr-defined]
    return opened


def person(request: HttpRequest) -> User:
    """The account behind a request that has passed the sign-in."""
    return cast(User, request.user)


def signed_in(view: View) -> View:
    """Anyone who has signed in; what they may see is asked of `visibility`.

    Staff see more than others on these pages too, so they bring their second factor here as well.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if owes_second_factor(request):
            return to_second_factor(request, request.get_full_path())
        return view(request, *args, **kwargs)

    guarded.access_rule = "signed_in"  # type: ignore[attr-defined]
    return guarded


def roles(*names: str) -> Callable[[View], View]:
    """Only people holding one of these roles; for the others the page does not exist."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not roles_of(request.user) & set(names):
                raise Http404
            return view(request, *args, **kwargs)

        guarded.access_rule = "roles:" + ",".join(names)  # type: ignore[attr-defined]
        return guarded

    return decorate


def passed_second_factor(request: HttpRequest) -> bool:
    """Tell whether this very session was opened with a second factor."""
    methods = request.session.get("account_authentication_methods", [])
    return any(step.get("method") == "mfa" for step in methods)


def owes_second_factor(request: HttpRequest) -> bool:
    """Tell whether this is staff who came with a password alone."""
    return person(request).is_staff and not passed_second_factor(request)


def to_second_factor(request: HttpRequest, target: str) -> HttpResponse:
    """Send somebody to their second factor, or to setting one up, and then on."""
    step = "mfa_reauthenticate" if is_mfa_enabled(request.user) else "mfa_activate_totp"
    return redirect(f"{reverse(step)}?{urlencode({'next': target})}")


def with_second_factor(*names: str) -> Callable[[View], View]:
    """Only people holding one of these roles, in a session that passed the second factor."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not passed_second_factor(request):
                return to_second_factor(request, request.get_full_path())
            return view(request, *args, **kwargs)

        return roles(*names)(guarded)

    return decorate
