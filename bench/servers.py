"""A real PostgreSQL, Redis and Chromium for tests and benchmarks: found, or started and stopped.

`python -m bench.servers COMMAND ...` runs a command with `DATABASE_URL` and `CELERY_BROKER_URL` of
an empty database and an empty Redis database, both removed afterwards.
"""

import getpass
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import redis
from psycopg2 import sql

OWNER_KEY = "portal:test:owner"
START_SECONDS = 120
ROOT = Path(__file__).parents[1]
PDF_PROBE = ROOT / "portal/paper/pdf_probe.py"
ROLES = ROOT / "deploy/postgres/roles.sh"
POOLER = ROOT / "deploy/pgbouncer/pgbouncer.sh"
QUEUE = ROOT / "deploy/redis/redis.sh"
WATCHER = ROOT / "deploy/redis/sentinel.sh"
ROLE_PASSWORD = "only-for-tests"  # noqa: S105 - opens a server that trusts this machine anyway


def binary(name: str) -> str | None:
    # Debian keeps nginx and the like in sbin, which is not in the PATH of a plain account.
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def chromium() -> str | None:
    # The headless shell starts faster and needs no display.
    known = ("chromium-headless-shell", "chromium", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, known)), None)


def pdf_packages_missing() -> list[str]:
    """Return the system packages that the PDF engine lacks here."""
    words = [sys.executable, "-S", "-P", "-s", str(PDF_PROBE)]
    done = subprocess.run(words, capture_output=True, check=False)
    if done.returncode != 0:
        return ["libpango-1.0-0"]
    missing: list[str] = json.loads(done.stdout)
    return missing


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(ready: Callable[[], object], *, seconds: float = START_SECONDS, what: str) -> None:
    """Poll until `ready()` is true. Raises TimeoutError naming `what`."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not ready after {seconds:.0f} s")
        time.sleep(0.1)


# --- PostgreSQL ----------------------------------------------------------------------------------


def _with_path(url: str, path: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{path}"))


def may_create_databases(url: str) -> bool:
    """Return whether the server answers and this account may create databases."""
    try:
        with closing(psycopg2.connect(_with_path(url, "postgres"), connect_timeout=3)) as db:
            cursor = db.cursor()
            cursor.execute(
                "SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user"
            )
            return bool(cursor.fetchone()[0])
    except psycopg2.OperationalError:
        return False


def _server_programs() -> Path | None:
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).parent if found else None


def account() -> str:
    """Return the account that servers run as which refuse root; "" for this one."""
    return "postgres" if os.geteuid() == 0 else ""


def _as_server_user() -> tuple[list[str], str] | None:
    """Return the command prefix and the account that PostgreSQL runs as, since it refuses root."""
    if os.geteuid() != 0:
        return [], getpass.getuser()
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        return None
    return ["runuser", "-u", "postgres", "--"], "postgres"


@dataclass(frozen=True)
class PrivatePostgres:
    """A server of our own, which may be stopped and started again."""

    programs: Path
    prefix: Sequence[str]
    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def create(self) -> None:
        self._run("initdb", "-A", "trust", "-E", "UTF8", "-U", "postgres", "-N")

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        options += " -c max_connections=120"
        self._run("pg_ctl", "-l", self.folder / "log", "-w", "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server: `immediate` is a crash, `fast` ends the sessions and writes all."""
        if (self.folder / "data" / "postmaster.pid").exists():
            self._run("pg_ctl", "-m", mode, "-w", "stop")

    def _run(self, program: str, *more: object) -> None:
        words = [self.programs / program, "-D", self.folder / "data", *more]
        command = [*self.prefix, *map(str, words)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.folder)


@contextmanager
def private_postgres() -> Iterator[PrivatePostgres | None]:
    """Yield a running server of our own; None where none can be started."""
    with empty_server() as server:
        if server:
            server.create()
            server.start()
        yield server


