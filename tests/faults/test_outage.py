"""The last hour: the database stops around the deadline, or crashes; workers and Redis are killed.

On a PostgreSQL of its own, through gunicorn with the arguments of the compose file. The outage of
80 seconds around the deadline is scaled to 16: from 4 s before the deadline until 12 s after it.
"""

import html
import json
import os
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.conf import settings

from bench import servers
from bench.environment import Environment, Server
from portal.core import tickets
from tests.patience import PATIENCE

pytestmark = pytest.mark.postgres
ROOT = Path(__file__).parents[2]
FIRMS, FEW, EDITED = 500, 120, 20
BEFORE, AFTER, LEAD = 4.0, 12.0, 6.0  # seconds: of the outage around the deadline, and before it
AT_ONCE = 32
NO_ANSWER = 0
LATE = timedelta(seconds=0.5)  # what is reckoned from a reading of the clock may be so much late
CARELESS = "tests.faults.careless:application"


@dataclass
class Answer:
    """What a firm was told, and between which instants."""

    status: int
    page: str
    refresh: str
    location: str
    sent: datetime
    answered: datetime

    @property
    def ticket(self) -> tickets.Ticket:
        [text] = re.findall(r"data-ticket>([^<]+)<", self.page)
        return tickets.read(html.unescape(text))


@dataclass
class World:
    """A database of our own with firms whose review pages are open."""

    postgres: servers.PrivatePostgres
    environment: Environment
    database: str
    firms: list[dict]
    answers: dict[int, Answer] = field(default_factory=dict)

    def query(self, statement: str) -> list[tuple]:
        return self.environment.query(self.database, statement)

    def press(self, port: int, firm: dict) -> Answer:
        body = urlencode(firm["form"])
        return self.ask(port, "POST", firm["path"], firm, body)

    def redeem(self, port: int, firm: dict, answer: Answer) -> Answer:
        """Follow the page of a ticket as its refresh does."""
        return self.ask(port, "GET", answer.refresh.partition("url=")[2], firm)

    def ask(self, port: int, method: str, path: str, firm: dict, body: str = "") -> Answer:
        headers = {"Cookie": firm["cookie"], "Host": "127.0.0.1"}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        sent = datetime.now(UTC)
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request(method, path, body or None, headers)
            got = connection.getresponse()
            page = got.read().decode()
        except (OSError, HTTPException):
            return Answer(NO_ANSWER, "", "", "", sent, datetime.now(UTC))
        finally:
            connection.close()
        refresh, location = got.headers.get("Refresh", ""), got.headers.get("Location", "")
        return Answer(got.status, page, refresh, location, sent, datetime.now(UTC))

    def filed(self) -> dict[int, datetime]:
        """Return the instant of each submission by application; each has one, and one move."""
        rows = self.query("SELECT application_id, submitted_at FROM applications_submission")
        moves = self.query(
            "SELECT thing_id FROM applications_applicationmove WHERE move = 'submit'"
        )
        assert sorted(pk for pk, _ in rows) == sorted(pk for (pk,) in moves)
        return dict(rows)


@dataclass(frozen=True)
class Cluster:
    """A server of our own with a database that the tests copy."""

    postgres: servers.PrivatePostgres
    base: str
    firms: list[dict]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with servers.private_postgres() as postgres:
        if postgres is None:
            pytest.skip("no PostgreSQL of our own can be started")
        folder = tmp_path_factory.mktemp("firms")
        environment = Environment(postgres.url, folder, settings.SECRET_KEY)
        base = environment.create("firms")
        made = environment.python(base, "-m", "tests.faults.firms", str(FIRMS))
        yield Cluster(postgres, base, json.loads(made))


@pytest.fixture
def world(
    request: pytest.FixtureRequest, cluster: Cluster, tmp_path: Path, monkeypatch
) -> Iterator[World]:
    environment = Environment(cluster.postgres.url, tmp_path, settings.SECRET_KEY)
    monkeypatch.setattr(settings, "TICKET_KEY", f"tickets-{settings.SECRET_KEY}")
    database = environment.create("outage", template=cluster.base)
    firms = cluster.firms[: getattr(request, "param", FEW)]
    yield World(cluster.postgres, environment, database, firms)
    environment.clear()


