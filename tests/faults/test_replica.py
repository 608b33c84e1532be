"""Lists from a real replica: it stands still, goes away and comes back, and nobody misses own writes."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest
import requests
from django.conf import settings

from bench import servers
from bench.cluster import replica_of
from bench.environment import APPLICATION, Environment
from tests import databases
from tests.patience import PATIENCE

pytestmark = [pytest.mark.postgres, pytest.mark.django_db, pytest.mark.xdist_group("replica")]

MEND = (
    "import django; django.setup();"
    "from portal.records import guard_sync as sync; sync.install(sync.declared())"
)
MIXED = "tests.faults.mixed:application"
PATIENT = 60.0  # seconds that the replica may be behind, longer than any of these tests stops it
PAGES = 12  # requests by which nearly always each process of a gunicorn is asked
NAMES = ("로봇활용 제조혁신", "이름이 바뀐 사업")


@dataclass
class Pair:
    """A server, the one that follows it, and a database of the portal on both."""

    primary: servers.PrivatePostgres
    replica: servers.PrivatePostgres
    environment: Environment
    database: str

    def url(self, server: servers.PrivatePostgres) -> str:
        return f"postgres://postgres@127.0.0.1:{server.port}/{self.database}"

    def ask(self, server: servers.PrivatePostgres, statement: str) -> str:
        words = ["psql", "-Atc", statement, self.url(server)]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def sessions(self, server: servers.PrivatePostgres) -> int:
        """Return how many sessions the server holds, this one among them."""
        return int(
            self.ask(server, "SELECT count(*) FROM pg_stat_activity WHERE datname IS NOT NULL")
        )

    def caught_up(self) -> bool:
        end = self.ask(self.primary, "SELECT pg_current_wal_lsn()")
        return self.ask(self.replica, f"SELECT pg_last_wal_replay_lsn() >= '{end}'") == "t"

    def wait(self) -> None:
        servers.wait_until(self.caught_up, what="the replica")

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Let the replica take what comes, and show none of it."""
        self.ask(self.replica, "SELECT pg_wal_replay_pause()")
        paused = "SELECT pg_get_wal_replay_pause_state() = 'paused'"
        servers.wait_until(lambda: self.ask(self.replica, paused) == "t", what="the pause")
        try:
            yield
        finally:
            self.ask(self.replica, "SELECT pg_wal_replay_resume()")

    @contextmanager
    def portal(self, *, lag: float = PATIENT, application: str = APPLICATION) -> Iterator["Portal"]:
        self.environment.extra |= {
            "DJANGO_SETTINGS_MODULE": "tests.faults.older",
            "PORTAL_READ_URL": self.url(self.replica),
            "PORTAL_READ_LAG_SECONDS": str(lag),
        }
        with self.environment.gunicorn(self.database, application) as server:
            yield Portal(f"http://127.0.0.1:{server.port}")


class Portal:
    """The portal as browsers see it."""

    def __init__(self, address: str) -> None:
        self.address = address

    def read(self, path: str, client: requests.Session | None = None) -> requests.Response:
        answer = (client or requests).get(f"{self.address}{path}", timeout=PATIENCE)
        assert answer.status_code == 200, answer.text
        return answer

    def listed(self, client: requests.Session | None = None) -> list[dict]:
        """Read the list often enough for every process to answer; without cookies as a stranger."""
        return [self.read("/test/list/", client).json() for _ in range(PAGES)]

    def served_by(self, client: requests.Session | None = None) -> set[str]:
        return {answer["from"] for answer in self.listed(client)}

    def knows(self, key: str, client: requests.Session | None = None) -> set[bool]:
        return {key in answer["keys"] for answer in self.listed(client)}

    def writes(self, client: requests.Session, key: str) -> None:
        assert client.post(f"{self.address}/test/write/", {"key": key}).status_code == 204

    def replica(self) -> dict:
        return self.read("/readyz/").json()["replica"]


