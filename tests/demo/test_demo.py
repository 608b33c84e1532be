"""The demo on this machine: it answers, keeps its data, stops cleanly, recovers from a kill."""

import fcntl
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from bench import servers
from demo import people
from demo.management.commands.demo import Command
from portal.models import User
from tests import databases
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]
SETTINGS = "tests.demo.settings"
JOB = (
    "INSERT INTO portal_job (kind, key, args, state, total, done, attempts, postponements, stage, error, cause,"
    " result, created_at) VALUES ('demo.slow', ?, ?, 'queued', 0, 0, 0, 0, '', '', '', '{}', datetime('now'))"
)
pytestmark = pytest.mark.xdist_group("demo")  # they start from one prepared folder


@dataclass
class Demo:
    """One folder of data, and the process that serves it."""

    folder: Path
    port: int = field(default_factory=servers.free_port)
    settings: str = "demo.settings"
    running: subprocess.Popen | None = None

    def environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PORTAL_", "DATABASE", "CELERY"))
        }
        return {
            **kept,
            "PORTAL_DATA_DIR": str(self.folder),
            "DJANGO_SETTINGS_MODULE": self.settings,
            "PYTHONPATH": str(ROOT),
        }

    def command(self, *words: str) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def start(self) -> float:
        """Start and wait until it answers; return how many seconds that took."""
        began = time.monotonic()
        self.running = self.command("demo", "--port", str(self.port))
        servers.wait_until(self.answers, seconds=300, what="the demo")
        return time.monotonic() - began

    def answers(self) -> bool:
        if self.running.poll() is not None:
            pytest.fail(self.running.stdout.read())
        try:
            return self.get("/healthz/").startswith("ok")
        except (OSError, urllib.error.URLError):
            return False

    def complete(self) -> bool:
        return '"done": 4' in (self.folder / "demo-progress.json").read_text()

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return answer.read().decode()

    def stop(self, how: int = signal.SIGINT) -> tuple[int, str]:
        """End the process; return its exit code and what it output."""
        self.running.send_signal(how)
        output, _ = self.running.communicate(timeout=PATIENCE)
        return self.running.returncode, output

    def kill(self) -> None:
        if self.running and self.running.poll() is None:
            os.killpg(self.running.pid, signal.SIGKILL)
            self.running.communicate()

    def execute(self, query: str, *values: object) -> list[tuple]:
        with closing(sqlite3.connect(self.folder / "portal.sqlite3", timeout=20)) as db:
            rows = db.execute(query, values).fetchall()
            db.commit()
            return rows


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Path:
    """A folder in which the demo was prepared, without its story (see the last test)."""
    made = Demo(tmp_path_factory.mktemp("prepared") / "data", settings=SETTINGS)
    made.folder.mkdir()
    if databases.sqlite_template().exists():
        shutil.copy(databases.sqlite_template(), made.folder / "portal.sqlite3")
    process = made.command("demo", "--prepare-only")
    output, _ = process.communicate(timeout=180)
    assert process.returncode == 0, output
    return made.folder


@pytest.fixture
def short(tmp_path: Path, prepared: Path) -> Iterator[Demo]:
    """A demo on a copy of the prepared folder."""
    made = Demo(Path(shutil.copytree(prepared, tmp_path / "data")), settings=SETTINGS)
    yield made
    made.kill()


def state(where: Demo, key: str) -> str:
    return where.execute("SELECT state FROM portal_job WHERE key = ?", key)[0][0]


def test_it_answers_keeps_its_data_and_closes_only_after_the_running_job(short: Demo) -> None:
    short.start()
    assert "<html" in short.get("/")
    assert "메일" in short.get("/demo/mailbox/")
    short.execute("UPDATE portal_user SET name = '고친 이름' WHERE email LIKE 'applicant@%'")
    accounts = short.execute("SELECT count(*) FROM portal_user")
    short.execute(JOB, "running", '{"seconds": 3}')
    servers.wait_until(lambda: state(short, "running") == "running", what="the job")
    code, output = short.stop(signal.SIGINT)
    assert code == 0, output
    assert state(short, "running") == "done"
    assert "Traceback" not in output
    assert f"http://127.0.0.1:{short.port}/" in output
    for person in people.PEOPLE:
        assert person.email in output
    assert people.PASSWORD in output
    assert "데이터는 남아 있습니다" in output
    short.start()
    assert short.execute("SELECT count(*) FROM portal_user") == accounts
    assert short.execute("SELECT count(*) FROM portal_user WHERE name = '고친 이름'") == [(1,)]
    assert short.stop(signal.SIGTERM)[0] == 0


