"""How a request is named in logs: by a number that its jobs and mails carry on, and by its route."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest

HEADER = "X-Request-ID"
LENGTH = 32
SHOWN = 12  # letters that a person reads out to the help desk
_FORM = re.compile(rf"[0-9a-f]{{{LENGTH}}}")
_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """Return the number of the request that this work belongs to, "" outside of any."""
    return _current.get()


@contextmanager
def followed(number: str = "") -> Iterator[str]:
    """Let what runs inside belong to a request, or to a new number of its own; yield the number."""
    number = number or uuid.uuid4().hex
    before = _current.set(number)
    try:
        yield number
    finally:
        _current.reset(before)


def given(request: HttpRequest) -> str:
    """Return the number that our own proxy gave a request, "" where there is none to believe."""
    number = request.headers.get(HEADER, "") if settings.TRUSTED_PROXIES else ""
    return number if _FORM.fullmatch(number) else ""


def route_of(request: HttpRequest) -> str:
    """Return the name of a request's route; `static` for a file, `none` where nothing is."""
    match = request.resolver_match
    if match:
        return match.view_name
    return "static" if request.path.startswith(settings.STATIC_URL) else "none"
