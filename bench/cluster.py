"""Everything that a portal on several hosts consists of, as processes of this machine.

`python -m bench.cluster` starts it, prints its address and runs until Ctrl-C: PostgreSQL with a replica
behind PgBouncer, three Redis with three sentinels, an object store, clamd, two hosts of web and worker,
beat, and nginx in front.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit, urlunsplit

import redis
from redis.sentinel import Sentinel

from bench import servers
from bench.objects import ObjectStore, object_store
from bench.scanner import Scanner, scanner
from bench.servers import PrivatePostgres
from bench.stack import ROOT, Stack, composed

PEERS = 3  # Redis servers, and as many sentinels
PASSWORD, PEER_PASSWORD = "only-for-the-cluster", "only-between-its-servers"
FIRST = "portal"  # the name under which sentinels know the Redis that is the first
REDIS, SENTINEL = ROOT / "deploy/redis/redis.sh", ROOT / "deploy/redis/sentinel.sh"
PGBOUNCER = ROOT / "deploy/pgbouncer/pgbouncer.sh"
SESSIONS = 20  # of PostgreSQL, for all web processes and workers together


@dataclass
class Process:
    """One process that can be killed and started again, and what tells that it serves."""

    words: list[str]
    environment: Mapping[str, str]
    log: Path
    ready: Callable[[], object]
    account: str = ""
    running: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(  # noqa: S603 - our own command line
                self.words,
                env=dict(self.environment),
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=self.account or None,
            )

    def kill(self) -> None:
        """End it as a power cut does."""
        if self.running and self.running.poll() is None:
            os.killpg(self.running.pid, signal.SIGKILL)
            self.running.wait()


@dataclass
class Cluster:
    """The running processes by name; `stack` are those of the portal itself."""

    folder: Path
    primary: PrivatePostgres
    replica: PrivatePostgres
    store: ObjectStore
    scanner: Scanner
    processes: dict[str, Process] = field(default_factory=dict)
    stack: Stack = field(init=False)

    @property
    def port(self) -> int:
        """Return the port of nginx, which speaks TLS."""
        return urlsplit(self.stack.base_url).port or 443

    @property
    def names(self) -> list[str]:
        """Return everything that may be killed and comes back."""
        return ["primary", "replica", "clamd", *self.processes, *self.stack.running]

    def end(self) -> None:
        """End the processes beside those of the portal."""
        for process in self.processes.values():
            process.kill()

    def kill(self, name: str) -> None:
        if name in self.processes:
            self.processes[name].kill()
        elif name == "clamd":
            self.scanner.kill()
        elif name in ("primary", "replica"):
            _kill_postgres(getattr(self, name))
        else:
            self.stack.kill(name)

    def start(self, name: str) -> None:
        """Start what was killed, and wait until it serves."""
        if name in self.processes:
            process = self.processes[name]
            process.start()
            ready: Callable[[], object] = process.ready
        elif name == "clamd":
            return self.scanner.start()
        elif name in ("primary", "replica"):
            server: PrivatePostgres = getattr(self, name)
            return server.start()
        else:
            self.stack.start(name)
            ready = partial(self.stack.healthy, name)
        servers.wait_until(ready, what=name)
        return None


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Run all processes for the block, in a folder of their own."""
    with ExitStack() as exits:
        folder = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="portal-cluster-")))
        folder.chmod(0o755)  # PostgreSQL and its pooler run as another account
        primary = exits.enter_context(servers.private_postgres())
        if primary is None:
            raise RuntimeError("no PostgreSQL server can be started here")
        replica = exits.enter_context(replica_of(primary))
        store = exits.enter_context(object_store())
        clamd = exits.enter_context(scanner({}))
        made = Cluster(folder, primary, replica, store, clamd)
        exits.callback(made.end)
        broker = _start_redis(made)
        yield _with_portal(made, broker, exits)


def _with_portal(made: Cluster, broker: str, exits: ExitStack) -> Cluster:
    made.stack = exits.enter_context(
        composed(
            made.folder,
            postgres=made.primary.url,
            files=made.store.url("portal-files"),
            broker=broker,
            pool=partial(_start_pgbouncer, made),
            follower=made.replica.port,
            PORTAL_BROKER_MASTER=FIRST,
            PORTAL_POOLED="1",
            PORTAL_HOSTS="localhost,127.0.0.1",
            PORTAL_CLAMAV_URL=made.scanner.url,
        )
    )
    return made


# --- PostgreSQL ----------------------------------------------------------------------------------


@contextmanager
def replica_of(primary: PrivatePostgres) -> Iterator[PrivatePostgres]:
    """Copy a running server and let the copy follow it for the block."""
    with servers.empty_server() as replica:
        if replica is None:
            raise RuntimeError("no PostgreSQL server can be started here")
        words = ["pg_basebackup", "-R", "-X", "stream", "-c", "fast", "-d", primary.url]
        words += ["-D", str(replica.folder / "data")]
        command = [*replica.prefix, str(replica.programs / words[0]), *words[1:]]
        subprocess.run(command, check=True, cwd=replica.folder)  # noqa: S603 - our own command line
        replica.start()
        yield replica


