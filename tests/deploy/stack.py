"""The services of docker-compose.yml as processes of this machine, behind its nginx."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import requests
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bench import servers

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
REFERENCE = re.compile(r"\$\$|\$\{(\w+)(?:(:[?-])([^}]*))?\}")
STOP_SECONDS = 40
SECRET_KEY = "a-key-for-the-composed-processes-that-opens-nothing-elsewhere"


def interpolate(value: object, variables: Mapping[str, str]) -> object:
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
    return interpolate(yaml.safe_load(COMPOSE.read_text())["services"], variables)


@dataclass
class Stack:
    """What runs, where it answers, and where its mail and logs lie."""

    folder: Path
    services: dict
    base_url: str
    plain_url: str
    certificate: Path
    mailbox: Path
    environments: dict[str, dict[str, str]]
    running: dict[str, subprocess.Popen] = field(default_factory=dict)

    def words(self, command: list[str]) -> list[str]:
        """Give the container's own /tmp a folder of this run."""
        return [re.sub(r"/tmp\b", str(self.folder / "tmp"), word) for word in command]

    def start(self, name: str) -> subprocess.Popen:
        """Start a service with the very command and environment of the file."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                self.words(self.services[name]["command"]),
                cwd=ROOT,
                env=self.environments[name],
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self.running[name]

    def healthy(self, name: str) -> bool:
        """Run the health check of the file once; a process that has ended never becomes healthy."""
        if self.running[name].poll() is not None:
            raise AssertionError(f"{name} ended:\n{self.log(name)}")
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
        return (self.folder / f"{name}.log").read_text(errors="replace")[-4000:]

    def session(self) -> requests.Session:
        """Return a client that trusts this run's certificate and no other."""
        client = requests.Session()
        client.trust_env = False
        client.verify = str(self.certificate)
        return client


def _certificate(folder: Path) -> Path:
    """Write a short-lived certificate for localhost the way the folder of the real one looks."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    begins = datetime.now(UTC) - timedelta(hours=1)
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir()
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    chain = folder / "fullchain.pem"
    chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return chain


def _start_nginx(stack: Stack, values: dict[str, str]) -> None:
    """Run nginx with the conf of the repository; only ports, upstream and folders differ."""
    template = (ROOT / "deploy/nginx/portal.conf.template").read_text()
    conf = re.sub(r"\$\{(\w+)\}", lambda match: values[match[1]], template)
    folder = stack.folder / "nginx"
    folder.mkdir()
    (folder / "portal.conf").write_text(conf)
    kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    temporary = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; worker_processes 1; pid {folder}/pid; error_log stderr;\n"
        f"events {{}}\nhttp {{ include /etc/nginx/mime.types; access_log off;\n{temporary}\n"
        f"include {folder}/portal.conf; }}\n"
    )
    words = [servers.binary("nginx"), "-e", "stderr", "-p", folder, "-c", folder / "nginx.conf"]
    with (stack.folder / "nginx.log").open("wb") as log:
        stack.running["nginx"] = subprocess.Popen(
            [str(word) for word in words], stdout=log, stderr=log, start_new_session=True
        )


def _environments(file: dict, changed: dict[str, str], folder: Path) -> dict[str, dict[str, str]]:
    """Map each service's environment onto this machine: same names, local addresses."""
    base = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(folder / "tmp"),
        "LANG": "C.UTF-8",
        "HOSTNAME": socket.gethostname(),
    }
    result = {}
    for name in ("migrate", "web", "worker", "beat"):
        given = file[name]["environment"]
        result[name] = base | given | {key: changed[key] for key in given if key in changed}
    return result


@contextmanager
def composed(folder: Path, *, postgres: str, broker: str) -> Iterator[Stack]:
    """Run migrate, web, worker and beat of the file, and nginx, until the block ends."""
    ports = {name: servers.free_port() for name in ("web", "http", "https")}
    mailbox = folder / "mail"
    (folder / "tmp").mkdir()
    (folder / "data").mkdir()
    mailbox.mkdir()
    certificate = _certificate(folder / "tls")
    base_url = f"https://localhost:{ports['https']}"
    variables = {
        "PORTAL_SECRET_KEY": SECRET_KEY,
        "PORTAL_ORIGIN": base_url,
        "PORTAL_HOSTS": "localhost",
        "PORTAL_FROM_EMAIL": "portal@localhost",
        "EMAIL_URL": f"filemail:///{mailbox}",
        "POSTGRES_PASSWORD": "unused",
        "REDIS_PASSWORD": "unused",
        "PORTAL_TLS_DIR": str(certificate.parent),
    }
    file = services(variables)
    with ExitStack() as exits:
        changed = {
            "DATABASE_URL": exits.enter_context(servers.empty_database(postgres)),
            "CELERY_BROKER_URL": exits.enter_context(servers.claimed_redis(broker)),
            "PORTAL_DATA_DIR": str(folder / "data"),
            "PORT": str(ports["web"]),
        }
        stack = Stack(
            folder=folder,
            services=file,
            base_url=base_url,
            plain_url=f"http://localhost:{ports['http']}",
            certificate=certificate,
            mailbox=mailbox,
            environments=_environments(file, changed, folder),
        )
        exits.callback(lambda: [stack.stop(name) for name in list(stack.running)])
        if stack.start("migrate").wait(timeout=180):
            raise AssertionError(f"migrate failed:\n{stack.log('migrate')}")
        del stack.running["migrate"]
        for name in ("web", "worker", "beat"):
            stack.start(name)
        _start_nginx(
            stack,
            {
                "PORTAL_HTTP_PORT": str(ports["http"]),
                "PORTAL_HTTPS_PORT": str(ports["https"]),
                "PORTAL_WEB": f"127.0.0.1:{ports['web']}",
                "PORTAL_TLS": str(certificate.parent),
                "PORTAL_PAGES": str(ROOT / "deploy/nginx/pages"),
            },
        )
        for name in ("web", "worker", "beat"):
            try:
                servers.wait_until(lambda each=name: stack.healthy(each), seconds=90, what=name)
            except TimeoutError as late:
                raise AssertionError(f"{late}\n{stack.log(name)}") from late
        yield stack
