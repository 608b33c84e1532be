"""What cannot be served is answered 503 at once, strangers first; nothing of it asks the database."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2.errors
import pytest
from django.db import InterfaceError, OperationalError, ProgrammingError, connection, connections
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory

from portal.core import clock
from portal.records import incidents
from portal.web import outage, overload
from portal.web.admission import Gate
from portal.web.connections import Shelf
from portal.web.outage import Watch
from portal.web.overload import READER, STRANGER, WRITER, Overload
from tests.factories.applications import ApplicationFactory, UserFactory


class Ended(psycopg2.OperationalError):
    """An error of the driver with this code of PostgreSQL."""

    def __init__(self, code: str | None) -> None:
        super().__init__("gone")
        self.code = code

    @property
    def pgcode(self) -> str | None:
        return self.code


def failing(code: str | None = None, kind: type[Exception] = OperationalError) -> Exception:
    error = kind("gone")
    error.__cause__ = Ended(code)
    return error


@pytest.fixture
def broken() -> Iterator[list[Exception]]:
    """Let every query raise what stands in the list, if anything does."""
    raised: list[Exception] = []

    def execute(run, sql, params, many, context):
        if raised:
            raise raised[0]
        return run(sql, params, many, context)

    with connection.execute_wrapper(execute):
        yield raised


def visitor() -> Client:
    return Client(raise_request_exception=False)


def signed_in() -> Client:
    client = visitor()
    client.force_login(UserFactory())
    assert client.get("/account/notices/").status_code == 200
    return client


ERRORS = [
    failing(),
    failing("57P03"),  # the database system is starting up
    failing("57P01"),  # shut down by the administrator
    failing("57014"),  # statement timeout
    failing("55P03"),  # lock timeout
    failing("53300"),  # too many connections
    failing(kind=InterfaceError),
]


@pytest.mark.django_db
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: str(error.__cause__.pgcode))
@pytest.mark.parametrize("path", ["/", "/programs/", "/applications/", "/admin/"])
def test_a_page_that_the_database_cannot_serve_is_503(
    broken: list[Exception], error: Exception, path: str
) -> None:
    client = signed_in()  # the session is the first to ask
    broken.append(error)
    answer = client.get(path)
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "잠시 뒤 다시 열어 주세요" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert "default-src 'self'" in answer["Content-Security-Policy"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/v1/programs/", "/api/v1/applications/", "/api/v1/sites/"])
def test_the_api_says_it_as_json(broken: list[Exception], path: str) -> None:
    client = signed_in()
    broken.append(failing())
    answer = client.get(path)
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert answer.json()["code"] == "database_away"
    assert answer.json()["findings"][0]["blocking"] is True


@pytest.mark.django_db
def test_a_saving_script_is_told_as_json_and_when_to_come_back(broken: list[Exception]) -> None:
    client, draft = signed_in(), ApplicationFactory()
    broken.append(failing())
    answer = client.post(
        f"/applications/{draft.pk}/edit/plan/",
        {"version": 0},
        headers={"Accept": "application/json"},
    )
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert answer.json()["code"] == "database_away"


def raising(error: Exception):
    def raise_it(*given: object, **named: object) -> None:
        raise error

    return raise_it


@pytest.mark.django_db
@pytest.mark.parametrize(
    "place",
    ["portal.web.context.roles_of", "portal.web.resending.remember_author",
     "portal.web.once.begin", "portal.access.decorators.lacks_second_factor"],
)  # fmt: skip
def test_wherever_it_is_raised(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """In a template's context, on the way out of a middleware, before a view, in its rule."""
    client = signed_in()
    monkeypatch.setattr(place, raising(failing()))
    assert client.get("/account/notices/").status_code == 503


@pytest.mark.django_db
def test_a_fault_of_the_code_stays_500(monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in()
    for error in (ProgrammingError("no such column"), ValueError("wrong")):
        monkeypatch.setattr("portal.web.context.roles_of", raising(error))
        assert client.get("/account/notices/").status_code == 500


# --- Whether the database is away ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "ended"),
    [(None, True), ("08006", True), ("57P01", True), ("57P02", True), ("57P03", True),
     ("57014", False), ("55P03", False), ("40P01", False), ("53300", False)],
)  # fmt: skip
def test_a_session_that_ended_is_told_from_a_query_that_took_too_long(
    monkeypatch: pytest.MonkeyPatch, code: str | None, ended: bool
) -> None:
    monkeypatch.setattr(outage, "connection", type("Postgres", (), {"vendor": "postgresql"}))
    assert outage.ended_session(failing(code)) is ended
    assert not outage.ended_session(ProgrammingError("x"))
    assert not outage.ended_session(None)


