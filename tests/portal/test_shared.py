"""Answers that strangers share: which views state it, and what is never kept for anybody else."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.middleware.csrf import get_token
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, path, reverse

from portal import urls as portal_urls
from portal.access.decorators import public, same_for_strangers, shared_query
from portal.core.clock import now
from portal.web.shared import SHARED
from tests.factories import kamp, programs, reports, vouchers
from tests.factories.applications import UserFactory
from tests.test_access import rule_of
from vouchers.services import corrections

# The names of the queries with which an address is kept.
DECLARED: dict[str, set[str]] = {
    "home": set(),
    "program_list": {"round"},
    "program_compare": {"round"},
    "program_detail": set(),
    "preview": set(),
    "budget": set(),
    "terms": set(),
    "privacy": set(),
    "accessibility": set(),
    "sources": set(),
    "decisions": set(),
    "decision_changes": set(),
    "statistics": {"round"},
    "open_data": set(),
    "open_data_index": set(),
    "open_data_file": set(),
    "receipt_check": set(),  # the empty form; never with a number
    "agreement_check": set(),
    "service_list": {"page"},
    "service_detail": set(),
    "report_list": {"category", "kind", "before"},
    "published_report": set(),
    "correction_list": {"state", "kind", "before"},
    "correction_detail": set(),
    "voucher_data": set(),
    "panel_detail": set(),
    "kamp": {"process", "purpose", "data_kind"},
    "schema": set(),
    "api_docs": set(),
    "api_programs": {"round"},
    "api_program": {"round"},
    "api_budget": set(),
    "api_open_data": set(),
    "api_open_rows": {"cursor", "page_size"},
    "api_services": {"cursor"},
    "api_service": set(),
    "api_voucher_reports": {"cursor"},
    "api_voucher_corrections": {"cursor"},
    "api_kamp_showcases": {"cursor"},
    "api_kamp_showcase": set(),
}
WHY_NOT = {
    "health": "tells the state of this process",
    "ready": "for operators inside",
    "may_upload": "depends on the session",
    "csp_report": "takes a POST only",
    "staff_invitation": "is one person's, by the link in a mail",
    "self_check": "has a form with a CSRF token",
    "industry_search": "answers any words, asked by a script",
    "kamp_showcase": "has a form with a CSRF token",
    "kamp_showcase_paper": "has a form with a CSRF token",
    "api_self_check": "takes a POST only",
    "api_preview": "takes a POST only",
    "api_receipt": "the address names a receipt",
    "report_book": "the address is a secret",
    "calendar_feed": "the address is a secret",
    "report_picture": "a file, gone at once when it is withdrawn",
    "kamp_picture": "a file, gone at once when it is withdrawn",
    "service_compare": "shows messages about what was chosen",
    "voucher_data_file": "made for each download, of any size",
}


def views(resolver: URLResolver | None = None) -> Iterator[tuple[str, Callable[..., Any]]]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from views(entry)
        elif isinstance(entry, URLPattern):
            yield entry.name or "", entry.callback


def test_each_public_view_states_it_or_has_a_reason_not_to() -> None:
    stated = {name: shared_query(view) for name, view in views() if rule_of(view) == "public"}
    assert {name: found for name, found in stated.items() if found is not None} == DECLARED
    assert {name for name, found in stated.items() if found is None} == set(WHY_NOT)


def test_no_other_view_states_it() -> None:
    assert [
        name for name, view in views() if shared_query(view) and rule_of(view) != "public"
    ] == []


# --- The pages themselves -------------------------------------------------------------------------


@pytest.fixture
def pages(db: None) -> Iterator[dict[str, str]]:
    """An address of each declared view, by the name of its route, while the clock stands still."""
    round = programs.load()
    report = reports.published()
    case = reports.raised(report)
    corrections.verify(case, by=vouchers.agency(), finding="확인했습니다.", now=reports.LATER)
    panel = report.assignment.monitor.round
    words = {
        "program_detail": [round.code, "build"],
        "preview": [round.code, "build"],
        "open_data_file": ["programs", "json"],
        "service_detail": [report.assignment.service.code],
        "published_report": [report.pk],
        "correction_detail": [case.pk],
        "panel_detail": [panel.code],
        "api_program": ["build"],
        "api_open_rows": ["programs"],
        "api_service": [report.assignment.service.code],
        "api_kamp_showcase": [kamp.refractory().slug],
    }
    with time_machine.travel(now(), tick=False):
        yield {name: reverse(name, args=words.get(name, [])) for name in DECLARED}


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


# What no page may depend on, or an answer made for one reader would be kept for all.
ODD_HEADERS = [
    {"Accept-Language": "en"},
    {"Accept": "application/json"},
    {"Accept": "*/*;q=0.1"},
    {"Accept-Encoding": "gzip, br"},
    {"User-Agent": "curl/8"},
    {"Referer": "https://elsewhere.example/"},
    {"X-Requested-With": "XMLHttpRequest"},
    {"X-Forwarded-For": "203.0.113.9"},
    {"X-Forwarded-Host": "elsewhere.example"},
    {"X-Original-URL": "/accounts/login/"},
    {"X-HTTP-Method-Override": "POST"},
    {"Range": "bytes=0-9"},
]
COOKIES = [settings.CSRF_COOKIE_NAME, settings.KNOWN_COOKIE_NAME, settings.AUTHOR_COOKIE_NAME, "x"]


def test_every_stranger_gets_the_same_and_it_may_be_kept(pages: dict[str, str]) -> None:
    for name, address in pages.items():
        first = Client().get(address)
        assert first.status_code == 200, name
        assert first["Cache-Control"] == SHARED, name
        assert {"Cookie", "Authorization"} <= set(first["Vary"].split(", ")), name
        assert not first.cookies, name
        whole = body(first)
        for headers in ODD_HEADERS:
            other = Client().get(address, headers=headers)
            if other.get("Cache-Control") == SHARED:
                assert body(other) == whole, (name, headers)
        for cookie in COOKIES:
            client = Client()
            client.cookies[cookie] = "a" * 32
            other = client.get(address)
            assert (other["Cache-Control"], body(other)) == (SHARED, whole), (name, cookie)


def test_who_has_it_already_is_told_so(pages: dict[str, str]) -> None:
    for name, address in pages.items():
        first = Client().get(address)
        again = Client().get(address, headers={"If-None-Match": f"W/{first['ETag']}"})
        assert (again.status_code, again.content) == (304, b""), name
        for header in ("ETag", "Cache-Control", "Vary"):
            assert again[header] == first[header], (name, header)
        assert Client().get(address, headers={"If-None-Match": '"other"'}).status_code == 200
        assert Client().head(address)["ETag"] == first["ETag"], name


def test_who_has_a_session_a_message_or_a_token_gets_an_answer_of_their_own(
    pages: dict[str, str],
) -> None:
    signed_in, former, told = Client(), Client(), Client()
    signed_in.force_login(UserFactory())
    former.cookies[settings.SESSION_COOKIE_NAME] = "of-a-session-that-ended"
    told.cookies[settings.MESSAGES_COOKIE_NAME] = "a-message"
    for name, address in pages.items():
        for client in (signed_in, former, told):
            assert "public" not in client.get(address)["Cache-Control"], name
        assert "no-store" in signed_in.get(address)["Cache-Control"], name
        token = Client().get(address, headers={"Authorization": "Bearer x"})
        assert "public" not in token["Cache-Control"], name


def test_an_address_with_other_words_is_not_kept(pages: dict[str, str]) -> None:
    for name, address in pages.items():
        for query in ("utm_source=x", "q=a", "number=1&sha256=2"):
            assert "public" not in Client().get(f"{address}?{query}")["Cache-Control"], name


# --- Why one answer is not shared -----------------------------------------------------------------


def _plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("모두에게")


def _cookie(request: HttpRequest) -> HttpResponse:
    answer = HttpResponse("쿠키")
    answer.set_cookie("x", "1")
    return answer


def _session(request: HttpRequest) -> HttpResponse:
    request.session["x"] = 1
    return HttpResponse("세션")


def _token(request: HttpRequest) -> HttpResponse:
    return HttpResponse(get_token(request))


def _message(request: HttpRequest) -> HttpResponse:
    messages.info(request, "알림")
    return HttpResponse(" ".join(str(row) for row in messages.get_messages(request)))


def _message_of_the_next_page(request: HttpRequest) -> HttpResponse:
    messages.info(request, "알림")
    return HttpResponse("아직")


def _absent(request: HttpRequest) -> HttpResponse:
    raise Http404


def _refused(request: HttpRequest) -> HttpResponse:
    return HttpResponse("틀림", status=400)


def _moved(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=302, headers={"Location": "/"})


def _unavailable(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=503)


def _its_own(request: HttpRequest) -> HttpResponse:
    return HttpResponse("파일", headers={"Cache-Control": "private, no-store"})


def _stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(["긴 파일"])


REASONS = [
    _cookie,
    _session,
    _token,
    _message,
    _message_of_the_next_page,
    _absent,
    _refused,
    _moved,
    _unavailable,
    _its_own,
    _stream,
]
urlpatterns = [
    *(path(f"{view.__name__}/", public(same_for_strangers()(view))) for view in (_plain, *REASONS)),
    path("unstated/", public(lambda request: HttpResponse("아무 말도 없음"))),
    *portal_urls.urlpatterns,
]
handler404 = portal_urls.handler404
own_urls = pytest.mark.urls(__name__)


@own_urls
@pytest.mark.django_db
def test_only_what_is_stated_and_plain_is_shared(client: Client) -> None:
    assert client.get("/_plain/")["Cache-Control"] == SHARED
    assert client.post("/_plain/")["Cache-Control"] == "private"
    assert Client().get("/unstated/")["Cache-Control"] == "private"


@own_urls
@pytest.mark.django_db
@pytest.mark.parametrize("view", REASONS, ids=lambda view: view.__name__)
def test_what_speaks_against_keeping_wins(view: Callable[..., Any]) -> None:
    known = Client()
    known.cookies[settings.CSRF_COOKIE_NAME] = "a" * 32
    for client in (Client(), known):
        assert "public" not in client.get(f"/{view.__name__}/")["Cache-Control"]


def test_a_class_made_of_a_stated_one_states_nothing() -> None:
    class Stated:
        pass

    class Other(same_for_strangers()(Stated)):  # type: ignore[misc]
        pass

    assert shared_query(Stated) == frozenset()
    assert shared_query(Other) is None
