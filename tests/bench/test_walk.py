"""The firms of the bench walk as people with a browser do, and file what they saw."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command

from applications.models import Attachment, Section, Submission
from bench.browser import Page, sent_fields
from bench.load import Answer, Sender
from bench.parts import csrf, fixtures, journey
from bench.walk import (
    AUTOSAVES,
    STEPS,
    Firm,
    GaveUp,
    Visit,
    WalkPlan,
    WalkResult,
    pdf_of,
    retype,
    walk,
)
from portal.access.roles import ensure_groups
from portal.models import IdempotentCall
from portal.uploads import files


@pytest.fixture
def prepared(settings, tmp_path, transactional_db) -> dict:
    settings.PRIVATE_ROOT = tmp_path
    ensure_groups()
    call_command("load_catalogue", stdout=StringIO())
    fixtures.run()
    words = ("--applications", "2", "--program", journey.PROGRAM, "--stage", "draft")
    call_command("seed_bulk", *words, stdout=StringIO())
    return journey.run()


def run(walking: Coroutine[Any, Any, Any]) -> Any:
    """Run in a thread: the browser tests of the same process leave an event loop running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, walking).result()


def port_of(live_server) -> int:
    return int(live_server.url.rpartition(":")[2])


def check(result: WalkResult, firms: int) -> None:
    assert (result.failed, result.filed) == ([], firms)
    assert Submission.objects.count() == firms
    assert Attachment.objects.filter(size__gt=900_000).count() == firms
    visits = {name: len(each.seconds) for name, each in result.visits.items()}
    assert visits["autosave"] == firms * sum(AUTOSAVES.values()) == firms * 12
    assert {f"step {step}" for step in STEPS} < set(visits)
    assert all(visits[name] >= firms for name in visits if "again" not in name)
    # A press carries the token of its page, as a browser's does: it is kept so that it counts once.
    # Filing is exactly once by itself and keeps none.
    assert IdempotentCall.objects.filter(key__startswith="form:").count() == firms * 5


def test_walks_from_the_list_of_programmes_to_the_receipt(prepared, live_server) -> None:
    firms = prepared["firms"][:1]
    before = dict(Section.objects.filter(application=firms[0][0]).values_list("name", "version"))
    plan = WalkPlan(port_of(live_server), firms, prepared["programme"], connections=1)
    check(run(walk(plan)), 1)
    # Each autosave and the press of the button have raised the version of what they saved.
    after = dict(Section.objects.filter(application=firms[0][0]).values_list("name", "version"))
    assert {name: after[name] - before[name] for name in after} == {
        name: count + 1 for name, count in AUTOSAVES.items()
    }


@pytest.mark.postgres
def test_lets_firms_begin_at_a_rate(prepared, live_server) -> None:
    firms, programme = prepared["firms"], prepared["programme"]
    plan = WalkPlan(port_of(live_server), firms, programme, rate=4, seconds=1)
    check(run(walk(plan)), 2)


@pytest.mark.django_db(transaction=True)
def test_gives_up_with_the_page_s_name_when_a_page_fails(live_server) -> None:
    plan = WalkPlan(port_of(live_server), [(1, {})], "/nowhere/", rate=1, seconds=1)
    result = run(walk(plan))
    assert result.filed == 0
    assert [text.partition(": 404")[0] for text in result.failed] == ["programme page"]


def page(text: str) -> Page:
    return Page(Answer(200, {}, [], f"<!doctype html><h1>t</h1>{text}".encode()))


