"""Forms that arrived but were not carried out: their content is shown, to be sent again.

Over a sign-in it is kept in the visitor's own session, for an hour and for the person who typed it:
a signed cookie says whose browser it was while the session lived. Nothing is sent again without a
press on the page, under a new CSRF token.
"""

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render
from django.urls import reverse

from portal.core.errors import PortalError

AUTHOR_SALT = "portal.web.resending"
KEPT_SECONDS = 60 * 60
LARGEST = 200_000  # bytes of a form, files included
SENT_FORM = "sent_form"  # of the session
ACCOUNTS = "/accounts/"  # where all pages of signing in are
TOKEN = "csrfmiddlewaretoken"  # noqa: S105
UNTYPED = frozenset({TOKEN, "act", "next", "opened", "shown", "version", "sha256", "seen"})


def remember_author(request: HttpRequest, response: HttpResponse) -> None:
    """Mark the browser as this person's; a sign-out takes the mark away."""
    user, known = request.user, author(request)
    if user.is_authenticated and known != str(user.pk):
        response.set_signed_cookie(
            settings.AUTHOR_COOKIE_NAME,
            str(user.pk),
            salt=AUTHOR_SALT,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    elif known and not user.is_authenticated and request.path == reverse("account_logout"):
        response.delete_cookie(settings.AUTHOR_COOKIE_NAME)


def author(request: HttpRequest) -> str:
    """Return the key of the person whose browser this is, "" if unknown."""
    return str(
        request.get_signed_cookie(settings.AUTHOR_COOKIE_NAME, default="", salt=AUTHOR_SALT) or ""
    )


def keep(request: HttpRequest, view: Callable[..., HttpResponseBase]) -> bool:
    """Keep a form of a visitor whose session ended; tell whether there is something to show.

    Only with a valid CSRF token and from a known browser. Of a form that is too large, and of files,
    only the fact is kept.
    """
    whose = author(request)
    if not whose or _holds_secrets(request) or not _same_site(request, view):
        return False
    size = int(request.META.get("CONTENT_LENGTH") or 0)
    whole = size <= LARGEST
    request.session[SENT_FORM] = {
        "author": whose,
        "at": int(time.time()),
        "path": request.get_full_path(),
        "fields": sent_fields(request) if whole else [],
        "whole": whole and not request.FILES,
    }
    return True


def kept(request: HttpRequest) -> dict[str, Any] | None:
    """Return the form kept for this person; one of somebody else or an old one is dropped."""
    found = request.session.get(SENT_FORM)
    if found is None:
        return None
    fresh = time.time() - found["at"] <= KEPT_SECONDS
    if fresh and found["author"] == str(request.user.pk):
        return dict(found)
    del request.session[SENT_FORM]
    return None


def sent_fields(request: HttpRequest) -> list[tuple[str, str]]:
    rows = [(name, value) for name, values in request.POST.lists() for value in values]
    return [(name, value) for name, value in rows if name != TOKEN]


def typed(fields: list[tuple[str, str]]) -> list[str]:
    """Return what a person wrote among the values: codes have neither spaces nor other letters."""
    texts = [value.strip() for name, value in fields if name not in UNTYPED]
    return [text for text in texts if text and (not text.isascii() or any(map(str.isspace, text)))]


def offer(
    request: HttpRequest,
    fields: list[tuple[str, str]],
    *,
    path: str,
    why: str,
    code: str = "",
    whole: bool = True,
    status: int = 200,
) -> HttpResponse:
    """Show what was sent, why it was not carried out, and a button that sends it again."""
    context = {
        "fields": fields,
        "texts": typed(fields),
        "path": path,
        "why": why,
        "code": code,
        "whole": whole,
    }
    return render(request, "portal/resend.html", context, status=status)


def refused_page(request: HttpRequest, error: PortalError) -> HttpResponse | None:
    """Return a page with what was typed into a refused form, None where nothing was typed."""
    fields = sent_fields(request)
    if _holds_secrets(request) or not typed(fields):
        return None
    why = " ".join(finding.message for finding in error.findings)
    return offer(
        request,
        fields,
        path=request.get_full_path(),
        why=why,
        code=error.code,
        whole=not request.FILES,
        status=error.status,
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Offer a form of an old page again when it was sent from here; else explain."""
    here = f"{request.scheme}://{request.get_host()}"
    own = request.headers.get("Origin") == here and request.headers.get("Sec-Fetch-Site") in (
        None,
        "same-origin",
    )
    if _holds_secrets(request) or not (
        own and request.user.is_authenticated and author(request) == str(request.user.pk)
    ):
        return render(request, "403_csrf.html", status=403)
    why = "화면을 연 뒤에 로그인이 새로 되어, 보내신 내용을 한 번 더 확인합니다."
    return offer(
        request,
        sent_fields(request),
        path=request.get_full_path(),
        why=why,
        whole=not request.FILES,
        status=403,
    )


def _holds_secrets(request: HttpRequest) -> bool:
    """Tell whether the form may hold passwords or codes: those are neither kept nor shown again."""
    return request.path.startswith(ACCOUNTS)


def _same_site(request: HttpRequest, view: Callable[..., HttpResponseBase]) -> bool:
    """Tell whether the form has a valid CSRF token; it is read only when it is small."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
        return True  # nothing of it is kept
    check = CsrfViewMiddleware(lambda _: HttpResponse())
    check.process_request(request)
    return check.process_view(request, view, (), {}) is None
