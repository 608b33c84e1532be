"""A restore drill on real backups: what was there is there, and what is wrong is named.

A PostgreSQL of our own archives its WAL with pgBackRest; every drill restores to an instant.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg2
import pytest

from bench import servers
from bench.backup import Archive, archived
from portal.environment import BASE_DIR

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("restore")]
KEY = "a-key-for-{}-of-the-restored-portal-that-opens-nothing-else"


@dataclass
class World:
    """A portal with a backup; instants `before` and `after` the last paper."""

    archive: Archive
    url: str
    folder: Path
    before: str = ""
    after: str = ""

    def python(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "DATABASE_URL": self.url,
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "PORTAL_SECRET_KEY": KEY.format("sessions"),
            "PORTAL_RECEIPT_KEY": KEY.format("receipts"),
            "PORTAL_BACKUP_CONFIG": str(self.archive.config),
            "PORTAL_DATA_DIR": str(self.folder),
            # What a portal may have beside it; on the copy nothing of that is asked.
            "PORTAL_ORIGIN": "https://portal.example",
            "PORTAL_POOLED": "1",
            "CELERY_BROKER_URL": "redis://nobody.invalid/0",
            "REDIS_PASSWORD": "x",
            "PYTHONPATH": str(BASE_DIR),
        }
        return subprocess.run(
            [sys.executable, *words],
            cwd=BASE_DIR,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def small_portal(self, *words: str) -> None:
        """Fill the database or add a paper."""
        done = self.python("-m", "tests.deploy.small_portal", *words)
        assert done.returncode == 0, done.stderr[-3000:]

    def instant(self) -> str:
        """Return the instant, and let something be committed after it."""
        [(at,)] = self.query("SELECT clock_timestamp()")
        self.query("CREATE TABLE IF NOT EXISTS later (); COMMENT ON TABLE later IS 'committed'")
        return at.isoformat()

    def drill(self, to: str) -> dict:
        """Return the receipt of a drill; its exit code tells whether it passed."""
        self.archive.switch(self.url)
        done = self.python("manage.py", "restore_drill", "--to", to)
        rows = self.query("SELECT text, passed FROM portal_restorereceipt ORDER BY id DESC LIMIT 1")
        assert rows, done.stderr[-3000:]
        receipt = json.loads(rows[0][0])
        assert receipt["passed"] is rows[0][1] is (done.returncode == 0), done.stderr[-3000:]
        return receipt

    def query(self, statement: str) -> list[tuple]:
        with closing(psycopg2.connect(self.url)) as db:
            db.autocommit = True
            cursor = db.cursor()
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with ExitStack() as exits:
        archive = exits.enter_context(archived())
        url = exits.enter_context(servers.empty_database(archive.server.url))
        world = World(archive, url, tmp_path_factory.mktemp("portal"))
        world.small_portal()
        archive.back_up()
        world.small_portal("more")
        world.before = world.instant()
        world.small_portal("more")
        world.after = world.instant()
        yield world


def test_a_drill_passes_and_signs_what_it_verified(world: World) -> None:
    receipt = world.drill(world.before)
    assert receipt["faults"] == []
    assert receipt["rows"]["applications_application"] == 3
    # Of five by now.
    assert receipt["rows"]["applications_attachment"] == receipt["files"]["verified"] == 4
    assert receipt["files"]["bytes"] > 4 * 5_000
    assert receipt["sealed_rows"] > 10
    assert receipt["recomputed"] > 10
    assert receipt["backup"].endswith("F")
    assert datetime.fromisoformat(receipt["restored_to"]) == datetime.fromisoformat(world.before)
    shown = world.python("manage.py", "restore_receipt")
    assert shown.returncode == 0, shown.stderr
    assert "서명이 맞습니다." in shown.stdout
    assert not list(Path("/tmp").glob("portal-drill-*/data"))


def test_the_copy_is_read_only_and_the_portal_itself_is_refused(world: World) -> None:
    """The control of the drill's own safety: its checks run on no database that takes writes."""
    done = world.python("manage.py", "check_restored")
    assert done.returncode == 1
    assert "쓸 수 있는 데이터베이스입니다" in done.stderr


def test_one_flipped_byte_and_one_lost_file_are_named_and_no_other(world: World) -> None:
    """A file that was taken out since the instant is no fault: the rows of today name it no more."""
    rows = world.query("SELECT id, file FROM applications_attachment ORDER BY id LIMIT 3")
    flipped, lost, taken_out = [(pk, name, world.folder / "private" / name) for pk, name in rows]
    content = {file: file.read_bytes() for _, _, file in (flipped, lost, taken_out)}
    column = "UPDATE applications_attachment SET file = '{}' WHERE id = {}"
    try:
        good = content[flipped[2]]
        flipped[2].write_bytes(good[:100] + bytes([good[100] ^ 1]) + good[101:])
        lost[2].unlink()
        taken_out[2].unlink()
        world.query(column.format("elsewhere", taken_out[0]))
        receipt = world.drill(world.before)
    finally:
        world.query(column.format(taken_out[1], taken_out[0]))
        for file, good in content.items():
            file.write_bytes(good)
    assert receipt["faults"] == [
        f"applications_attachment {flipped[0]}: {flipped[1]}: 내용이 기록과 다릅니다",
        f"applications_attachment {lost[0]}: {lost[1]}: 파일이 없습니다",
    ]
    assert receipt["files"]["verified"] == 2
    assert receipt["files"]["taken_out_since"] == 1


def test_one_altered_row_is_named(world: World) -> None:
    """As by somebody who owns the database and puts the guards to sleep."""
    [(pk,)] = world.query("SELECT min(id) FROM programs_ledgerentry WHERE kind <> 'appropriate'")
    world.query(
        "SET session_replication_role = replica;"
        f"UPDATE programs_ledgerentry SET amount_won = amount_won + 1 WHERE id = {pk}"
    )
    receipt = world.drill(world.instant())
    assert f"programs_ledgerentry {pk}: 봉인한 뒤 내용이 바뀌었습니다" in receipt["faults"]
    assert {fault.split()[0] for fault in receipt["faults"]} <= {
        "programs_ledgerentry", "programs_budget", "DIFFERENT",
    }  # fmt: skip


def test_one_missing_segment_is_named(world: World) -> None:
    """The last test: the archive is not whole after it."""
    segment = world.archive.remove_segment_of(world.url, world.after)
    receipt = world.drill(world.after)
    [fault] = receipt["faults"]
    assert fault.startswith(f"WAL {segment}이 보관소에 없어")
    assert receipt["rows"] == {}
