"""Access rules of views; a test fails for a view without one."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponseBase

from portal.access.roles import roles_of
from portal.access.second_factor import (
    lacks_second_factor,
    passed_second_factor,
    redirect_to_second_factor,
)

View = Callable[..., HttpResponseBase]


def public(view: View) -> View:
    """Let anybody open the view."""
    opened: View = login_not_required(view)
    opened.access_rule = "public"  # type: ignore[attr-defined]
    return opened


def signed_in(view: View) -> View:
    """Let anybody open the view who has signed in; `visibility` decides what they see there.

    Staff need their second factor here too: they see more than others on these pages.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if lacks_second_factor(request):
            return redirect_to_second_factor(request, request.get_full_path())
        return view(request, *args, **kwargs)

    guarded.access_rule = "signed_in"  # type: ignore[attr-defined]
    return guarded


def roles(*names: str) -> Callable[[View], View]:
    """Let only holders of one of these roles open the view; others get 404."""

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
    """Let only holders of one of these roles with a second factor in this session open the view."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not passed_second_factor(request):
                return redirect_to_second_factor(request, request.get_full_path())
            return view(request, *args, **kwargs)

        return roles(*names)(guarded)

    return decorate