def test_sends_what_a_browser_sends() -> None:
    form = page(
        "<form id='other'></form><form data-autosave='/x/'><input name='a' value='1'>"
        "<input type='radio' name='r' value='x'><input type='radio' name='r' value='y' checked>"
        "<input type='checkbox' name='c'><textarea name='t'>\n\nfirst</textarea>"
        "<select name='s'><option value='1'><option value='2' selected></select>"
        "<input name='off' value='1' disabled><button name='act' value='stay'></button></form>"
    ).form("@data-autosave")
    assert sent_fields(form, act="next") == [
        ("a", "1"), ("r", "y"), ("t", "\nfirst"), ("s", "2"), ("act", "next"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("controls", "name", "value"),
    [
        ("<textarea name='t'>abc</textarea><input name='n' value='5'>", "t", "ab7"),
        ("<input name='m' value='1,000'><input name='n' value='24,000,000'>", "n", "24000001"),
        (
            "<input type='radio' name='r' value='yes' checked><input type='radio' name='r' value='no'>",
            "r",
            "no",
        ),
    ],
)
def test_changes_one_answer_so_that_the_form_stays_complete(controls, name, value) -> None:
    form = page(f"<form data-autosave='/x/'>{controls}</form>").form("@data-autosave")
    before = dict(sent_fields(form))
    retype(form, 7)
    assert dict(sent_fields(form)) == {**before, name: value}


def test_uploads_a_document_that_the_portal_takes_and_no_two_alike(settings, tmp_path) -> None:
    settings.PRIVATE_ROOT = tmp_path
    first, second = pdf_of(1_000_000), pdf_of(1_000_000)
    assert first != second
    assert len(first) == pytest.approx(1_000_000, rel=0.01)
    found = files.inspect(ContentFile(first, name="a.pdf"), allowed=["pdf"])
    assert found.content_type == "application/pdf"


def test_a_token_is_masked_anew_on_each_page() -> None:
    tokens = {csrf.token_of("a" * 32) for _ in range(3)}
    assert len(tokens) == 3
    assert {len(token) for token in tokens} == {64}


class Script(BaseHTTPRequestHandler):
    """Answers one request after the other as scripted, and records them."""

    protocol_version = "HTTP/1.1"
    answers: list[tuple[int, dict[str, str]]]
    received: list[str]

    def do_GET(self) -> None:
        self.received.append(f"{self.command} {self.path}")
        status, headers = self.answers.pop(0)
        self.send_response(status)
        for name, text in {"Content-Length": "0", **headers}.items():
            self.send_header(name, text)
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *words: object) -> None:
        pass


BUSY = (503, {"Retry-After": "0"})
TICKET = (202, {"Retry-After": "0", "Refresh": "0; url=/t/?ticket=abc"})
FILED = (302, {"Location": "/applications/7/"})


def visit(name: str, *answers: tuple[int, dict[str, str]], patient: bool = True) -> tuple:
    class Scripted(Script):
        pass

    Scripted.answers, Scripted.received = list(answers), []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    result = WalkResult()

    async def go() -> None:
        sender = Sender(server.server_port)
        plan = WalkPlan(server.server_port, [], "/", patient=patient)
        made = Visit(plan, Firm(7, {}, "/"), sender, result)
        try:
            await made.make(name, lambda firm, to: firm.follow(to, "/submit/"))
        finally:
            await sender.close()

    try:
        run(go())
    finally:
        server.shutdown()
        server.server_close()
    return result, Scripted.received


def test_comes_back_when_it_was_shed_and_counts_that() -> None:
    result, received = visit("my applications", BUSY, BUSY, FILED)
    assert result.shed == {"my applications": 2}
    assert len(result.visits["my applications"].seconds) == 1
    assert received == ["GET /submit/"] * 3
    assert result.filed == 0


def test_sends_its_ticket_until_it_is_filed() -> None:
    result, received = visit("filing", TICKET, TICKET, BUSY, FILED)
    assert received == ["GET /submit/", *["GET /t/?ticket=abc"] * 3]
    assert list(result.tickets) == [7]
    assert (result.redeemed, result.filed, result.shed) == (1, 1, {})


@pytest.mark.parametrize(
    ("name", "answers", "patient"),
    [
        ("filing", (TICKET,), False),
        ("filing", (TICKET, (409, {})), True),
        ("my applications", (BUSY,), False),
        ("my applications", (TICKET,), True),
        ("my applications", ((500, {}),), True),
    ],
)
def test_gives_up_on_every_other_answer(name, answers, patient) -> None:
    with pytest.raises(GaveUp):
        visit(name, *answers, patient=patient)
