"""Two web hosts and two workers that share database, broker, bucket and scanner, but no disk."""

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, closing

import psycopg2
import pytest

from bench import servers
from bench.objects import object_store
from bench.scanner import scanner
from bench.stack import Stack, composed
from tests import databases
from tests.deploy.drive import ADDRESS, PAPERS, Visitor, drive_one_application
from tests.patience import PATIENCE

SESSIONS = 4  # of PostgreSQL, for two web hosts of three processes each, two workers and beat
TOKEN = 'name="csrfmiddlewaretoken" value="'


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[Stack]:
    with (
        ExitStack() as exits,
        object_store() as store,
        scanner({}) as clamd,
        composed(
            tmp_path_factory.mktemp("hosts"),
            postgres=os.environ["PORTAL_TEST_DATABASE_URL"],
            template=databases.template_name(),
            files=store.url("portal-files"),
            PORTAL_CLAMAV_URL=clamd.url,
            pool=lambda url: exits.enter_context(servers.pgbouncer(url, sessions=SESSIONS)),
            PORTAL_POOLED="1",
        ) as running,
    ):
        yield running


# What the migrations of a next release add: columns, tables and indexes that this one knows nothing of.
NEXT_RELEASE = """
ALTER TABLE applications_application ADD COLUMN later text;
ALTER TABLE portal_user ADD COLUMN later boolean DEFAULT false NOT NULL;
ALTER TABLE portal_job ADD COLUMN later text DEFAULT '' NOT NULL;
ALTER TABLE portal_notice ADD COLUMN later jsonb DEFAULT '{}' NOT NULL;
ALTER TABLE applications_attachment ADD COLUMN later timestamptz;
CREATE TABLE later_notes (id bigserial PRIMARY KEY, application_id bigint NOT NULL
  REFERENCES applications_application (id) DEFERRABLE INITIALLY DEFERRED);
CREATE INDEX later_index ON portal_notice (created_at);
"""
# As Django adds a column that has a default in Python alone: an earlier release leaves it out.
UNSAFE = """
ALTER TABLE portal_notice ADD COLUMN unsafe text DEFAULT '' NOT NULL;
ALTER TABLE portal_notice ALTER COLUMN unsafe DROP DEFAULT;
"""


def as_owner(stack: Stack, sql: str) -> None:
    """Change the tables as a migration does."""
    with closing(psycopg2.connect(stack.environments["migrate"]["DATABASE_URL"])) as db:
        db.cursor().execute(sql)
        db.commit()


@pytest.fixture(scope="module")
def filed(stack: Stack) -> tuple[Visitor, int]:
    """File one application by turns through a host from before a migration and one from after it."""
    as_owner(stack, NEXT_RELEASE)
    assert stack.stop("web-2") == 0
    stack.start("web-2")
    servers.wait_until(lambda: stack.healthy("web-2"), what="web-2")
    return drive_one_application(stack)


@pytest.mark.django_db  # makes the template that the hosts copy
@pytest.mark.compose
@pytest.mark.xdist_group("compose")
class TestTwoHosts:
    """In order: the last one takes hosts down."""

    def test_one_application_goes_all_the_way(self, filed: tuple[Visitor, int]) -> None:
        assert filed[1]

    def test_old_and_new_are_ready_beside_each_other(self, stack: Stack) -> None:
        for name in ("web", "web-2"):
            port = stack.environments[name]["PORT"]
            inside = {"X-Forwarded-Proto": "https"}
            address = f"http://localhost:{port}/readyz/"
            answer = stack.session().get(address, headers=inside, timeout=PATIENCE)
            assert answer.status_code == 200, answer.text

    def test_what_the_linter_refuses_does_stop_the_old(
        self, stack: Stack, filed: tuple[Visitor, int]
    ) -> None:
        def asks() -> int:
            path = "/accounts/password/reset/"
            token = {"csrfmiddlewaretoken": stranger.read(path).text.split(TOKEN)[1][:64]}
            sent = {"email": ADDRESS} | token
            answer = stranger.client.post(
                stack.base_url + path,
                data=sent,
                headers={"Referer": stack.base_url + path},
                timeout=PATIENCE,
            )
            return answer.status_code

        stranger = Visitor(stack)
        assert asks() == 200
        as_owner(stack, UNSAFE)
        try:
            assert asks() == 500
        finally:
            as_owner(stack, "ALTER TABLE portal_notice DROP COLUMN unsafe")
        assert asks() == 200

    def test_no_file_lies_on_a_disk(self, stack: Stack, filed: tuple[Visitor, int]) -> None:
        own = {environment["PORTAL_DATA_DIR"] for environment in stack.environments.values()}
        assert len(own) == len(stack.environments)
        assert not list(stack.folder.glob("data*/private/*"))

    def test_a_worker_has_every_paper_scanned(self, filed: tuple[Visitor, int]) -> None:
        visitor, number = filed

        def passed() -> bool:
            page = visitor.read(f"/applications/{number}/").text
            return page.count("검사 통과") >= len(PAPERS)

        servers.wait_until(passed, what="the verdicts")

    @pytest.mark.parametrize("killed", ["web", "web-2"])
    def test_each_host_sends_what_either_has_taken(
        self, stack: Stack, filed: tuple[Visitor, int], killed: str
    ) -> None:
        visitor, number = filed
        stack.kill(killed)
        try:
            page = visitor.read(f"/applications/{number}/").text
            papers = sorted(set(re.findall(r"/attachments/\d+/", page)))
            assert len(papers) >= len(PAPERS)
            for path in (*papers, f"/applications/{number}/documents/receipt/?download=1"):
                assert visitor.read(path).content.startswith(b"%PDF")
        finally:
            stack.start(killed)
        servers.wait_until(lambda: stack.healthy(killed), what=killed)
