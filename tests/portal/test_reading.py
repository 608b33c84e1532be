"""Reading from a replica: which views may, and what a browser carries; the rest is in tests/faults."""

import pytest
from django.core import signing
from django.test import Client, RequestFactory

from portal.access.decorators import reads_replica
from portal.postgresql import replica
from portal.web import reading
from programs.models import Budget
from tests.deploy.test_sharing import routes

DECLARED = sorted(path for path, view in routes() if reads_replica(view))


def test_some_lists_may_be_older_and_few_other_pages() -> None:
    assert {"/statistics/", "/open-data/"} <= set(DECLARED)
    assert len(DECLARED) < 20


@pytest.mark.django_db
@pytest.mark.parametrize("path", DECLARED)
def test_what_may_be_older_only_reads(path: str) -> None:
    assert Client().post(path).status_code == 405


def test_reads_go_to_the_replica_only_inside_and_writes_never() -> None:
    router = replica.Router()
    assert router.db_for_read(Budget) == "default"
    with replica.reading():
        assert router.db_for_read(Budget) == "replica"
        assert router.db_for_write(Budget) == "default"
        with replica.on_primary():
            assert router.db_for_read(Budget) == "default"
        assert router.db_for_read(Budget) == "replica"
    assert router.db_for_read(Budget) == "default"
    assert not router.allow_migrate("replica", "programs")


def test_a_write_is_remembered_until_the_next_request() -> None:
    replica.begin()
    replica.Router().db_for_read(Budget)
    assert not replica.wrote()
    replica.Router().db_for_write(Budget)
    assert replica.wrote()
    replica.begin()
    assert not replica.wrote()


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("77", 0),
        ("77:forged", 0),
        (signing.Signer(salt="another").sign("77"), 0),
        (signing.Signer(salt=reading.SALT).sign("77"), 77),
    ],
)
def test_only_a_position_that_we_signed_is_believed(text: str, position: int, settings) -> None:
    request = RequestFactory().get("/")
    request.COOKIES[settings.WRITTEN_COOKIE_NAME] = text
    assert reading.position_of(request) == position


class Servers:
    """Positions of a primary and a replica, as `Watch` asks for them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, settings) -> None:
        self.written = self.replayed = 10
        self.at = 100.0
        settings.READ_LAG_SECONDS = 5.0
        monkeypatch.setattr(replica, "_position", lambda using, query: self.position(using))
        monkeypatch.setattr(replica.time, "monotonic", lambda: self.at)

    def position(self, using: str) -> int:
        return self.replayed if using == "replica" else self.written


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch, settings) -> Servers:
    return Servers(monkeypatch, settings)


def test_how_old_it_is_follows_from_positions(servers: Servers) -> None:
    watch = replica.Watch()
    assert watch.lag() is None
    assert watch.may_serve(0)
    assert watch.may_serve(10)
    assert not watch.may_serve(11)
    for _ in range(4):  # the primary goes on, the replica stands still
        servers.at += 1
        servers.written += 10
        assert watch.may_serve(10)
    assert watch.lag() == 4
    servers.at += 2
    servers.written += 10
    assert not watch.may_serve(0)
    servers.replayed = 30  # it has what the primary had written two seconds after the start
    servers.at += 1
    servers.written += 10
    watch.ask()
    assert watch.lag() == 5
    servers.replayed = servers.written
    servers.at += 1
    assert watch.may_serve(servers.written)
    assert watch.lag() == 0


def test_a_replica_that_replays_nothing_is_not_read(servers: Servers) -> None:
    """As one that was promoted, or is a server of its own."""
    servers.replayed = 0
    assert not replica.Watch().may_serve(0)


def test_one_that_failed_is_left_alone_for_a_while(servers: Servers) -> None:
    watch = replica.Watch()
    assert watch.may_serve(0)
    watch.failed()
    assert not watch.may_serve(0)
    servers.at += replica.AWAY_SECONDS
    assert watch.may_serve(0)
