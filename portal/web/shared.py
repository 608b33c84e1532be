"""Cache-Control of every answer: which one strangers share for seconds; everything else is private."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers, set_response_etag

from portal.access.decorators import shared_query
from portal.web.kept_pages import is_stranger

SHARED = "public, max-age=0, s-maxage=1, stale-while-revalidate=5"
"""nginx asks anew each second; a browser asks each time, by the ETag."""
OWN, SOMEBODY_S = "private", "private, no-store"
VARY = ("Cookie", "Authorization")


class SharedAnswers:
    """States who may keep an answer; gives a shared one its ETag, and 304 to whom has it already.

    Outside the middleware of sessions, messages and CSRF, whose cookies it must see. An answer that
    has a Cache-Control of its own keeps it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.has_header("Cache-Control"):
            return response
        if not may_be_shared(request, response):
            # Told by the request alone: to ask who it is may need a database that is away.
            somebody = settings.SESSION_COOKIE_NAME in request.COOKIES or _has_token(request)
            response["Cache-Control"] = SOMEBODY_S if somebody else OWN
            return response
        response["Cache-Control"] = SHARED
        patch_vary_headers(response, VARY)
        if not response.has_header("ETag"):
            set_response_etag(response)
        etag = response["ETag"]
        return get_conditional_response(request, etag=etag, response=response) or response


def may_be_shared(request: HttpRequest, response: HttpResponse) -> bool:
    """Tell whether every stranger would get this answer: its view says so, and nothing speaks against.

    Not what was asked for with a session, a message or a token, nor with a name in the query that
    the view does not list; not what sets a cookie, holds a CSRF token or shows a message; no error.
    """
    names = shared_query(getattr(request.resolver_match, "func", None))
    return (
        names is not None
        and names.issuperset(request.GET)
        and request.method in ("GET", "HEAD")
        and response.status_code in (200, 304)
        and is_stranger(request)
        and not _has_token(request)
        and not request.user.is_authenticated
        and not response.cookies
        and "CSRF_COOKIE_NEEDS_UPDATE" not in request.META
        and not list(get_messages(request))
        and (not response.streaming or response.has_header("ETag"))
    )


def _has_token(request: HttpRequest) -> bool:
    return "Authorization" in request.headers
