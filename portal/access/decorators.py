"""Every view says who may come in; a test refuses a view that does not."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from portal.access.roles import roles_of
from portal.access.second_factor import owes_second_factor, passed_second_factor, to_second_factor

View = Callable[..., HttpResponseBase]


def public(view: View) -> View:
    """Anyone may come in."""
    opened: View = login_not_required(view)
    opened.access_rule = "public"  # type: ignore[attr-defined]
    return opened


def signed_in(view: View) -> View:
    """Anyone who has signed in; what they may see is asked of `visibility`.

    Staff see more than others on these pages too, so they bring their second factor here as well.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if owes_second_factor(request):
            return to_second_factor(request, request.get_full_path())
        return view(request, *args, **kwargs)

    guarded.access_rule = "signed_in"  # type: ignore[attr-defined]
    return guarded


def roles(*names: str) -> Callable[[View], View]:
    """Only people holding one of these roles; for the others the page does not exist."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not roles_of(request.user) & set(names):
                raise Http404
            return view(request, *args, **kwargs)

        guarded.access_rule = "roles:" + ",".join(names)  # type: ignore[attr-defined]
        return guarded

    return decorate


def with_second_factor(*names: str) -> Callable[[View], View]:
    """Only people holding one of these roles, in a session that passed the second factor."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not passed_second_factor(request):
                return to_second_factor(request, request.get_full_path())
            return view(request, *args, **kwargs)

        return roles(*names)(guarded)

    return decorate
