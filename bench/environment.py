"""The databases, folder and processes of one run, removed when it ends."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import yaml
from django.conf import settings
from psycopg2 import sql

from bench import servers
from bench.cpu import Meter
from bench.load import ANSWER_SECONDS, HOST, LoadResult, Plan, message
from bench.walk import Visits, WalkPlan, WalkResult
from portal.environment import BASE_DIR

START_SECONDS = 60
WORKERS = 3  # of a gunicorn, as the compose file says
GENERATOR_SECONDS = 600  # beyond the planned time
STOP_SECONDS = 20
MANAGE = BASE_DIR / "manage.py"
OWN_SETTINGS = ("--settings", "bench.settings")
COMPOSE = BASE_DIR / "docker-compose.yml"
APPLICATION = "portal.wsgi:application"

Log = Callable[[str], None]


class EnvironmentFailed(Exception):
    """A database, process or command that a measurement needs did not start or failed."""


@dataclass
class Environment:
    """The databases and processes of one run; `open_environment` makes and removes it."""

    url: str
    folder: Path
    secret: str
    databases: list[str] = field(default_factory=list)
    extra: dict[str, str] = field(default_factory=dict)  # variables of every process

    def variables(self, database: str, **more: str) -> dict[str, str]:
        """Return the environment variables of a portal process on this database."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("PORTAL_")}
        return {
            **inherited,
            "DATABASE_URL": self.url_of(database),
            "CELERY_BROKER_URL": settings.BROKER_URL,
            "EMAIL_URL": "dummymail://",
            "PORTAL_SECRET_KEY": self.secret,
            "PORTAL_TICKET_KEY": f"tickets-{self.secret}",
            "PORTAL_ORIGIN": "http://127.0.0.1:8000",
            "PORTAL_HOSTS": HOST,
            "PORTAL_DATA_DIR": str(self.folder),
            "PYTHONPATH": str(BASE_DIR),
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            **self.extra,
            **more,
        }

    def url_of(self, database: str) -> str:
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{database}"))

    def create(self, label: str, *, template: str = "") -> str:
        """Make a database, empty or as a copy of `template`; return its name."""
        name = f"{urlsplit(self.url).path.strip('/')}_bench_{os.getpid()}_{label}"
        self.databases.append(name)
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template:
            statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        self._execute(statement)
        return name

    def drop(self, name: str) -> None:
        self._execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )
        self.databases.remove(name)

    def _execute(self, statement: sql.Composable) -> None:
        with closing(psycopg2.connect(self.url_of("postgres"))) as server:
            server.autocommit = True
            server.cursor().execute(statement)

    def query(self, database: str, statement: str) -> list[tuple[Any, ...]]:
        """Execute one statement in a database; return its rows."""
        with closing(psycopg2.connect(self.url_of(database))) as server:
            server.autocommit = True
            cursor = server.cursor()
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def manage(self, database: str, *words: str, show: bool = False) -> None:
        """Run one of the portal's commands on a database. Raises EnvironmentFailed."""
        self.python(database, str(MANAGE), *words, *OWN_SETTINGS, show=show)

    def clear(self) -> None:
        for name in list(self.databases):
            self.drop(name)

    def run_part(self, database: str, part: str, **options: object) -> dict[str, Any]:
        """Call a part's `run` in a process of its own; return its result. Raises EnvironmentFailed."""
        words = ["bench", "--run", part, "--options", json.dumps(options)]
        printed = self.python(database, str(MANAGE), *words, *OWN_SETTINGS)
        result: dict[str, Any] = json.loads(printed)
        return result

    def python(self, database: str, *words: str, show: bool = False) -> str:
        """Run Python on a database; return what it printed. Raises EnvironmentFailed."""
        done = subprocess.run(  # noqa: S603 - our own command line
            [sys.executable, *words],
            env=self.variables(database),
            cwd=BASE_DIR,
            stdout=None if show else subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            raise EnvironmentFailed(f"{' '.join(words)}:\n{done.stderr[-3_000:]}")
        return done.stdout or ""

    @contextmanager
    def gunicorn(self, database: str, application: str = APPLICATION) -> Iterator["Server"]:
        """Serve an application with the arguments of the compose file."""
        port = servers.free_port()
        words = [application if word == APPLICATION else word for word in web_command()]
        with open(self.folder / f"gunicorn-{port}.log", "w+", encoding="utf-8") as log:
            server = subprocess.Popen(  # noqa: S603 - our own command line
                [sys.executable, "-m", *words, f"--bind={HOST}:{port}"],
                env=self.variables(database, PORT=str(port)),
                cwd=BASE_DIR,
                stdout=log,
                stderr=log,
            )
            try:
                _wait_for(port, server, log.name)
                self._load_workers(port)
                yield Server(port, server.pid, self.url_of(database))
            finally:
                _stop(server)

    def _load_workers(self, port: int) -> None:
        # A worker listens before it has loaded the application, and loads that at the first request.
        plan = Plan(
            port, 4 * WORKERS, ANSWER_SECONDS, 8 * WORKERS * [message("GET", "/healthz/", {})]
        )
        for _ in range(WORKERS):
            if not self.load(plan).failed:
                return
        raise EnvironmentFailed("gunicorn does not answer")

    def load(self, plan: Plan) -> LoadResult:
        """Run the load generator in a process of its own."""
        return LoadResult(**self._generate(f"{__package__}.load", plan))

    def walk(self, plan: WalkPlan) -> WalkResult:
        """Let firms walk in a process of its own. Raises EnvironmentFailed."""
        result = WalkResult(**self._generate(f"{__package__}.walk", plan))
        result.visits = {name: Visits(**each) for name, each in result.visits.items()}  # type: ignore[arg-type] # plain JSON
        return result

    def _generate(self, module: str, plan: Plan | WalkPlan) -> dict[str, Any]:
        file = self.folder / f"plan-{secrets.token_hex(4)}.json"
        file.write_text(json.dumps(asdict(plan)), encoding="utf-8")
        done = subprocess.run(  # noqa: S603 - our own command line
            [sys.executable, "-m", module, str(file)],
            cwd=BASE_DIR,
            capture_output=True,
            text=True,
            check=False,
            timeout=plan.seconds + GENERATOR_SECONDS,
        )
        file.unlink()
        if done.returncode:
            raise EnvironmentFailed(f"{module}:\n{done.stderr[-3_000:]}")
        result: dict[str, Any] = json.loads(done.stdout)
        return result


@dataclass(frozen=True)
class Server:
    """A running gunicorn."""

    port: int
    pid: int
    database: str

    def meter(self) -> Meter:
        """Return a meter of the gunicorn with its workers and of the database's sessions."""
        return Meter(self.pid, self.database)


def web_command() -> list[str]:
    """Return the command line of the compose file's web service."""
    words: list[str] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]["web"][
        "command"
    ]
    return words


@contextmanager
def open_environment(url: str) -> Iterator[Environment]:
    """Make an environment on the server of this URL; remove its databases and folder afterwards.

    Their names begin with that of the URL's own database, and `bench.servers` drops every database
    whose name begins so: a killed process leaves none behind.
    """
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="portal-bench-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        environment = Environment(url, folder, secrets.token_urlsafe(48))
        stack.callback(environment.clear)
        yield environment


def _wait_for(port: int, server: "subprocess.Popen[bytes]", log: str) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        if servers.listens(port):
            return
        time.sleep(0.1)
    raise EnvironmentFailed(f"gunicorn:\n{Path(log).read_text(encoding='utf-8')[-3_000:]}")


def _stop(server: "subprocess.Popen[bytes]") -> None:
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