def _kill_postgres(server: PrivatePostgres) -> None:
    lock = server.folder / "data" / "postmaster.pid"
    pid = int(lock.read_text().splitlines()[0])
    os.kill(pid, signal.SIGKILL)
    # Its sessions notice the end by themselves; while one is left its memory cannot be taken over.
    servers.wait_until(lambda: not _left(server, pid), what="the end of PostgreSQL")
    lock.unlink()  # else the next start warns of it


def _left(server: PrivatePostgres, pid: int) -> bool:
    data = server.folder / "data"
    places = [entry for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return Path(f"/proc/{pid}").exists() or any(_works_in(place, data) for place in places)


def _works_in(process: Path, folder: Path) -> bool:
    try:
        return (process / "cwd").readlink() == folder
    except OSError:  # it ended, or is somebody else's
        return False


def _start_pgbouncer(made: Cluster, url: str) -> str:
    """Start PgBouncer for a role; return the URL of the role through it."""
    parts, port = urlsplit(url), servers.free_port()
    environment = {
        **os.environ,
        "TMPDIR": str(_folder_of(made, "pgbouncer", servers.account())),
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port),
        "POSTGRES_DB": parts.path.lstrip("/"),
        "POSTGRES_APP_ROLE": parts.username or "",
        "DATABASE_PASSWORD": parts.password or "",
        "PGBOUNCER_HOST": "127.0.0.1",
        "PGBOUNCER_PORT": str(port),
        "PGBOUNCER_SESSIONS": str(SESSIONS),
        "PATH": f"{os.environ['PATH']}:/usr/sbin",
    }
    made.processes["pgbouncer"] = _started(
        Process(
            ["/bin/sh", str(PGBOUNCER)],
            environment,
            made.folder / "pgbouncer.log",
            partial(servers.listens, port),
            servers.account(),
        ),
        "PgBouncer",
    )
    host = f"{parts.username}:{parts.password}@127.0.0.1:{port}"
    return urlunsplit(parts._replace(netloc=host))


# --- Redis ---------------------------------------------------------------------------------------


def _start_redis(made: Cluster) -> str:
    """Start three Redis and three sentinels; return the URL of the queue behind them."""
    ports = [servers.free_port() for _ in range(2 * PEERS)]
    first = {"REDIS_FIRST_HOST": "127.0.0.1", "REDIS_FIRST_PORT": str(ports[0])}
    for number in range(2 * PEERS):
        watches = number >= PEERS
        name = f"sentinel-{number - PEERS + 1}" if watches else f"redis-{number + 1}"
        own = _folder_of(made, name)
        words = ["/bin/sh", str(SENTINEL if watches else REDIS), "--bind", "127.0.0.1"]
        words += [] if watches else ["--port", str(ports[number]), "--dir", str(own)]
        environment = {
            **os.environ,
            "TMPDIR": str(own),
            "REDIS_PASSWORD": PASSWORD,
            "REDIS_PEER_PASSWORD": PEER_PASSWORD,
            **(first if number else {}),
            **({"SENTINEL_PORT": str(ports[number])} if watches else {}),
        }
        made.processes[name] = _started(
            Process(
                words,
                environment,
                made.folder / f"{name}.log",
                partial(servers.listens, ports[number]),
            ),
            name,
        )
    known = [("127.0.0.1", port) for port in ports[PEERS:]]
    sentinel = Sentinel(known, sentinel_kwargs={"password": PASSWORD})
    servers.wait_until(lambda: _agree(sentinel), what="the sentinels")
    return ";".join(f"sentinel://portal:{PASSWORD}@{host}:{port}/0" for host, port in known)


def _agree(sentinel: Sentinel) -> bool:
    try:
        return len(sentinel.discover_slaves(FIRST)) == PEERS - 1
    except redis.RedisError:
        return False


# --- Processes -----------------------------------------------------------------------------------


def _started(process: Process, name: str) -> Process:
    process.start()
    servers.wait_until(process.ready, what=name)
    return process


def _folder_of(made: Cluster, name: str, account: str = "") -> Path:
    folder = made.folder / name
    folder.mkdir()
    if account:
        shutil.chown(folder, account)
    return folder


def main(out: IO[str]) -> None:
    """Run a cluster until Ctrl-C."""
    servers.stop_on_sigterm()
    with cluster() as made:
        out.write(f"{made.stack.base_url}\n{made.folder}\n")
        out.flush()
        while True:
            time.sleep(3_600)


if __name__ == "__main__":
    main(sys.stdout)