@contextmanager
def empty_server() -> Iterator[PrivatePostgres | None]:
    """Yield a server without data in a folder of its own; None where none can be started."""
    programs, account = _server_programs(), _as_server_user()
    if not programs or not account:
        yield None
        return
    prefix, user = account
    folder = Path(tempfile.mkdtemp(prefix="portal-postgres-"))
    if prefix:
        shutil.chown(folder, user)
    server = PrivatePostgres(programs, prefix, folder, free_port())
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres() -> Iterator[str | None]:
    """Yield the URL of a server: the one named by `DATABASE_URL`, a local one, or a private one.

    Yields None where there is none and none can be started.
    """
    named = os.environ.get("DATABASE_URL", "")
    local = [
        f"postgres://{user}@127.0.0.1:5432/postgres" for user in (getpass.getuser(), "postgres")
    ]
    for url in [named, *local]:
        if url.startswith("postgres") and may_create_databases(url):
            yield url
            return
    with private_postgres() as private:
        yield private.url if private else None


def drop_databases(url: str, prefix: str) -> None:
    """Drop the databases whose names begin with the prefix, ending their sessions."""
    with closing(psycopg2.connect(_with_path(url, "postgres"))) as db:
        db.autocommit = True
        cursor = db.cursor()
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix])
        for (name,) in cursor.fetchall():
            cursor.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


@contextmanager
def empty_database(url: str, *, template: str = "template1") -> Iterator[str]:
    """Create a database on the server, yield its URL, and drop it."""
    name = f"test_portal_{uuid.uuid4().hex[:12]}"
    with closing(psycopg2.connect(_with_path(url, "postgres"))) as db:
        db.autocommit = True
        db.cursor().execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    try:
        yield _with_path(url, name)
    finally:
        drop_databases(url, name)


@dataclass(frozen=True)
class DividedDatabase:
    """A database with an owner and a role that serves, as production has it; URLs for each."""

    admin: str
    owner: str
    app: str

    @property
    def app_role(self) -> str:
        return urlsplit(self.app).username or ""


@contextmanager
def divided_database(url: str, *, template: str = "template1") -> Iterator[DividedDatabase]:
    """Create a database with roles of its own by `deploy/postgres/roles.sh`; drop them all.

    `url` is that of an administrator; the database is a copy of `template`.
    """
    with ExitStack() as exits:
        roles: list[str] = []
        exits.callback(_drop_roles, url, roles)
        admin = exits.enter_context(empty_database(url, template=template))
        name = urlsplit(admin).path.lstrip("/")
        roles += [f"{name}_owner", f"{name}_app"]
        make_roles(admin, owner=roles[0], app=roles[1])
        yield DividedDatabase(admin, *(_with_user(admin, role, ROLE_PASSWORD) for role in roles))


def make_roles(admin: str, *, owner: str, app: str) -> None:
    """Run the script of production as an administrator. Raises CalledProcessError."""
    parts = urlsplit(admin)
    environment = {
        **os.environ,
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": parts.username or "",
        "PGPASSWORD": parts.password or "",
        "POSTGRES_DB": parts.path.lstrip("/"),
        "POSTGRES_OWNER_ROLE": owner,
        "POSTGRES_APP_ROLE": app,
        "POSTGRES_OWNER_PASSWORD": ROLE_PASSWORD,
        "POSTGRES_APP_PASSWORD": ROLE_PASSWORD,
    }
    subprocess.run(["/bin/sh", str(ROLES)], env=environment, check=True, capture_output=True)


def _with_user(url: str, user: str, password: str) -> str:
    parts = urlsplit(url)
    place = f"{parts.hostname}:{parts.port or 5432}"
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{place}"))


def _drop_roles(url: str, roles: Sequence[str]) -> None:
    """Drop the roles of a database that is gone."""
    with closing(psycopg2.connect(_with_path(url, "postgres"))) as db:
        db.autocommit = True
        for role in roles:
            db.cursor().execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


