"""The services of docker-compose.yml as processes of this machine, behind its nginx."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
import yaml

from bench import nginx, servers

ROOT = Path(__file__).parents[1]
COMPOSE = ROOT / "docker-compose.yml"
REFERENCE = re.compile(r"\$\$|\$\{(\w+)(?:(:[?-])([^}]*))?\}")
SECRETS = ROOT / "deploy/secrets.sh"
MOUNTED = "/run/secrets"
STOP_SECONDS = 40
MIGRATE_SECONDS = 900  # of a slow machine, from no table to all


def interpolate(value: Any, variables: Mapping[str, str]) -> Any:
    """Fill in `${NAME}`, `${NAME:-default}` and `${NAME:?why}` as Compose does."""

    def filled(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        known = variables.get(match[1], "")
        if not known and match[2] == ":?":
            raise KeyError(f"{match[1]}: {match[3]}")
        return known or (match[3] if match[2] == ":-" else "")

    match value:
        case dict():
            return {key: interpolate(each, variables) for key, each in value.items()}
        case list():
            return [interpolate(each, variables) for each in value]
        case str():
            return REFERENCE.sub(filled, value)
    return value


def services(variables: Mapping[str, str]) -> dict:
    """Return the services of the file with the variables filled in."""
    return interpolate(yaml.safe_load(COMPOSE.read_text()), variables)["services"]


@dataclass
class Stack:
    """What runs, where it answers, and where its mail and logs lie."""

    folder: Path
    services: dict
    base_url: str
    plain_url: str
    web_url: str
    certificate: Path
    mailbox: Path
    environments: dict[str, dict[str, str]]
    database: str  # its URL for an administrator
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def words(self, command: list[str]) -> list[str]:
        """Give the container's own /tmp a folder of this run."""
        return [re.sub(r"/tmp\b", str(self.folder / "tmp"), word) for word in command]

    def start(self, name: str) -> "subprocess.Popen[bytes]":
        """Start a service with the very command and environment of the file."""
        with (self.folder / f"{name}.log").open("ab") as log:
            if name == "nginx":
                self.running[name] = nginx.run(self.folder / "nginx", log)
                return self.running[name]
            self.running[name] = subprocess.Popen(
                self.words(self.services[name]["command"]),
                cwd=ROOT,
                env=self.environments[name],
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self.running[name]

    def run(self, name: str, *words: str) -> str:
        """Run a command in the environment of a service; return what it printed."""
        done = subprocess.run(
            words,
            cwd=ROOT,
            env=self.environments[name],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise AssertionError(done.stdout + done.stderr)
        return done.stdout

    def healthy(self, name: str) -> bool:
        """Run the health check of the file once; a process that has ended never becomes healthy."""
        if self.running[name].poll() is not None:
            raise AssertionError(f"{name} ended:\n{self.log(name)}")
        if name == "nginx":
            return servers.listens(urlsplit(self.base_url).port or 443)
        kind, *check = self.services[name]["healthcheck"]["test"]
        if kind == "CMD-SHELL":
            check = ["sh", "-c", *check]
        words = self.words(check)
        environment = self.environments[name]
        done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, check=False)
        return done.returncode == 0

    def stop(self, name: str) -> int:
        """Ask a service to stop, as `docker compose stop` does; return its exit code."""
        process = self.running.pop(name)
        process.terminate()
        try:
            return process.wait(timeout=STOP_SECONDS)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def log(self, name: str) -> str:
        return self.whole_log(name)[-4000:]

    def whole_log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def metrics(self, name: str) -> str:
        """Return what a service tells Prometheus."""
        port = self.environments[name]["PORTAL_METRICS_PORT"]
        answer = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=20)
        answer.raise_for_status()
        return answer.text

    def stop_all(self) -> None:
        """Ask all services to stop, then wait for each."""
        for process in self.running.values():
            process.terminate()
        for name in list(self.running):
            self.stop(name)

    def kill(self, name: str) -> None:
        """End a service as a power cut does."""
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def session(self) -> requests.Session:
        """Return a client that trusts this run's certificate and no other."""
        client = requests.Session()
        client.trust_env = False
        client.verify = str(self.certificate)
        return client


def write_secrets(folder: Path, *, files: str = "", **urls: str) -> None:
    """Make the secrets as an operator does, with the passwords of these servers and a bucket."""
    folder.mkdir()
    (folder / "files_url").write_text(files)
    for name, url in urls.items():
        (folder / f"{name}_password").write_text(urlsplit(url).password or "")
    subprocess.run(["sh", SECRETS, folder], check=True)


def without_password(url: str) -> str:
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=user.partition(":")[0] + at + host))


def _environments(file: dict, changed: dict[str, str], folder: Path) -> dict[str, dict[str, str]]:
    """Map each service's environment onto this machine: same names, local addresses."""
    base = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(folder / "tmp"),
        "TMPDIR": str(folder / "tmp"),
        "LANG": "C.UTF-8",
        "HOSTNAME": socket.gethostname(),
    }
    result = {}
    for name in ("migrate", "web", "worker", "heavy-worker", "beat"):
        given = file[name]["environment"]
        local = {key: changed.get(key, value) for key, value in given.items()}
        result[name] = base | {
            key: value.replace(MOUNTED, str(folder / "secrets")) for key, value in local.items()
        }
        # The same in each container; here all of them are one host.
        result[name]["PORTAL_METRICS_PORT"] = str(servers.free_port())
    return result