def test_killed_in_the_middle_of_a_job_it_finishes_it_on_the_next_start(short: Demo) -> None:
    short.start()
    short.execute(JOB, "killed", '{"seconds": 4}')
    servers.wait_until(lambda: state(short, "killed") == "running", what="the job")
    short.kill()
    assert state(short, "killed") == "running"
    short.start()
    servers.wait_until(lambda: state(short, "killed") == "done", what="the second try")
    assert short.execute("SELECT attempts FROM portal_job WHERE key = 'killed'") == [(2,)]
    assert short.stop()[0] == 0


def test_a_taken_port_is_reported_at_once_and_nothing_is_touched(short: Demo) -> None:
    before = (short.folder / "portal.sqlite3").read_bytes()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", short.port))
        taken.listen()
        process = short.command("demo", "--port", str(short.port))
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert f"{short.port}번 포트를 쓸 수 없습니다." in output
    assert "Traceback" not in output
    assert (short.folder / "portal.sqlite3").read_bytes() == before


def test_a_second_demo_in_the_same_folder_is_refused(short: Demo) -> None:
    with (short.folder / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = short.command("demo", "--port", str(short.port))
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "이미 실행 중" in output
    assert "Traceback" not in output


def test_a_reset_deletes_data_and_files_and_nothing_else(settings, tmp_path: Path) -> None:
    settings.DATA_DIR, settings.PRIVATE_ROOT = tmp_path, tmp_path / "private"
    (tmp_path / "private" / "ab").mkdir(parents=True)
    for name in ("portal.sqlite3", "portal.sqlite3-wal", "private/ab/old", "notes.txt"):
        (tmp_path / name).write_text("x")
    Command(stdout=StringIO()).reset()
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.django_db
@pytest.mark.parametrize("command", ["demo", "demo_code", "seed_accounts"])
def test_none_of_it_runs_outside_the_demo(command: str) -> None:
    with pytest.raises(CommandError, match="demo.settings"):
        call_command(command)
    assert not User.objects.exists()


@pytest.mark.django_db
def test_the_printed_codes_are_those_that_open_the_staff_site(settings, client) -> None:
    settings.DEMO = True
    call_command("seed_accounts")
    output = StringIO()
    call_command("demo_code", stdout=output)
    codes = {row.split()[1]: row.split()[0] for row in output.getvalue().splitlines() if "@" in row}
    manager = people.email_of("manager")
    assert set(codes) == {person.email for person in people.PEOPLE if person.role}
    client.post("/accounts/login/", {"login": manager, "password": people.PASSWORD})
    client.post("/accounts/2fa/authenticate/", {"code": codes[manager]})
    assert client.get("/admin/").status_code == 200


def test_the_demo_refuses_a_served_database() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": "postgres://x@127.0.0.1:1/x",
            "DJANGO_SETTINGS_MODULE": "demo.settings",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "SQLite" in done.stderr


def test_a_killed_start_begins_anew_with_the_next_one(tmp_path: Path) -> None:
    made = Demo(tmp_path / "data")
    try:
        made.start()
        made.execute("UPDATE portal_user SET name = '고친 이름' WHERE email LIKE 'applicant@%'")
        made.running.send_signal(signal.SIGKILL)
        made.running.communicate()
        assert not made.complete()
        made.settings = SETTINGS  # no more than the accounts
        made.start()
        assert made.execute("SELECT count(*) FROM portal_user WHERE name = '고친 이름'") == [(0,)]
        code, output = made.stop()
        assert code == 0
        assert "처음부터 만듭니다" in output
    finally:
        made.kill()


@pytest.mark.pdf
def test_all_data_are_made_once_and_the_documents_are_printed(tmp_path: Path) -> None:
    demo = Demo(tmp_path / "data")
    try:
        demo.start()
        assert "제조" in demo.get("/programs/")
        assert "시연 자료를 만들고 있습니다" in demo.get("/")
        servers.wait_until(demo.complete, seconds=900, what="all data")
        assert "시연 자료를 만들고 있습니다" not in demo.get("/")
        applications = demo.execute(
            "SELECT state, count(*) FROM applications_application GROUP BY 1"
        )
        assert {"draft", "submitted", "released"} <= {row[0] for row in applications}
        issued = "SELECT count(*) FROM applications_issueddocument WHERE issued_at IS NOT NULL"
        servers.wait_until(lambda: demo.execute(issued)[0][0] >= 2, what="two documents")
        assert demo.execute("SELECT error FROM portal_job WHERE error <> ''") == []
        assert demo.stop()[0] == 0
        demo.start()
        again = demo.execute("SELECT state, count(*) FROM applications_application GROUP BY 1")
        assert again == applications
        assert demo.stop()[0] == 0
    finally:
        demo.kill()
