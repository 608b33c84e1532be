"""What happens to a request that cannot be served: shed by kind, answered 503, or given a ticket."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import connection
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.middleware.csrf import CsrfViewMiddleware
from django.template import loader
from django.urls import Resolver404, resolve

from portal.core import tickets
from portal.core.clock import KST
from portal.core.errors import BadInput
from portal.core.tickets import Slip, Ticket
from portal.records import incidents
from portal.web import host_clock, signing_in
from portal.web.admission import Gate, Kind
from portal.web.connections import Shelf
from portal.web.errors import unavailable
from portal.web.outage import Watch
from portal.web.resending import ACCOUNTS, LARGEST, author
from portal.web.signing_in import HASHER, hashes

# First let in, last shed. How many wait, and how long, are assumptions: an answer within a second.
WRITER = Kind("writer", spare=0, line=28, seconds=1.0)
READER = Kind("reader", spare=1, line=6, seconds=0.5)
STRANGER = Kind("stranger", spare=2, line=3, seconds=0.2)
KINDS = (WRITER, READER, STRANGER)
FREE = frozenset({"/healthz/", "/readyz/"})
FORM = "application/x-www-form-urlencoded"

SLIP, TICKET = "slip", "ticket"  # fields of a form
SHORTEST_WAIT, LONGEST_WAIT = 30, 300  # seconds until a ticket is sent again, doubled at random


class Overload:
    """Bounds what this process works on, and answers what it cannot serve without the database.

    Before everything that asks the database. A form with a slip gets a ticket, anything else 503.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.gate = Gate(settings.IN_FLIGHT, KINDS)
        self.hashing = Gate(settings.HASHES_AT_ONCE, [HASHER])
        self.shelf = Shelf() if settings.SHARED_CONNECTIONS else None
        self.watch = Watch()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.arrived = time.monotonic()  # type: ignore[attr-defined] # for `arrived_at`
        if request.path in FREE:
            response = self.get_response(request)
            if self.shelf:
                connection.close()  # no place, so it keeps none
            return response
        if self.watch.away():
            return refuse(request, away=True)
        if not hashes(request):
            return self._let_in(request)
        if not self.hashing.enter(HASHER):
            return signing_in.form_again(request, own=_own_form(request))
        try:
            return self._let_in(request)
        finally:
            self.hashing.leave()

    def _let_in(self, request: HttpRequest) -> HttpResponseBase:
        if not self.gate.enter(kind_of(request)):
            return refuse(request, away=False)
        if self.shelf:
            self.shelf.take()
        try:
            response = self._serve(request)
        except BaseException:
            self._leave()
            raise
        if isinstance(response, StreamingHttpResponse) and not isinstance(response, FileResponse):
            # What is read from the database while it is sent keeps its place until then.
            response.streaming_content = Sent(iter(response), self._leave)
        else:
            self._leave()
        return response

    def _serve(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        failed = getattr(response, "database_failed", None)
        if failed is None:
            self.watch.served()
            host_clock.share()
            return response
        if failed:
            self.watch.failed()
        return refuse(request, away=True)

    def _leave(self) -> None:
        if self.shelf:
            self.shelf.put_back()
        self.gate.leave()


class Sent:
    """The parts of an answer; says once when it was sent or given up."""

    def __init__(self, parts: Iterator[bytes], done: Callable[[], None]) -> None:
        self._parts, self._done = parts, done

    def __iter__(self) -> Iterator[bytes]:
        return self._parts

    def close(self) -> None:
        """Called by Django at the end of every answer, also of one that was not read."""
        done, self._done = self._done, lambda: None
        done()


def kind_of(request: HttpRequest) -> Kind:
    """Return what kind of request this is, as far as it can be told without the database.

    A browser is known by its signed cookie (`resending.author`); a session or token alone may be
    made up.
    """
    if settings.SESSION_COOKIE_NAME in request.COOKIES and author(request):
        return WRITER if request.method == "POST" else READER
    signs_in = request.path.startswith(ACCOUNTS) or "Authorization" in request.headers
    return READER if signs_in else STRANGER


def refuse(request: HttpRequest, *, away: bool) -> HttpResponse:
    """Answer what is not served: with a ticket if the form may have one, else 503."""
    with suppress(Resolver404):  # whose failure it was, for `IncidentRecorder`
        request.resolver_match = resolve(request.path_info)
    shed = incidents.UNAVAILABLE if away else incidents.SHED
    if ticket := sent_again(request):
        return ticket_page(ticket, incident=shed)
    slip, problem = sent_slip(request)
    if slip is not None and not problem:
        came_at = host_clock.at(request.arrived)  # type: ignore[attr-defined]
        if came_at is not None and came_at - slip.shown_at <= tickets.SLIP_LIFE:
            return ticket_page(tickets.issue(slip, came_at=came_at), incident=incidents.TICKET)
        problem = (
            "도착한 시각을 확인할 수 없어 접수 확인표를 드리지 못했습니다."
            if came_at is None
            else "화면을 연 지 오래되어 접수 확인표를 드리지 못했습니다."
        )
    answer = unavailable(request, away=away, problem=problem)
    answer.incident = shed  # type: ignore[attr-defined] # for `IncidentRecorder`
    return answer


def sent_again(request: HttpRequest) -> Ticket | None:
    """Return the ticket that is being redeemed at its own address, if it is one of ours."""
    if request.method != "GET" or TICKET not in request.GET:
        return None
    try:
        ticket = tickets.read(request.GET[TICKET])
    except BadInput:
        return None
    return ticket if ticket.slip.redeem == request.path else None


def sent_slip(request: HttpRequest) -> tuple[Slip | None, str]:
    """Return the slip of a sent form, and why it gets no ticket: "" when it may have one."""
    small = int(request.META.get("CONTENT_LENGTH") or 0) <= LARGEST
    if request.method != "POST" or request.content_type != FORM or not small:
        return None, ""
    slip = tickets.read_slip(request.POST.get(SLIP, ""))
    if slip is None or slip.path != request.path:
        return None, "제출은 접수되지 않았습니다." if SLIP in request.POST else ""
    if author(request) != str(slip.person) or not _own_form(request):
        return slip, "화면을 연 사람과 보낸 사람이 같은지 확인할 수 없어 접수되지 않았습니다."
    if not request.POST.get(slip.confirm):
        return slip, "확인란을 선택하지 않아 제출은 접수되지 않았습니다."
    return slip, ""


def _own_form(request: HttpRequest) -> bool:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    check = CsrfViewMiddleware(view)
    check.process_request(request)
    return check.process_view(request, view, (), {}) is None


def ticket_page(ticket: Ticket, *, incident: str) -> HttpResponse:
    """Return the page of a ticket, which sends it again by itself after a while, by chance."""
    age = (host_clock.wall_clock() - ticket.came_at).total_seconds()
    wait = int(min(max(age / 4, SHORTEST_WAIT), LONGEST_WAIT) * random.uniform(1, 2))  # noqa: S311
    address = f"{ticket.slip.redeem}?{urlencode({TICKET: ticket.text})}"
    context: dict[str, Any] = {
        "ticket": ticket,
        "came_at": ticket.came_at.astimezone(KST),
        "wait": wait,
        "redeem_url": settings.ORIGIN + ticket.slip.redeem,
    }
    saved = loader.render_to_string("portal/ticket.txt", context)
    context["saved"] = f"data:text/plain;charset=utf-8,{quote(saved)}"
    page = loader.render_to_string("portal/ticket.html", context)
    response = HttpResponse(page, status=202)
    response["Retry-After"] = str(wait)
    response["Refresh"] = f"{wait}; url={address}"
    response["Cache-Control"] = "private, no-store"
    response.incident = incident  # type: ignore[attr-defined]
    return response