@contextmanager
def pgbouncer(url: str, *, sessions: int = 4) -> Iterator[str]:
    """Put PgBouncer before a database by the script of production; yield the URL through it.

    `url` is that of the role that serves; all clients together get so many sessions of PostgreSQL.
    """
    parts, port = urlsplit(url), free_port()
    prefix, user = _as_server_user() or ([], "")  # it refuses root as well
    with ExitStack() as exits:
        folder = tempfile.mkdtemp(prefix="portal-pgbouncer-")
        exits.callback(shutil.rmtree, folder, ignore_errors=True)
        if prefix:
            shutil.chown(folder, user)
        environment = {
            **os.environ,
            "PATH": f"{os.environ['PATH']}:/usr/sbin",
            "TMPDIR": folder,
            "PGHOST": parts.hostname or "",
            "PGPORT": str(parts.port or 5432),
            "POSTGRES_DB": parts.path.lstrip("/"),
            "POSTGRES_APP_ROLE": parts.username or "",
            "DATABASE_PASSWORD": parts.password or "",
            "PGBOUNCER_HOST": "127.0.0.1",
            "PGBOUNCER_PORT": str(port),
            "PGBOUNCER_SESSIONS": str(sessions),
        }
        with open(f"{folder}/log", "wb") as log:
            server = subprocess.Popen(
                [*prefix, "/bin/sh", str(POOLER)],
                cwd=folder,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        exits.callback(server.wait, timeout=START_SECONDS)
        exits.callback(os.killpg, server.pid, signal.SIGKILL)
        wait_until(lambda: listens(port), what="PgBouncer")
        yield urlunsplit(
            parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{port}")
        )


@contextmanager
def database_away(url: str) -> Iterator[None]:
    """Let the database of an administrator's URL take no session, and end those it has."""
    name = urlsplit(url).path.lstrip("/")
    with closing(psycopg2.connect(_with_path(url, "postgres"))) as db:
        db.autocommit = True
        cursor = db.cursor()
        allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        cursor.execute(allow.format(sql.Identifier(name), sql.Literal(False)))
        try:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )
            yield
        finally:
            cursor.execute(allow.format(sql.Identifier(name), sql.Literal(True)))


# --- Redis ---------------------------------------------------------------------------------------


def _answers(url: str) -> bool:
    try:
        with closing(redis.Redis.from_url(url, socket_connect_timeout=2)) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