def spread(world: World, port: int, seconds: float) -> Callable[[], None]:
    """Let the firms press evenly over so many seconds; return a function that waits for the last."""
    began = time.monotonic()

    def act(place: int) -> None:
        firm = world.firms[place]
        time.sleep(max(0.0, began + seconds * place / len(world.firms) - time.monotonic()))
        world.answers[firm["pk"]] = world.press(port, firm)

    pool = ThreadPoolExecutor(AT_ONCE)
    waits = [pool.submit(act, place) for place in range(len(world.firms))]

    def finish() -> None:
        for wait in waits:
            wait.result(120)
        pool.shutdown()

    return finish


def warm(world: World, port: int) -> None:
    """Ask every worker for a page, so that each has read the database's clock."""
    path = world.firms[0]["path"].replace("/submit/", "/")
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(world.ask, port, "GET", path, world.firms[0]) for _ in range(18)]
        assert {wait.result().status for wait in asked} <= {200, 503}


def redeem_all(world: World, port: int, firms: list[dict]) -> dict[int, list[Answer]]:
    """Redeem each ticket twice at the same moment, again while the portal is too busy."""

    def act(firm: dict) -> Answer:
        for _ in range(200):
            got = world.redeem(port, firm, world.answers[firm["pk"]])
            if got.status != 202:
                return got
            time.sleep(0.5)
        raise AssertionError("still a ticket after 200 tries")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        waits = [(firm["pk"], pool.submit(act, firm)) for firm in firms for _ in range(2)]
        result: dict[int, list[Answer]] = {}
        for pk, wait in waits:
            result.setdefault(pk, []).append(wait.result(240))
    return result


def served(world: World, port: int) -> bool:
    """Tell whether the portal serves a signed-in page again."""
    path = world.firms[0]["path"].replace("/submit/", "/")
    return world.ask(port, "GET", path, world.firms[0]).status == 200


@contextmanager
def stopped(world: World, mode: str = "fast") -> Iterator[None]:
    world.postgres.stop(mode)
    try:
        yield
    finally:
        world.postgres.start()


@pytest.mark.parametrize("world", [FIRMS], indirect=True)
def test_nobody_is_late_by_an_outage_around_the_deadline(world: World) -> None:
    firms = {firm["pk"]: firm for firm in world.firms}
    with world.environment.gunicorn(world.database) as server:
        warm(world, server.port)
        closes = datetime.now(UTC) + timedelta(seconds=LEAD + BEFORE)
        world.query(f"UPDATE programs_programround SET closes_at = '{closes.isoformat()}'")
        finish = spread(world, server.port, LEAD + BEFORE + AFTER + LEAD)
        time.sleep(max(0.0, (closes - datetime.now(UTC)).total_seconds() - BEFORE))
        with stopped(world):
            time.sleep(max(0.0, (closes - datetime.now(UTC)).total_seconds() + AFTER))
        finish()
        servers.wait_until(lambda: served(world, server.port), what="the portal")
        told = Counter(answer.status for answer in world.answers.values())
        assert set(told) <= {302, 202, 409}, told  # no 5xx, not even 503, for a form with a slip
        ticketed = [pk for pk, answer in world.answers.items() if answer.status == 202]
        in_time = [pk for pk in ticketed if world.answers[pk].ticket.came_at < closes]
        assert len(in_time) > EDITED * 2, told  # the test has something to show
        edited, honest = in_time[:EDITED], [pk for pk in ticketed if pk not in in_time[:EDITED]]
        companies = ",".join(str(firms[pk]["company"]) for pk in edited)
        world.query(f"UPDATE applications_company SET phone = '1' WHERE id IN ({companies})")
        redeemed = redeem_all(world, server.port, [firms[pk] for pk in (*honest, *edited)])
    filed = world.filed()
    for pk, answer in world.answers.items():
        came_at = answer.ticket.came_at if answer.status == 202 else filed.get(pk, answer.sent)
        assert answer.sent <= came_at <= answer.answered + LATE, pk
        assert (pk in filed) is (pk not in edited and came_at < closes), (pk, answer.status)
        if pk in filed and answer.status == 202:
            # Filed just before the session ended, it carries the instant of that very request.
            assert answer.sent <= filed[pk] <= answer.answered + LATE
    for pk, answers in redeemed.items():
        wanted = 302 if pk in filed else 409
        assert [answer.status for answer in answers] == [wanted, wanted], pk
    assert all("바뀌었습니다" in answer.page for pk in edited for answer in redeemed[pk])
    assert_trouble_is_recorded(world, len(ticketed))
    control(world, firms, edited)


