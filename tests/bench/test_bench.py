"""The bench measures what it says: the load generator, the environment, the table."""

import asyncio
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from io import StringIO
from pathlib import Path

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from bench import load
from bench.environment import APPLICATION, EnvironmentFailed, open_environment, web_command
from bench.parts import PARTS, sessions
from bench.report import Row, percentile, table
from tests.factories.applications import UserFactory


class Handler(BaseHTTPRequestHandler):
    """Answers by path, and records the requests."""

    protocol_version = "HTTP/1.1"
    received: list[tuple[str, str]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.received.append((self.headers["Cookie"] or "", body))
        if self.path == "/cut/":
            self.close_connection = True
            return
        if self.path == "/chunked/":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"3\r\nabc\r\n0\r\n\r\n")
            return
        self.send_response(302)
        self.send_header("Location", "/there/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    Handler.received = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def run(port: int, requests: list[str], **plan: object) -> load.LoadResult:
    words = {"connections": 4, "seconds": 5, **plan}
    return asyncio.run(load.run(load.Plan(port=port, requests=requests, **words)))


def test_sends_every_request_once_and_records_the_answer(port: int) -> None:
    requests = [
        load.message("POST", "/file/", {"Cookie": f"sessionid={turn}"}, f"turn={turn}")
        for turn in range(50)
    ]
    result = run(port, requests)
    assert sorted(Handler.received) == sorted((f"sessionid={n}", f"turn={n}") for n in range(50))
    assert result.statuses == [302] * 50
    assert set(result.locations) == {"/there/"}
    assert len(result.seconds) == 50
    assert result.failed == []


def test_reads_chunked_answers_and_goes_on_over_the_same_connection(port: int) -> None:
    requests = [load.message("POST", path, {}, "a=1") for path in ("/chunked/", "/file/") * 5]
    assert sorted(run(port, requests, connections=1).statuses) == [200] * 5 + [302] * 5


def test_records_a_connection_that_was_cut(port: int) -> None:
    requests = [load.message("POST", path, {}, "a=1") for path in ("/cut/", "/file/")]
    result = run(port, requests, connections=1)
    assert len(result.failed) == 1
    assert result.statuses == [302]


def test_keeps_to_the_rate_and_counts_the_wait_of_a_late_one(port: int) -> None:
    requests = [load.message("POST", "/file/", {}, "a=1")] * 40
    result = run(port, requests, rate=80, connections=8)
    assert len(result.statuses) == 40
    assert result.duration >= 39 / 80


def test_stops_when_the_time_is_up(port: int) -> None:
    result = run(port, [load.message("POST", "/file/", {}, "a=1")], seconds=0.3, repeat=True)
    assert len(result.statuses) > 0
    assert result.duration < 2


@pytest.mark.django_db
def test_a_session_made_in_bulk_is_that_of_a_signed_in_person(client) -> None:
    person = UserFactory()
    client.cookies["sessionid"] = sessions.open_for([person.pk])[0]
    page = client.get("/account/notices/")
    assert page.status_code == 200
    assert page.context["user"] == person


def test_the_percentile_is_a_value_that_was_measured() -> None:
    assert percentile([5.0, 1.0, 3.0], 0.5) == 3.0
    assert percentile([float(n) for n in range(100)], 0.95) == 95.0
    assert percentile([7.0], 0.95) == 7.0


def test_the_table_shows_pass_or_miss() -> None:
    written = table(
        [
            Row("a", "한글", "1", goal="≤ 2", passed=True),
            Row("b", "plain", "3", goal="≤ 2", passed=False),
            Row("c", "to read", "3"),
        ]
    ).splitlines()
    assert [line.split("|")[-2].strip() for line in written[2:]] == ["pass", "MISS", ""]
    assert "한글" in written[2]


@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_named_as_its_module_so_that_it_can_run_in_its_own_process(name: str) -> None:
    part = import_module(f"bench.parts.{name}")
    assert name == part.PART
    assert callable(part.measure)


def test_serves_with_the_arguments_of_the_compose_file() -> None:
    assert web_command()[0] == "gunicorn"
    assert APPLICATION in web_command()


def test_needs_postgresql_and_redis() -> None:
    with pytest.raises(CommandError, match="make bench"):
        call_command("bench", "--quick", stdout=StringIO())


def databases(prefix: str) -> list[str]:
    with psycopg2.connect(os.environ["PORTAL_TEST_DATABASE_URL"]) as server:
        cursor = server.cursor()
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix])
        return [name for (name,) in cursor.fetchall()]


@pytest.mark.postgres
@pytest.mark.parametrize("fault", [KeyboardInterrupt, EnvironmentFailed, None])
def test_leaves_no_database_and_no_folder_behind(fault: type[BaseException] | None) -> None:
    made: dict[str, object] = {}

    def measure() -> None:
        with open_environment(os.environ["PORTAL_TEST_DATABASE_URL"]) as environment:
            made["folder"] = environment.folder
            made["names"] = [environment.create("one"), environment.create("two")]
            environment.query(
                environment.create("copy", template=environment.databases[0]), "SELECT 1"
            )
            assert len(databases(str(made["names"][0])[:-3])) == 3
            if fault:
                raise fault

    if fault:
        with pytest.raises(fault):
            measure()
    else:
        measure()
    assert databases(str(made["names"][0])[:-3]) == []
    assert not Path(str(made["folder"])).exists()
    assert connection.settings_dict["NAME"] not in made["names"]