@contextmanager
def private_redis() -> Iterator[str | None]:
    program = shutil.which("redis-server")
    if not program:
        yield None
        return
    folder, port = tempfile.mkdtemp(prefix="portal-redis-"), free_port()
    words = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    url = f"redis://127.0.0.1:{port}/0"
    try:
        wait_until(lambda: _answers(url), what="Redis")
        yield url
    finally:
        server.terminate()
        server.wait(timeout=START_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def queue_redis() -> Iterator[str]:
    """Start Redis by the script of production; yield the URL of its user."""
    port = free_port()
    with _queue_process(QUEUE, port):
        url = f"redis://portal:{ROLE_PASSWORD}@127.0.0.1:{port}/0"
        wait_until(lambda: _answers(url), what="Redis")
        yield url


@dataclass(frozen=True)
class WatchedRedis:
    """Three Redis, one of them the first and two copies, and three sentinels."""

    redis: dict[int, "subprocess.Popen[bytes]"]
    sentinels: tuple[int, ...]

    @property
    def url(self) -> str:
        return ";".join(
            f"sentinel://portal:{ROLE_PASSWORD}@127.0.0.1:{port}/0" for port in self.sentinels
        )

    def first(self) -> int:
        """Return the port of the Redis that most sentinels take for the first; 0 while they differ."""
        told = [self._asked(port) for port in self.sentinels]
        port = max(set(told), key=told.count)
        return port if told.count(port) > len(told) // 2 else 0

    def copies(self, port: int) -> int:
        """Return how many copies a sentinel knows of the first, seen by one at a port."""
        with closing(redis.Redis(port=port, password=ROLE_PASSWORD)) as client:
            told: Any = client.sentinel_master("portal")
            return int(told["num-slaves"])

    def _asked(self, port: int) -> int:
        with closing(redis.Redis(port=port, password=ROLE_PASSWORD)) as client:
            try:
                told: Any = client.sentinel_get_master_addr_by_name("portal")
                return int(told[1])
            except (redis.RedisError, TypeError):
                return 0


@contextmanager
def watched_redis() -> Iterator[WatchedRedis]:
    """Start three Redis and three sentinels by the scripts of production."""
    with ExitStack() as exits:
        first, *copies = ports = [free_port() for _ in range(3)]
        started = {first: exits.enter_context(_queue_process(QUEUE, first))}
        for port in copies:
            started[port] = exits.enter_context(_queue_process(QUEUE, port, first))
        sentinels = tuple(free_port() for _ in range(3))
        for port in sentinels:
            exits.enter_context(_queue_process(WATCHER, port, first))
        found = WatchedRedis(started, sentinels)
        wait_until(
            lambda: all(listens(port) for port in (*ports, *sentinels)), what="Redis and sentinels"
        )
        wait_until(
            lambda: found.first() == first and all(found.copies(port) == 2 for port in sentinels),
            what="two copies",
        )
        yield found


@contextmanager
def _queue_process(script: Path, port: int, first: int = 0) -> Iterator["subprocess.Popen[bytes]"]:
    folder = tempfile.mkdtemp(prefix="portal-redis-")
    environment = {
        **os.environ,
        "TMPDIR": folder,
        "REDIS_PASSWORD": ROLE_PASSWORD,
        "REDIS_PEER_PASSWORD": f"{ROLE_PASSWORD}-peer",
        "SENTINEL_PORT": str(port),
    }
    if first:
        environment |= {"REDIS_FIRST_HOST": "127.0.0.1", "REDIS_FIRST_PORT": str(first)}
    words = ["--bind", "127.0.0.1"]
    if script == QUEUE:
        words += ["--port", str(port), "--dir", folder]
    server = subprocess.Popen(
        ["/bin/sh", str(script), *words], env=environment, stdout=subprocess.DEVNULL
    )
    try:
        yield server
    finally:
        server.kill()
        server.wait(timeout=START_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def redis_server() -> Iterator[str | None]:
    """Yield the URL of a Redis: that of `CELERY_BROKER_URL`, the local one, or a private one."""
    named = os.environ.get("CELERY_BROKER_URL", "")
    for url in [named, "redis://127.0.0.1:6379/0"]:
        if url.startswith("redis") and _answers(url):
            yield url
            return
    with private_redis() as private:
        yield private


@contextmanager
def claimed_redis(url: str) -> Iterator[str]:
    """Claim an empty database of the server and empty it afterwards. Raises RuntimeError."""
    owner = uuid.uuid4().hex
    for number in range(15, 0, -1):
        database = _with_path(url, str(number))
        with closing(redis.Redis.from_url(database, decode_responses=True)) as client:
            if client.dbsize() or not client.set(OWNER_KEY, owner, nx=True):
                continue
            try:
                yield database
            finally:
                # Never empty a database that another session claimed meanwhile.
                if client.get(OWNER_KEY) == owner:
                    client.flushdb()
            return
    raise RuntimeError("every Redis database from 1 to 15 holds keys: none can be used for tests")


def empty_claimed_redis(client: redis.Redis) -> None:
    """Empty a claimed database in one step, keeping the claim."""
    owner = client.get(OWNER_KEY) or ""
    with client.pipeline(transaction=True) as step:
        step.flushdb()
        step.set(OWNER_KEY, owner)
        step.execute()


def stop_on_sigterm() -> None:
    """Exit on SIGTERM through SystemExit, so that clean-up runs."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def main(command: list[str]) -> int:
    """Run the command with an empty PostgreSQL and Redis database; return its exit code."""
    stop_on_sigterm()
    with ExitStack() as stack:
        database, broker = stack.enter_context(postgres()), stack.enter_context(redis_server())
        if not database or not broker:
            lacking = " and ".join(
                name for name, url in (("PostgreSQL", database), ("Redis", broker)) if not url
            )
            print(f"No {lacking}: apt-get install postgresql redis-server", file=sys.stderr)
            return 2
        environment = {
            **os.environ,
            "DATABASE_URL": stack.enter_context(empty_database(database)),
            "CELERY_BROKER_URL": stack.enter_context(claimed_redis(broker)),
        }
        running = subprocess.Popen(command, env=environment)
        # Ctrl-C reaches the command too; it ends itself and may have to clean up.
        signal.signal(signal.SIGINT, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: running.terminate())
        return running.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