def test_it_is_known_after_two_failures_and_asked_again_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    answers: list[Exception | None] = [OperationalError("gone"), None]

    def ask() -> None:
        asked.append(1)
        if error := answers.pop(0):
            raise error

    monkeypatch.setattr(clock, "now", ask)
    monkeypatch.setattr(outage, "connection", type("Postgres", (), {"close": lambda: None}))
    watch, at = Watch(), [100.0]
    monkeypatch.setattr(outage.time, "monotonic", lambda: at[0])
    watch.failed()
    assert not watch.away()
    watch.served()
    watch.failed()
    assert not watch.away()  # one success between: no outage
    watch.failed()
    assert [watch.away() for _ in range(5)] == [True] * 5
    assert asked == []
    at[0] += outage.ASK_SECONDS
    assert [watch.away() for _ in range(5)] == [True] * 5
    assert asked == [1]
    at[0] += outage.ASK_SECONDS
    assert not watch.away()
    assert not watch.away()
    assert asked == [1, 1]


def test_while_it_is_away_no_request_reaches_the_views(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside `django_db` every query is refused, and none is made."""
    monkeypatch.setattr(Watch, "away", lambda watch: True)
    seen: list[str] = []
    middleware = Overload(lambda request: seen.append(request.path) or HttpResponse())
    for path in ("/", "/applications/", "/api/v1/programs/", "/healthz/", "/readyz/"):
        assert (middleware(RequestFactory().get(path)).status_code == 503) is (path not in seen)
    assert seen == ["/healthz/", "/readyz/"]


# --- Who is sent away ----------------------------------------------------------------------------


def of(client: Client, method: str = "get", path: str = "/", **more: Any):
    request = getattr(RequestFactory(), method)(path, **more)
    request.COOKIES = {name: cookie.value for name, cookie in client.cookies.items()}
    return overload.kind_of(request)


@pytest.mark.django_db
def test_kinds_of_requests() -> None:
    person = signed_in()
    assert of(person) is READER
    assert of(person, "post") is WRITER
    for made_up in ({}, {"sessionid": "x"}, {"author": "1:x"}, {"sessionid": "x", "author": "1"}):
        client = Client()
        client.cookies.load(made_up)
        assert of(client) is of(client, "post") is STRANGER
    assert of(Client(), "post", "/accounts/login/") is READER
    assert of(Client(), "post", "/api/v1/applications/", headers={"Authorization": "x"}) is READER


@pytest.mark.django_db
def test_a_full_process_sends_away_with_a_page_and_counts_it_as_such(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noted: list[tuple[str, str]] = []
    monkeypatch.setattr(incidents, "record", lambda *what: noted.append(what))
    monkeypatch.setattr(Gate, "enter", lambda gate, kind: False)
    answer = visitor().get("/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "접속이 몰려" in answer.content.decode()
    assert visitor().get("/api/v1/programs/").json()["code"] == "overloaded"
    assert visitor().get("/healthz/").status_code == 200
    assert noted == [("portal", "shed"), ("portal", "shed")]


def gate_of(middleware: Overload) -> int:
    return middleware.gate._inside


@pytest.mark.django_db
def test_a_place_is_given_back_whatever_happens() -> None:
    def burst(request):
        raise ValueError

    for serve, inside in (
        (lambda request: HttpResponse(), 0),
        (lambda request: FileResponse(iter([b"x"])), 0),
        (lambda request: StreamingHttpResponse(iter([b"x"])), 1),
        (burst, 0),
    ):
        middleware = Overload(serve)
        try:
            answer = middleware(RequestFactory().get("/"))
        except ValueError:
            assert gate_of(middleware) == 0
            continue
        assert gate_of(middleware) == inside
        if answer.streaming:
            assert b"".join(answer.streaming_content) == b"x"
        answer.close()
        answer.close()
        assert gate_of(middleware) == 0


@pytest.mark.django_db
def test_an_answer_that_nobody_reads_gives_its_place_back() -> None:
    middleware = Overload(lambda request: StreamingHttpResponse(iter([b"x"])))
    answer = middleware(RequestFactory().head("/"))
    answer.close()
    assert gate_of(middleware) == 0


def test_a_wait_for_a_place_makes_nobody_late(monkeypatch: pytest.MonkeyPatch) -> None:
    read = datetime(2021, 2, 25, 9, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: read)
    waited = read - clock.at_moment(time.monotonic() - 3)
    assert timedelta(seconds=3) <= waited < timedelta(seconds=4)


# --- Connections ---------------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.django_db
def test_requests_one_after_another_share_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 60)
    shelf, own = Shelf(), connections["default"]
    seen = set()
    try:
        for _ in range(3):
            shelf.take()
            with connections["default"].cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                seen.add(cursor.fetchone()[0])
            shelf.put_back()
        assert len(seen) == 1
        shelf.take()
        connections["default"].close()
    finally:
        connections["default"] = own
