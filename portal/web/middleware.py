"""Middleware: incidents are recorded, errors are readable, private pages are not cached."""

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from portal.core.errors import BadInput, NotFound, PortalError
from portal.records import incidents
from portal.web.errors import error_response

ERROR, UNAVAILABLE = 500, 503
LARGEST = 2**63 - 1
"""The largest number of a row that a database holds."""


class IncidentRecorder:
    """Records responses that failed or took long. Outermost, and never fails itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.monotonic()
        response = self.get_response(request)
        slow = time.monotonic() - began >= settings.INCIDENTS["slow_seconds"]
        if response.status_code >= ERROR or slow:
            kind = incidents.ERROR if response.status_code >= ERROR else incidents.SLOW
            kind = incidents.UNAVAILABLE if response.status_code == UNAVAILABLE else kind
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
        return error_response(request, error) if isinstance(error, PortalError) else None


class PrivatePages:
    """Keeps pages of signed-in people out of caches."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-store"
        return response
