"""Behind PgBouncer in transaction mode: more clients than sessions, and nothing kept in a session."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path

import psycopg2
import pytest
from django.conf import settings

from bench import servers
from bench.environment import Environment, Server
from portal.records import limits
from portal.records.limits import LIMITS
from programs.models import CatalogueRevision
from tests import databases
from tests.deploy.test_roles import django_as
from tests.patience import PATIENCE

pytestmark = [pytest.mark.postgres, pytest.mark.django_db, pytest.mark.xdist_group("pooling")]

SESSIONS = 4


@pytest.fixture(scope="module")
def database(django_db_setup: None) -> Iterator[servers.DividedDatabase]:
    admin = os.environ["PORTAL_TEST_DATABASE_URL"]
    with servers.divided_database(admin, template=databases.template_name()) as divided:
        with closing(psycopg2.connect(divided.owner)) as db, db, db.cursor() as cursor:
            role = divided.app_role
            cursor.execute(f'GRANT USAGE ON SCHEMA public TO "{role}"')
            cursor.execute(
                f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "{role}"'
            )
        yield divided


@pytest.fixture(scope="module")
def pooled(database: servers.DividedDatabase) -> Iterator[str]:
    with servers.pgbouncer(database.app, sessions=SESSIONS) as url:
        yield url


@pytest.fixture
def portal(pooled: str, tmp_path: Path) -> Iterator[Server]:
    """A gunicorn of twelve clients on four sessions."""
    extra = {"DATABASE_URL": pooled, "PORTAL_POOLED": "1"}
    environment = Environment(pooled, tmp_path, settings.SECRET_KEY, extra=extra)
    with environment.gunicorn("unused") as server:
        yield server


def status(server: Server, path: str) -> int:
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)) as client:
        client.request("GET", path, headers={"Host": "127.0.0.1"})
        return client.getresponse().status


# --- What a pooler is -----------------------------------------------------------------------------


def sessions_of(url: str, count: int) -> set[int]:
    """Ask on so many connections at once, each outside a transaction; return the sessions that answered."""
    with ExitStack() as exits:
        clients = [exits.enter_context(closing(psycopg2.connect(url))) for _ in range(count)]
        found = set()
        for client in clients:
            client.autocommit = True
            with client.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                found.add(cursor.fetchone()[0])
        return found


def test_more_clients_than_sessions_are_served(database, pooled: str) -> None:
    assert len(sessions_of(pooled, 20)) <= SESSIONS
    assert len(sessions_of(database.app, 20)) == 20  # without it each has its own


def test_negative_control_what_is_kept_in_a_session_is_another_s(pooled: str) -> None:
    """The test would see a session: a setting of one client is met by another one."""
    with closing(psycopg2.connect(pooled)) as first, closing(psycopg2.connect(pooled)) as second:
        first.autocommit = second.autocommit = True
        with first.cursor() as cursor:
            cursor.execute("SET statement_timeout = '7s'")
        try:
            with second.cursor() as cursor:
                cursor.execute("SHOW statement_timeout")
                assert cursor.fetchone()[0] == "7s"
        finally:
            with first.cursor() as cursor:
                cursor.execute("RESET statement_timeout")


def test_negative_control_start_up_options_are_refused(pooled: str) -> None:
    with pytest.raises(psycopg2.OperationalError, match="unsupported startup parameter"):
        psycopg2.connect(pooled, options="-c statement_timeout=1000")


# --- What the portal does behind it ---------------------------------------------------------------


@pytest.fixture
def behind(pooled: str) -> Iterator[object]:
    """Django's connection as the settings make it with PORTAL_POOLED."""
    with django_as(pooled) as connection:
        connection.settings_dict["OPTIONS"] = {"connect_timeout": 5}
        connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = True
        yield connection


def test_its_sessions_are_limited_by_the_role(behind) -> None:
    assert limits.lacking() == []


def test_a_role_without_limits_is_found(database) -> None:
    with django_as(database.owner) as connection:
        connection.settings_dict["OPTIONS"] = {}
        assert sorted(limits.lacking()) == sorted(LIMITS)
        assert {error.id for error in limits.check_limits()} == {"portal.E004"}


def test_rows_are_read_in_parts(behind) -> None:
    assert len(list(CatalogueRevision.objects.all().iterator(chunk_size=1))) == 1


def test_negative_control_with_cursors_of_the_server_they_are_not(behind, pooled: str) -> None:
    behind.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = False
    rows = CatalogueRevision.objects.all().iterator(chunk_size=1)
    next(rows)
    with ExitStack() as exits:
        for _ in range(SESSIONS - 1):  # the first of them gets the session that has the cursor
            other = exits.enter_context(closing(psycopg2.connect(pooled)))
            exits.enter_context(other.cursor()).execute("SELECT 1")
        with pytest.raises(psycopg2.errors.InvalidCursorName, match="does not exist"):
            list(rows)


def test_many_at_once_are_answered(portal: Server) -> None:
    """Some are sent away first, as strangers are in a crowd; none fails."""

    def served(_: int) -> set[int]:
        told: set[int] = set()
        while 200 not in told and len(told) < 3:
            told.add(status(portal, "/programs/"))
        return told

    with ThreadPoolExecutor(12) as pool:
        told = set().union(*pool.map(served, range(60)))
    assert told <= {200, 503}
    assert 200 in told
    assert status(portal, "/readyz/") == 200


def test_it_serves_again_after_the_database_was_away(database, portal: Server) -> None:
    assert status(portal, "/programs/") == 200
    with servers.database_away(database.admin):
        servers.wait_until(lambda: status(portal, "/programs/") == 503, what="503")
    servers.wait_until(lambda: status(portal, "/programs/") == 200, what="the portal")
