"""Every view says who may come in; a test refuses a view that does not."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse

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
    """Anyone who has signed in; what they may see is asked of `visibility`."""
    view.access_rule = "signed_in"  # type: ignore[attr-defined]
    return view


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
