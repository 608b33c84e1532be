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
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import redis
from psycopg2 import sql

OWNER_KEY = "portal:test:owner"
START_SECONDS = 30
PDF_PROBE = Path(__file__).parents[1] / "portal/paper/pdf_probe.py"


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


def _as_server_user() -> tuple[list[str], str] | None:
    """Return the command prefix and the account that PostgreSQL runs as, since it refuses root."""
    if os.geteuid() != 0:
        return [], getpass.getuser()
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        return None
    return ["runuser", "-u", "postgres", "--"], "postgres"


@contextmanager
def _private_postgres() -> Iterator[str | None]:
    programs, account = _server_programs(), _as_server_user()
    if not programs or not account:
        yield None
        return
    prefix, user = account
    folder = Path(tempfile.mkdtemp(prefix="portal-postgres-"))
    data, port = folder / "data", free_port()
    if prefix:
        shutil.chown(folder, user)

    def run(*command: object) -> None:
        words = [*prefix, *map(str, command)]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, cwd=folder)

    try:
        run(programs / "initdb", "-D", data, "-A", "trust", "-E", "UTF8", "-U", "postgres", "-N")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c max_connections=120"
        run(programs / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-o", options, "start")
        yield f"postgres://postgres@127.0.0.1:{port}/postgres"
    finally:
        if (data / "postmaster.pid").exists():
            run(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
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
    with _private_postgres() as private:
        yield private


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
def empty_database(url: str) -> Iterator[str]:
    """Create a database on the server, yield its URL, and drop it."""
    name = f"test_portal_{uuid.uuid4().hex[:12]}"
    with closing(psycopg2.connect(_with_path(url, "postgres"))) as db:
        db.autocommit = True
        db.cursor().execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield _with_path(url, name)
    finally:
        drop_databases(url, name)


# --- Redis ---------------------------------------------------------------------------------------


def _answers(url: str) -> bool:
    try:
        with closing(redis.Redis.from_url(url, socket_connect_timeout=2)) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


@contextmanager
def _private_redis() -> Iterator[str | None]:
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
def redis_server() -> Iterator[str | None]:
    """Yield the URL of a Redis: that of `CELERY_BROKER_URL`, the local one, or a private one."""
    named = os.environ.get("CELERY_BROKER_URL", "")
    for url in [named, "redis://127.0.0.1:6379/0"]:
        if url.startswith("redis") and _answers(url):
            yield url
            return
    with _private_redis() as private:
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
