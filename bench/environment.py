"""Where a run takes place: databases, folder and processes of its own, gone when it ends."""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import yaml
from django.conf import settings
from psycopg2 import sql

from bench.load import HOST, Found, Plan

START_SECONDS = 60
STOP_SECONDS = 20
MANAGE = Path(settings.BASE_DIR) / "manage.py"
OWN_SETTINGS = ("--settings", "bench.settings")
COMPOSE = Path(settings.BASE_DIR) / "docker-compose.yml"
APPLICATION = "portal.wsgi:application"


class StageError(Exception):
    """Something that the measurement stands on did not start or did not end well."""


@dataclass
class Stage:
    """One run's databases and processes; `open_stage` makes it and clears it away."""

    url: str
    folder: Path
    secret: str
    made: list[str] = field(default_factory=list)

    def environment(self, database: str, **more: str) -> dict[str, str]:
        """What a process of the portal needs to know to run on one of our databases."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("PORTAL_")}
        return {
            **inherited,
            "DATABASE_URL": _named(self.url, database),
            "CELERY_BROKER_URL": settings.BROKER_URL,
            "EMAIL_URL": "dummymail://",
            "PORTAL_SECRET_KEY": self.secret,
            "PORTAL_ORIGIN": "http://127.0.0.1:8000",
            "PORTAL_HOSTS": HOST,
            "PORTAL_DATA_DIR": str(self.folder),
            "PYTHONPATH": str(settings.BASE_DIR),
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            **more,
        }

    def create(self, label: str, *, template: str = "") -> str:
        """Make a database, empty or as a copy of another one of ours; returns its name."""
        name = f"{urlsplit(self.url).path.strip('/')}_bench_{os.getpid()}_{label}"
        self.made.append(name)
        words = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template:
            words += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        self._on_server(words)
        return name

    def drop(self, name: str) -> None:
        """Drop one of our databases."""
        self._on_server(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )
        self.made.remove(name)

    def _on_server(self, words: sql.Composable) -> None:
        with closing(psycopg2.connect(_named(self.url, "postgres"))) as server:
            server.autocommit = True
            server.cursor().execute(words)

    def query(self, database: str, words: str) -> list[tuple]:
        """Ask one of our databases."""
        with closing(psycopg2.connect(_named(self.url, database))) as server:
            server.autocommit = True
            cursor = server.cursor()
            cursor.execute(words)
            return cursor.fetchall() if cursor.description else []

    def manage(self, database: str, *words: str, show: bool = False) -> None:
        """Run one of the portal's commands on a database. Raises StageError."""
        self.python(database, str(MANAGE), *words, *OWN_SETTINGS, show=show)

    def clear(self) -> None:
        """Drop every database that was made."""
        for name in list(self.made):
            self.drop(name)

    def inside(self, database: str, part: str, **options: object) -> dict[str, Any]:
        """Run a part's `inside` in a process of its own; returns what it found. Raises StageError."""
        words = ["bench", "--inside", part, "--options", json.dumps(options)]
        found: dict[str, Any] = json.loads(
            self.python(database, str(MANAGE), *words, *OWN_SETTINGS)
        )
        return found

    def python(self, database: str, *words: str, show: bool = False) -> str:
        """Run Python on a database and return what it printed. Raises StageError."""
        done = subprocess.run(  # noqa: S603 - our own command line
            [sys.executable, *words],
            env=self.environment(database),
            cwd=settings.BASE_DIR,
            stdout=None if show else subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StageError(f"{' '.join(words)}:\n{done.stderr[-3_000:]}")
        return done.stdout or ""

    @contextmanager
    def gunicorn(self, database: str, application: str = APPLICATION) -> Iterator["Served"]:
        """Serve an application with the arguments of the compose file; yields where."""
        port = _free_port()
        words = [application if word == APPLICATION else word for word in web_command()]
        with open(self.folder / f"gunicorn-{port}.log", "w+", encoding="utf-8") as log:
            server = subprocess.Popen(  # noqa: S603 - our own command line
                [sys.executable, "-m", *words, f"--bind={HOST}:{port}"],
                env=self.environment(database, PORT=str(port)),
                cwd=settings.BASE_DIR,
                stdout=log,
                stderr=log,
            )
            try:
                _wait_for(port, server, log.name)
                yield Served(port, server.pid)
            finally:
                _stop(server)

    def load(self, plan: Plan) -> Found:
        """Let the load generator do what the plan says, in a process of its own."""
        file = self.folder / f"plan-{secrets.token_hex(4)}.json"
        file.write_text(json.dumps(asdict(plan)), encoding="utf-8")
        words = [sys.executable, "-m", f"{__package__}.load", str(file)]
        done = subprocess.run(  # noqa: S603 - our own command line
            words,
            cwd=settings.BASE_DIR,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=plan.seconds + 3 * START_SECONDS,
        )
        file.unlink()
        return Found(**json.loads(done.stdout))


@dataclass(frozen=True)
class Served:
    """A gunicorn that answers."""

    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """Processor time that it and its workers have used."""
        listed = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="utf-8")
        return sum(_cpu_seconds(int(pid)) for pid in [self.pid, *map(int, listed.split())])


def web_command() -> list[str]:
    """The command line of the compose file's web service."""
    words: list[str] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]["web"][
        "command"
    ]
    return words


@contextmanager
def open_stage(url: str) -> Iterator[Stage]:
    """Make a stage on the server of this URL; its databases and folder are gone afterwards.

    The names begin with that of the URL's own database: whoever made that one and drops it with
    all names that begin so, drops ours as well if this process is killed.
    """
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="portal-bench-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stage = Stage(url, folder, secrets.token_urlsafe(48))
        stack.callback(stage.clear)
        yield stage


def _named(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, server: subprocess.Popen, log: str) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        with closing(socket.socket()) as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.1)
    raise StageError(f"gunicorn:\n{Path(log).read_text(encoding='utf-8')[-3_000:]}")


def _stop(server: subprocess.Popen) -> None:
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
