"""Middleware: incidents are recorded, errors are readable, sessions end."""

import logging
import time
from collections.abc import Callable
from typing import Any

from auditlog.middleware import AuditlogMiddleware
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.middleware import AuthenticationMiddleware, LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from portal.access.hashing import Busy
from portal.access.requests import person
from portal.access.sessions import last_confirmed, person_of, renew_key
from portal.core import following, metrics
from portal.core.errors import BadInput, NotFound, PortalError
from portal.records import incidents
from portal.web import once, resending, signing_in
from portal.web.errors import error_response, wants_json

logger = logging.getLogger("portal.requests")
ERROR, UNAVAILABLE = 500, 503
READING = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
LARGEST = 2**63 - 1
"""The largest number of a row that a database holds."""


class Numbered:
    """Gives every request the number that its log lines, jobs, mails and answer carry. Outermost."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with following.followed(following.given(request)) as number:
            response = self.get_response(request)
        response[following.HEADER] = number
        return response


class Measured:
    """Counts, times and logs every request by the name of its route, never by its address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.monotonic()
        response = self.get_response(request)
        took = time.monotonic() - began
        route = following.route_of(request)
        metrics.REQUESTS.labels(route, response.status_code).inc()
        metrics.REQUEST_SECONDS.labels(route).observe(took)
        seen = {"method": request.method, "route": route, "status": response.status_code}
        logger.info("request", extra={**seen, "milliseconds": round(took * 1000)})
        return response


class IncidentRecorder:
    """Records responses that failed or took long. Never fails itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        incidents.start()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.monotonic()
        response = self.get_response(request)
        slow = time.monotonic() - began >= settings.INCIDENTS["slow_seconds"]
        told = getattr(response, "incident", None)
        if told or response.status_code >= ERROR or slow:
            kind = incidents.ERROR if response.status_code >= ERROR else incidents.SLOW
            kind = incidents.UNAVAILABLE if response.status_code == UNAVAILABLE else kind
            kind = told or kind
            metrics.FAILURES.labels(kind).inc()
            incidents.record(incidents.subject_of(getattr(request, "resolver_match", None)), kind)
        return response


class ErrorResponses:
    """Turns a PortalError into a message on the page it came from, or into JSON."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return error_response(request, BadInput("쓸 수 없는 글자가 들어 있는 주소입니다."))
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        # No table holds such a number: the database would raise.
        large = any(isinstance(value, int) and value > LARGEST for value in kwargs.values())
        return error_response(request, NotFound()) if large else None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, Busy):
            return signing_in.form_again(request, own=True)
        if not isinstance(error, PortalError):
            return None
        response = error_response(request, error)
        if response.status_code >= ERROR:
            response.incident = incidents.ERROR  # type: ignore[attr-defined] # of one page alone
        return response


class BrowserRules:
    """Tells browsers what no page of the portal needs and that no other site may embed its answers."""

    DENIED = ("camera", "geolocation", "microphone", "payment", "usb", "browsing-topics")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Permissions-Policy", ", ".join(f"{name}=()" for name in self.DENIED))
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class Authentication(AuthenticationMiddleware):
    """Django's, with a person read together with their roles."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: person_of(request))  # type: ignore[assignment]


class SessionLimits:
    """Ends a session SESSION_COOKIE_AGE after its sign-in, and that of staff who went away.

    Confirming oneself again counts as a sign-in, and gives the session a new key.
    """

    KEY, NOTED_SECONDS = "seen_at", 60
    BEAT = "X-Portal-Beat"  # sent by a page on its own: nobody is there for it

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or not person(request).pk:
            return self.get_response(request)
        at, confirmed = time.time(), last_confirmed(request)
        if confirmed and at - confirmed > settings.SESSION_COOKIE_AGE:
            logout(request)  # the page itself then asks to sign in, and comes back
        elif person(request).is_staff:
            self._limit_idle(request, at)
        response = self.get_response(request)
        if confirmed and request.user.is_authenticated and last_confirmed(request) > confirmed:
            renew_key(request)
        return response

    def _limit_idle(self, request: HttpRequest, at: float) -> None:
        seen = request.session.get(self.KEY)
        if seen is not None and at - seen > settings.STAFF_IDLE_SECONDS:
            logout(request)
        elif self.BEAT in request.headers:
            return
        elif seen is None or at - seen > self.NOTED_SECONDS:
            request.session[self.KEY] = at


class SignInFirst(LoginRequiredMiddleware):
    """Sends visitors to the sign-in; a form that was sent after the session ended waits for it."""

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseRedirect:
        waits = request.method == "POST" and not wants_json(request)
        if waits and resending.keep(request, view_func):
            return redirect_to_login(reverse("resend"))
        return super().handle_no_permission(request, view_func)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        resending.remember_author(request, response)
        return response


class NotedChanges(AuditlogMiddleware):
    """Notes who changes a row of staff. Reading changes none, and connecting a signal is dear."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self.get_response if request.method in READING else super().__call__
        response: HttpResponseBase = answer(request)
        return response


class OneAnswer:
    """Answers a form that is sent twice with the answer to its first sending."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        once.finish(request, response)
        return response

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        return None if getattr(view, "answers_repeats", False) else once.begin(request)