@pytest.fixture(scope="module")
def pair(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with ExitStack() as exits:
        primary = exits.enter_context(servers.private_postgres())
        if primary is None:
            pytest.skip("no PostgreSQL of our own can be started")
        folder = tmp_path_factory.mktemp("replica")
        environment = Environment(primary.url, folder, settings.SECRET_KEY)
        database = environment.create("replica")
        fill(environment, database)
        replica = exits.enter_context(replica_of(primary))
        yield Pair(primary, replica, environment, database)


@pytest.fixture(scope="module")
def patient(pair: Pair) -> Iterator[Portal]:
    """A portal that reads from the replica however long it stands still in these tests."""
    with pair.portal() as portal:
        yield portal


@pytest.fixture
def portal(pair: Pair, patient: Portal) -> Portal:
    """The same, when every process reads from the replica."""
    pair.wait()
    servers.wait_until(lambda: patient.served_by() == {"replica"}, what="the replica")
    return patient


def fill(environment: Environment, database: str) -> None:
    """Copy the migrated tables of this run, and load the catalogue."""
    admin = os.environ["PORTAL_TEST_DATABASE_URL"].rpartition("/")[0]
    words = ["pg_dump", "--no-owner", "-d", f"{admin}/{databases.template_name()}"]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as dump:
        subprocess.run(
            ["psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", environment.url_of(database)],
            stdin=dump.stdout,
            stdout=subprocess.DEVNULL,
            check=True,
        )
    assert dump.returncode == 0
    environment.python(database, "-c", MEND)  # PostgreSQL words some triggers anew
    environment.manage(database, "load_catalogue")


# --- Own writes -----------------------------------------------------------------------------------


def test_a_writer_sees_the_write_at_once_and_a_stranger_when_it_has_come(
    pair: Pair, portal: Portal
) -> None:
    with requests.Session() as writer:
        with pair.standing_still():
            portal.writes(writer, "own")
            assert portal.knows("own", writer) == {True}
            assert portal.served_by(writer) == {"default"}
            # The control: so it is without the cookie, in every process that knew the replica.
            assert False in portal.knows("own")
        servers.wait_until(lambda: portal.knows("own") == {True}, what="the stranger's list")
        # It has come: the writer reads there too.
        servers.wait_until(lambda: portal.served_by(writer) == {"replica"}, what="the replica")
        assert portal.knows("own", writer) == {True}


def test_a_file_that_is_sent_in_parts_is_read_from_one_place(pair: Pair, portal: Portal) -> None:
    places = set()
    for _ in range(PAGES):
        lines = portal.read("/test/stream/").text.split("\n")[:-1]
        assert len(lines) == 3
        [place] = {line.split()[0] for line in lines}
        places.add(place)
    assert "replica" in places
    # Three processes, each with as many connections as it works on at once, here one; and psql.
    # A psql that has just ended may still be counted; a connection left open by a page stays.
    servers.wait_until(lambda: pair.sessions(pair.replica) <= 4, what="the connections to be four")


# --- A replica that is behind or away -------------------------------------------------------------


def test_a_replica_that_is_behind_for_too_long_is_not_read(pair: Pair) -> None:
    with pair.portal(lag=1.0) as portal, requests.Session() as writer:
        pair.wait()
        servers.wait_until(lambda: "replica" in portal.served_by(), what="the replica")
        with pair.standing_still():
            portal.writes(writer, "late")
            servers.wait_until(lambda: portal.knows("late") == {True}, what="the primary")
            servers.wait_until(lambda: portal.served_by() == {"default"}, what="the primary")
            servers.wait_until(lambda: told_behind(portal), what="/readyz/")
        servers.wait_until(lambda: "replica" in portal.served_by(), what="the replica again")


def told_behind(portal: Portal) -> bool:
    told = portal.replica()
    lag = told["lag_seconds"]
    return told["read"] is False and (lag is None or lag > 1)


def test_a_replica_that_dies_costs_nothing_and_is_read_again(pair: Pair, portal: Portal) -> None:
    servers.wait_until(lambda: portal.replica()["read"], what="/readyz/")
    with requests.Session() as writer:
        pair.replica.stop("immediate")
        try:
            portal.writes(writer, "alone")
            assert portal.knows("alone") == portal.knows("alone", writer) == {True}
            assert portal.served_by() == {"default"}
            assert portal.replica()["read"] is False
            assert portal.read("/open-data/").status_code == 200
        finally:
            pair.replica.start()
    servers.wait_until(lambda: portal.served_by() == {"replica"}, what="the replica again")


# --- What processes keep --------------------------------------------------------------------------


def names_after_a_change(pair: Pair, application: str) -> set[bool]:
    """Rename a programme while the replica stands still; tell whether pages of it show the new name.

    Between the two each process opens a page that reads from the replica and keeps the catalogue.
    """
    old, new = NAMES
    rename = "UPDATE programs_subprogram SET name = '{}' WHERE code = 'robot'"
    pair.ask(pair.primary, rename.format(old))
    pair.wait()
    try:
        with pair.portal(application=application) as portal:
            servers.wait_until(lambda: portal.served_by() == {"replica"}, what="the replica")
            with pair.standing_still():
                pair.ask(pair.primary, rename.format(new))
                for _ in range(PAGES):
                    portal.read("/statistics/")
                pages = [portal.read("/programs/").text for _ in range(PAGES)]
                return {new in page for page in pages}
    finally:
        pair.ask(pair.primary, rename.format(old))


def test_the_catalogue_that_is_kept_does_not_go_backwards(pair: Pair) -> None:
    assert names_after_a_change(pair, APPLICATION) == {True}


def test_negative_control_read_from_the_replica_it_would(pair: Pair) -> None:
    assert False in names_after_a_change(pair, MIXED)
