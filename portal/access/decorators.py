"""Access rules of views; a test fails for a view without one."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from portal.access.roles import roles_of
from portal.access.second_factor import (
    lacks_second_factor,
    passed_second_factor,
    redirect_to_second_factor,
)

View = Callable[..., HttpResponseBase]
Shown = TypeVar("Shown")


def public(view: View) -> View:
    """Let anybody open the view."""
    opened: View = login_not_required(view)
    opened.access_rule = "public"  # type: ignore[attr-defined]
    return opened


def same_for_strangers(*query: str) -> Callable[[Shown], Shown]:
    """State that a view, or a view class, shows every stranger the same; caches keep it for seconds.

    `query`: the names of its query with which it is kept too. What else keeps an answer from being
    shared is checked of each one by `portal.web.shared`.
    """

    def decorate(view: Shown) -> Shown:
        view.shared_query = frozenset(query)  # type: ignore[attr-defined]
        return view

    return decorate


def shared_query(view: object) -> frozenset[str] | None:
    """Return what a view named to `same_for_strangers`; None where it stated nothing."""
    holder = getattr(view, "cls", view)  # the class of an API view, itself and no other
    names: frozenset[str] | None = getattr(holder, "__dict__", {}).get("shared_query")
    return names


def may_be_older(view: Shown) -> Shown:
    """State that a view, or a view class, may show rows as they were some seconds ago.

    It only reads; where there is a replica it reads from it, see `portal.web.reading`.
    """
    view.reads_replica = True  # type: ignore[attr-defined]
    return view


def reads_replica(view: object) -> bool:
    """Return whether a view was declared with `may_be_older`."""
    holder = getattr(view, "cls", view)  # the class of an API view, itself and no other
    return bool(getattr(holder, "__dict__", {}).get("reads_replica"))


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