def assert_trouble_is_recorded(world: World, count: int) -> None:
    """The processes of the portal store what they counted, at the latest when they end."""
    counted = dict(world.query("SELECT kind, sum(count) FROM portal_incidentminute GROUP BY kind"))
    assert counted["ticket"] == count
    assert "error" not in counted


def control(world: World, firms: dict[int, dict], edited: list[int]) -> None:
    """Without the comparison of the hash the edited drafts are filed: the test would see it."""
    with world.environment.gunicorn(world.database, CARELESS) as server:
        warm(world, server.port)
        redeem_all(world, server.port, [firms[pk] for pk in edited])
    assert set(edited) <= set(world.filed())


def everything_acknowledged_is_stored(world: World, server: Server) -> Counter:
    """Redeem what got a ticket; compare the answers with the rows."""
    told = Counter(answer.status for answer in world.answers.values())
    assert set(told) <= {302, 202, 503, NO_ANSWER}, told
    firms = {firm["pk"]: firm for firm in world.firms}
    ticketed = [firms[pk] for pk, answer in world.answers.items() if answer.status == 202]
    redeemed = redeem_all(world, server.port, ticketed)
    assert {answer.status for both in redeemed.values() for answer in both} <= {302}
    filed = world.filed()
    for pk, answer in world.answers.items():
        if answer.status in (302, 202):
            assert answer.sent <= filed[pk] <= answer.answered + LATE, pk
    return told


def test_a_crash_of_the_database_loses_nothing_that_was_acknowledged(world: World) -> None:
    with world.environment.gunicorn(world.database) as server:
        warm(world, server.port)
        finish = spread(world, server.port, 12)
        for _ in range(2):
            time.sleep(3)
            with stopped(world, "immediate"):
                time.sleep(1)
        finish()
        servers.wait_until(lambda: served(world, server.port), what="the portal")
        told = everything_acknowledged_is_stored(world, server)
    assert told[302], told
    assert told[202], told
    assert told[503] == told[NO_ANSWER] == 0, told


def test_a_killed_worker_loses_nothing_that_was_acknowledged(world: World) -> None:
    with world.environment.gunicorn(world.database) as server:
        warm(world, server.port)
        finish = spread(world, server.port, 10)
        for _ in range(3):
            time.sleep(2)
            children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text()
            os.kill(int(children.split()[0]), signal.SIGKILL)
        finish()
        servers.wait_until(lambda: served(world, server.port), what="the portal")
        told = everything_acknowledged_is_stored(world, server)
        # Whoever got no answer presses again, as the page of nginx asks for.
        unheard = [firm for firm in world.firms if world.answers[firm["pk"]].status == NO_ANSWER]
        again = [world.press(server.port, firm).status for firm in unheard]
    assert told[302], told
    assert set(again) <= {302}
    assert len(world.filed()) == FEW


def test_a_killed_redis_costs_nobody_anything(world: World, monkeypatch) -> None:
    folder = world.environment.folder
    port = servers.free_port()
    words = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with (folder / "redis.log").open("wb") as log:
        broker = subprocess.Popen([*words, "--dir", str(folder)], stdout=log)
    try:
        url = f"redis://127.0.0.1:{port}/0"
        servers.wait_until(lambda: servers._answers(url), what="Redis")
        monkeypatch.setattr(settings, "BROKER_URL", url)
        # A portal with a broker serves collected files.
        world.environment.python(world.database, "manage.py", "collectstatic", "-v0", "--noinput")
        with world.environment.gunicorn(world.database) as server:
            warm(world, server.port)
            finish = spread(world, server.port, 8)
            time.sleep(3)
            broker.kill()
            finish()
            told = everything_acknowledged_is_stored(world, server)
    finally:
        broker.kill()
        broker.wait()
    assert told[302], told
    assert set(told) <= {302, 202}, told
    assert len(world.filed()) == FEW
