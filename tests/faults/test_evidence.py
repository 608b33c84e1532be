"""Minutes of trouble reach the database from every host, without a folder that hosts share.

Two gunicorns with folders of their own are two hosts. Each delivers every second, not every twenty.
"""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path

import pytest
from django.conf import settings

from bench import servers
from bench.environment import APPLICATION, Environment, Server
from tests import databases
from tests.patience import PATIENCE

pytestmark = [pytest.mark.postgres, pytest.mark.django_db, pytest.mark.xdist_group("evidence")]

SILENT = "tests.faults.silent:application"
PROGRAM = "/applications/new/2021-1/{}/"  # a page of the intake: others are the portal's


class Hosts:
    """Hosts of the portal on one database, each with its own folder."""

    def __init__(self, folder: Path, exits: ExitStack) -> None:
        self.exits, self.folder = exits, folder
        self.url = os.environ["PORTAL_TEST_DATABASE_URL"]
        first = self.host("first")
        exits.callback(first.clear)
        self.database = first.create("evidence", template=databases.template_name())
        self.first = first

    def host(self, name: str) -> Environment:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        extra = {"PORTAL_INCIDENT_SECONDS": "1"}
        return Environment(self.url, folder, settings.SECRET_KEY, extra=extra)

    def serve(self, name: str, application: str = APPLICATION) -> Server:
        return self.exits.enter_context(self.host(name).gunicorn(self.database, application))

    def counted(self) -> dict[str, int]:
        rows = self.first.query(
            self.database,
            "SELECT scope, sum(count)::int FROM portal_incidentminute"
            " WHERE kind = 'unavailable' GROUP BY scope",
        )
        return dict(rows)

    def sources(self) -> int:
        found = self.first.query(
            self.database, "SELECT count(DISTINCT source) FROM portal_incidentminute"
        )
        return int(found[0][0])

    def filed(self, name: str) -> int:
        """Return what the files of a host's processes hold: the last count of each minute."""
        last: dict[tuple[str, str], int] = {}
        for file in (self.folder / name / "incidents").glob("*.jsonl"):
            for line in file.read_text().splitlines():
                _, minute, _, count = json.loads(line)
                last[file.name, minute] = count
        return sum(last.values())

    def away(self) -> AbstractContextManager[None]:
        return servers.database_away(self.first.url_of(self.database))


@pytest.fixture
def hosts(tmp_path: Path, django_db_setup: None) -> Iterator[Hosts]:
    with ExitStack() as exits:
        yield Hosts(tmp_path, exits)


def ask(server: Server, path: str, times: int) -> int:
    """Ask for a page; return how often the answer was 503."""
    refused = 0
    for _ in range(times):
        with closing(HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)) as client:
            # With a session, so that the page is not sent away before it asks the database.
            cookie = f"{settings.SESSION_COOKIE_NAME}={'a' * 32}"
            client.request("GET", path, headers={"Host": "127.0.0.1", "Cookie": cookie})
            refused += client.getresponse().status == 503
    return refused


def kill(server: Server) -> None:
    """Kill every process of a host at once."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    for pid in (server.pid, *map(int, children)):
        os.kill(pid, signal.SIGKILL)


def test_all_counts_of_an_outage_arrive_from_both_hosts(hosts: Hosts) -> None:
    first, second = hosts.serve("first"), hosts.serve("second")
    with hosts.away():
        told = {
            "2021-1/build": ask(first, PROGRAM.format("build"), 12),
            "2021-1/robot": ask(second, PROGRAM.format("robot"), 15),
        }
    assert told == {"2021-1/build": 12, "2021-1/robot": 15}
    servers.wait_until(lambda: hosts.counted() == told, what="the counts")
    assert hosts.sources() > 2  # processes of both


def trouble_and_death(hosts: Hosts, name: str, application: str) -> None:
    """Count during an outage; kill the host when the database has been back for some seconds."""
    server = hosts.serve(name, application)
    watcher = hosts.serve("watcher")
    with hosts.away():
        assert ask(server, PROGRAM.format("build"), 10) == 10
        assert ask(watcher, PROGRAM.format("robot"), 3) == 3
    servers.wait_until(lambda: hosts.counted().get("2021-1/robot") == 3, what="the other host")
    if application == APPLICATION:
        servers.wait_until(lambda: hosts.counted().get("2021-1/build") == 10, what="the counts")
    kill(server)
    shutil.rmtree(hosts.folder / name)  # its disk is gone with it


def test_what_is_older_than_the_interval_does_not_die_with_its_host(hosts: Hosts) -> None:
    trouble_and_death(hosts, "first", APPLICATION)
    assert hosts.counted() == {"2021-1/build": 10, "2021-1/robot": 3}


def test_negative_control_without_the_thread_it_does(hosts: Hosts) -> None:
    trouble_and_death(hosts, "first", SILENT)
    assert hosts.counted() == {"2021-1/robot": 3}


def test_a_host_that_died_during_the_outage_tells_when_it_is_back(hosts: Hosts) -> None:
    """The second chance: what its processes wrote to its own disk."""
    server = hosts.serve("first")
    with hosts.away():
        assert ask(server, PROGRAM.format("build"), 9) == 9
        servers.wait_until(lambda: hosts.filed("first") == 9, what="the files")
        kill(server)
    hosts.serve("second")
    assert hosts.counted() == {}
    hosts.serve("first")
    servers.wait_until(lambda: hosts.counted() == {"2021-1/build": 9}, what="the counts")