def _second_host(stack: Stack, port: int) -> None:
    """Add a web process and a worker of a second host.

    From now on no two processes share a folder.
    """
    web, worker = dict(stack.services["web"]), dict(stack.services["worker"])
    worker["command"] = [*worker["command"], "--hostname=second@%h"]
    check = worker["healthcheck"]["test"]
    worker["healthcheck"] = {"test": [word.replace("=celery@", "=second@") for word in check]}
    stack.services |= {"web-2": web, "worker-2": worker}
    stack.environments["web-2"] = stack.environments["web"] | {"PORT": str(port)}
    stack.environments["worker-2"] = dict(stack.environments["worker"])
    for name in ("web-2", "worker-2"):
        stack.environments[name]["PORTAL_METRICS_PORT"] = str(servers.free_port())
    for name, environment in stack.environments.items():
        own = stack.folder / f"data-{name}"
        stack.environments[name] = environment | {"PORTAL_DATA_DIR": str(own)}


@contextmanager
def composed(
    folder: Path,
    *,
    postgres: str,
    files: str = "",
    broker: str = "",
    pool: Callable[[str], str] | None = None,
    follower: int = 0,
    template: str = "template1",
    **more: str,
) -> Iterator[Stack]:
    """Run migrate, web, worker and beat of the file, and nginx, until the block ends.

    With `files`, a `PORTAL_FILES_URL`, two hosts of web and worker run, each with its own folder,
    and no heavy worker. `broker` is the URL of a queue instead of a Redis of its own; `pool` starts a
    pooler for the URL of the serving role and returns the one through it; `follower` is the port of a
    replica of the server. The database is a copy of `template`, which migrate brings up to date. `more`
    are variables that each of them gets beside those of the file.
    """
    ports = {name: servers.free_port() for name in ("web", "web-2", "http", "https")}
    mailbox = folder / "mail"
    (folder / "tmp").mkdir()
    (folder / "data").mkdir()
    mailbox.mkdir()
    certificate = nginx.write_certificate(folder / "tls")
    base_url = f"https://localhost:{ports['https']}"
    variables = {
        "PORTAL_SECRETS_DIR": str(folder / "secrets"),
        "PORTAL_ORIGIN": base_url,
        "PORTAL_HOSTS": "localhost",
        "PORTAL_FROM_EMAIL": "portal@localhost",
        "EMAIL_URL": f"filemail:///{mailbox}",
        "PORTAL_TLS_DIR": str(certificate.parent),
    }
    file = services(variables)
    with ExitStack() as exits:
        database = exits.enter_context(servers.divided_database(postgres, template=template))
        redis = broker or exits.enter_context(servers.queue_redis())
        app = database.app
        if follower:
            name = urlsplit(app).path
            more["PORTAL_READ_URL"] = f"postgres://{database.app_role}@127.0.0.1:{follower}{name}"
        write_secrets(
            folder / "secrets",
            files=files,
            database=app,
            database_owner=database.owner,
            redis=redis.split(";")[0],
        )
        changed = {
            "DATABASE_URL": without_password(pool(app) if pool else app),
            "PORTAL_APP_ROLE": database.app_role,
            "CELERY_BROKER_URL": ";".join(map(without_password, redis.split(";"))),
            "PORTAL_DATA_DIR": str(folder / "data"),
            "PORTAL_STATIC_DIR": str(folder / "static"),
            "PORT": str(ports["web"]),
        }
        stack = Stack(
            folder=folder,
            services=file,
            base_url=base_url,
            plain_url=f"http://localhost:{ports['http']}",
            web_url=f"http://localhost:{ports['web']}",
            certificate=certificate,
            mailbox=mailbox,
            database=database.admin,
            environments={
                name: given | more for name, given in _environments(file, changed, folder).items()
            },
        )
        # The owner migrates, past any pooler.
        stack.environments["migrate"]["DATABASE_URL"] = without_password(database.owner)
        for name in ("PORTAL_POOLED", "PORTAL_READ_URL"):
            stack.environments["migrate"].pop(name, None)
        webs = [ports["web"]]
        if files:
            _second_host(stack, ports["web-2"])
            webs.append(ports["web-2"])
        unused = {"migrate", "heavy-worker"} if files else {"migrate"}
        names = [name for name in stack.environments if name not in unused]
        exits.callback(stack.stop_all)
        if stack.start("migrate").wait(timeout=MIGRATE_SECONDS):
            raise AssertionError(f"migrate failed:\n{stack.log('migrate')}")
        del stack.running["migrate"]
        for name in names:
            stack.start(name)
        with (folder / "nginx.log").open("wb") as log:
            stack.running["nginx"] = nginx.start(
                folder / "nginx",
                origin=base_url,
                web=webs,
                http=ports["http"],
                https=ports["https"],
                certificate=certificate,
                log=log,
            )
        for name in names:
            try:
                servers.wait_until(partial(stack.healthy, name), what=name)
            except TimeoutError as late:
                raise AssertionError(f"{late}\n{stack.log(name)}") from late
        yield stack
