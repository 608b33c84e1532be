"""One number for a request, in the answer, the logs, its jobs and mails; no personal data in lines."""

import json
import logging
import re

import pytest
from django.core import mail
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path

from portal import urls as portal_urls
from portal.access.decorators import public
from portal.core import following, logs
from portal.core.clock import now
from portal.jobs import queue
from portal.models import Job, Notice
from portal.notices import outbox

GIVEN = "0123456789abcdef" * 2


@public
def crashing(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("canary@person.example")


@public
def away(request: HttpRequest) -> HttpResponse:
    raise Error


urlpatterns = [path("crash/<str:token>/", crashing, name="crash"), *portal_urls.urlpatterns]
handler400, handler403 = portal_urls.handler400, portal_urls.handler403
handler404, handler500 = portal_urls.handler404, portal_urls.handler500


# --- The number ----------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("proxies", "sent", "believed"),
    [(1, GIVEN, True), (0, GIVEN, False), (1, "x" * 32, False), (1, GIVEN + "\n", False)],
)
def test_the_number_is_that_of_our_own_proxy(client: Client, settings, proxies, sent, believed):
    settings.TRUSTED_PROXIES = proxies
    answer = client.get("/healthz/", headers={"X-Request-ID": sent})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-ID"])
    assert (answer.headers["X-Request-ID"] == GIVEN) is believed


@pytest.mark.django_db
def test_each_request_has_its_own(client: Client) -> None:
    assert len({client.get("/healthz/").headers["X-Request-ID"] for _ in range(3)}) == 3
    assert following.current() == ""


@pytest.mark.django_db
@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("address", "status"), [("/nowhere/", 404), ("/crash/x/", 500), ("/nowhere/?%00", 400)]
)
def test_an_error_page_shows_the_number_to_quote(client: Client, address, status) -> None:
    client.raise_request_exception = False
    answer = client.get(address)
    assert answer.status_code == status
    shown = re.search(
        r"번호를 알려 주세요: <strong>([0-9a-f]{12})</strong>", answer.content.decode()
    )
    assert shown
    assert answer.headers["X-Request-ID"].startswith(shown[1])


@pytest.mark.django_db
def test_a_page_without_an_error_shows_none(client: Client) -> None:
    assert "번호를 알려 주세요" not in client.get("/accounts/login/").content.decode()


@pytest.mark.django_db
def test_a_job_and_its_mail_carry_the_number_on(monkeypatch) -> None:
    def handle(job: Job) -> None:
        outbox.write(
            "applications/receipt",
            to_email="kim@example.kr",
            key="mail",
            now=now(),
            filed={"number": "2021-구축-1차-000001", "submitted_at": now(), "pk": 1},
        )
        queue.enqueue("test.next", key="next")

    monkeypatch.setitem(queue._handlers, "test.followed", handle)
    with following.followed(GIVEN):
        job = queue.enqueue("test.followed", key="first")
    queue.run(job.pk)
    assert set(Job.objects.values_list("request_id", flat=True)) == {GIVEN}
    assert Notice.objects.get().request_id == GIVEN
    outbox.send_due(now())
    assert mail.outbox[0].extra_headers["X-Request-ID"] == GIVEN


# --- Lines ---------------------------------------------------------------------------------------

CANARIES = (
    "kim.canary@person.example",
    "010-1234-5678",
    "900101-1234567",
    "token=canary-of-a-query",
    "canary-of-a-token",
    "canary-of-an-exception",
    "canary-of-a-row",
    "canary-of-an-extra",
)


def log_canaries(logger: logging.Logger) -> None:
    request = RequestFactory().get("/invitations/canary-of-a-token/?token=canary-of-a-query")
    request.resolver_match = None
    logger.warning("Not Found: %s", request.path, extra={"request": request, "status_code": 404})
    logger.warning("from %s, %s, %s", *CANARIES[:3], extra={"body": "canary-of-an-extra"})
    logger.warning("Refused: /login/?token=canary-of-a-query")
    try:
        fail()
    except RuntimeError:
        logger.exception("A job failed")


def fail() -> None:
    try:
        int("canary-of-a-row")
    except ValueError as error:
        raise RuntimeError("canary-of-an-exception") from error


def written(formatter: logging.Formatter, capsys) -> str:
    logger = logging.Logger("portal.test")
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    handler.addFilter(logs.Followed())
    logger.addHandler(handler)
    with following.followed(GIVEN):
        log_canaries(logger)
    return capsys.readouterr().err


def test_json_lines_name_the_request_and_hold_no_personal_data(capsys) -> None:
    text = written(logs.Json(), capsys)
    lines = [json.loads(line) for line in text.splitlines()]
    assert len(lines) == 4
    assert {line["request_id"] for line in lines} == {GIVEN}
    assert {"time", "level", "logger", "message"} <= set(lines[0])
    assert lines[0]["message"] == "Not Found: none"
    assert re.fullmatch(r"[\d-]{10}T[\d:]{8}[+-]\d{4}", lines[0]["time"])
    assert "ValueError" in lines[-1]["exc_info"]
    assert "log_canaries" in lines[-1]["exc_info"]
    # The lines of code that a traceback quotes are of this file.
    lines[-1]["exc_info"] = re.sub(r"^    .*\n", "", lines[-1]["exc_info"], flags=re.M)
    told = json.dumps(lines, ensure_ascii=False)
    assert [canary for canary in CANARIES if canary in told] == []


def test_nobody_writes_a_line_of_their_own(capsys) -> None:
    forged = 'x\n{"level": "INFO", "message": "forged"}\r\ny'
    for formatter, lines in ((logs.Json(), 1), (logging.Formatter("%(message)s"), 3)):
        logger = logging.Logger("portal.test")
        logger.addHandler(logging.StreamHandler())
        logger.handlers[0].setFormatter(formatter)
        logger.warning("Refused: %s", forged)
        assert len(capsys.readouterr().err.splitlines()) == lines


def test_lines_for_people_hold_no_address_and_no_query(capsys) -> None:
    text = written(logs.Lines("%(message)s"), capsys)
    assert [canary for canary in CANARIES[:4] if canary in text.partition("Traceback")[0]] == []


def test_a_formatter_that_hides_nothing_would_be_found(capsys) -> None:
    text = written(logging.Formatter("%(message)s"), capsys)
    assert [canary for canary in CANARIES[:4] if canary in text]


@pytest.mark.django_db
@pytest.mark.urls(__name__)
def test_a_request_is_logged_by_its_route(client: Client, caplog) -> None:
    client.raise_request_exception = False
    with caplog.at_level(logging.INFO, logger="portal.requests"):
        client.get("/crash/canary-of-a-token/?q=canary-of-a-query")
    (row,) = (record for record in caplog.records if record.name == "portal.requests")
    assert (row.method, row.route, row.status) == ("GET", "crash", 500)
    assert "canary" not in row.getMessage()
