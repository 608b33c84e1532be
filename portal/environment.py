"""The environment variables that the settings read: name, type, default and meaning.

Each may stand in a file instead, named by the variable with `_FILE` behind its name.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping

from portal.core.particles import with_particle
from portal.registries.declared import registries

BASE_DIR = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Variable:
    """One environment variable; `shown` is the default as the reference prints it."""

    name: str
    type: type
    default: object
    meaning: str
    shown: str = ""

    @property
    def row(self) -> str:
        """Return the variable as a row of the Markdown table."""
        default = self.shown or (f"`{self.default}`" if self.default != "" else "none")
        return f"| `{self.name}` | {self.type.__name__} | {default} | {self.meaning} |"


def _earlier(name: str, meaning: str) -> Variable:
    return Variable(
        f"{name}_FALLBACKS",
        list,
        [],
        f"Earlier ones, newest first, separated by commas or lines: {meaning}",
        shown="none",
    )


VARIABLES = (
    Variable(
        "PORTAL_SECRET_KEY",
        str,
        "",
        "Key of sessions, cookies, forms and reset links: at least 50 random characters. Required.",
    ),
    _earlier("PORTAL_SECRET_KEY", "who signed in under them stays signed in."),
    Variable(
        "PORTAL_TICKET_KEY",
        str,
        "",
        "Key of the tickets of forms that could not be carried out: at least 50 random characters, "
        "another than `PORTAL_SECRET_KEY`. Without it there are no tickets.",
    ),
    _earlier("PORTAL_TICKET_KEY", "their tickets are still redeemed."),
    Variable(
        "PORTAL_OPEN_DATA_KEY",
        str,
        "",
        "Key of the names in the open data: at least 50 random characters.",
        shown="`PORTAL_SECRET_KEY`",
    ),
    _earlier("PORTAL_OPEN_DATA_KEY", "the last one makes the names until it is taken out."),
    Variable(
        "PORTAL_HASH_KEY",
        str,
        "",
        "Key of the hashes under which addresses and devices are compared: at least 50 random "
        "characters.",
        shown="`PORTAL_SECRET_KEY`",
    ),
    _earlier("PORTAL_HASH_KEY", "the last one makes the hashes until it is taken out."),
    Variable(
        "PORTAL_MFA_KEY",
        str,
        "",
        "Key under which second factors are encrypted in the database: at least 50 random "
        "characters. Without it they are stored as they are.",
    ),
    Variable(
        "PORTAL_RECEIPT_KEY",
        str,
        "",
        "Key that signs the receipts of restore drills: at least 50 random characters. Without it "
        "there are no drills.",
    ),
    _earlier("PORTAL_RECEIPT_KEY", "receipts signed by them are still known as the portal's."),
    Variable(
        "PORTAL_BACKUP_CONFIG",
        str,
        "",
        "File of pgBackRest on the host that keeps the backups, such as "
        "`/etc/pgbackrest/pgbackrest.conf`. With it beat asks for a restore drill each night.",
    ),
    _earlier("PORTAL_MFA_KEY", "what they encrypted is still read."),
    Variable(
        "PORTAL_ORIGIN",
        str,
        "http://127.0.0.1:8000",
        "Public address, without a path. `https://` turns on secure cookies, HSTS and redirects.",
    ),
    Variable(
        "PORTAL_HOSTS",
        list,
        ["127.0.0.1", "localhost", "[::1]"],
        "Host names that are answered, separated by commas.",
        shown="`127.0.0.1,localhost,[::1]`",
    ),
    Variable(
        "PORTAL_PROXIES",
        int,
        0,
        "Number of the deployment's own proxies in front; decides which client address is believed.",
    ),
    Variable(
        "DATABASE_URL",
        str,
        "",
        "Database: `postgres://user@host:5432/name`; with `?sslmode=verify-full&sslrootcert=FILE` "
        "encrypted and checked.",
        shown="SQLite in `PORTAL_DATA_DIR`",
    ),
    Variable("DATABASE_PASSWORD", str, "", "Password that is put into `DATABASE_URL`."),
    Variable(
        "PORTAL_APP_ROLE",
        str,
        "",
        "Role of PostgreSQL that `web`, `worker` and `beat` sign in as: `prepare`, run as the owner of "
        "the tables, grants it what it needs. Set for `migrate` only.",
    ),
    Variable(
        "CELERY_BROKER_URL",
        str,
        "memory://localhost",
        "Redis that wakes the workers: `redis://host:6379/0`, or encrypted and checked "
        "`rediss://host:6379/0?ssl_cert_reqs=required&ssl_ca_certs=FILE`. In memory for one process.",
    ),
    Variable("REDIS_PASSWORD", str, "", "Password that is put into `CELERY_BROKER_URL`."),
    Variable(
        "PORTAL_BROKER_MASTER",
        str,
        "portal",
        "With `sentinel://user@host:26379/0;sentinel://user@host:26379/0`, three of them: the name under "
        "which the sentinels know the Redis.",
    ),
    Variable(
        "PORTAL_POOLED",
        bool,
        False,
        "`DATABASE_URL` is that of PgBouncer in transaction mode: the limits of sessions are settings "
        "of the role then.",
    ),
    Variable(
        "PORTAL_READ_URL",
        str,
        "",
        "Database that follows the one of `DATABASE_URL`, by streaming replication: public lists, "
        "statistics and open data are read from it. `DATABASE_PASSWORD` is put into it as well.",
    ),
    Variable(
        "PORTAL_READ_LAG_SECONDS",
        float,
        10.0,
        "Seconds that `PORTAL_READ_URL` may be behind; beyond them it is not read from.",
    ),
    Variable(
        "EMAIL_URL",
        str,
        "consolemail://",
        "Mail server: `smtp+tls://user@host:587`.",
    ),
    Variable("EMAIL_PASSWORD", str, "", "Password that is put into `EMAIL_URL`."),
    Variable("PORTAL_FROM_EMAIL", str, "portal@localhost", "Sender of the portal's mails."),
    Variable(
        "PORTAL_DATA_DIR",
        str,
        str(BASE_DIR / "var"),
        "Folder of uploads and issued documents.",
        shown="`var` in the project",
    ),
    Variable(
        "PORTAL_FILES_URL",
        str,
        "",
        "Bucket of an object store for uploads, films and issued documents: "
        "`s3://key:secret@bucket?endpoint=https://host:port&region=name`, key and secret "
        "percent-encoded. Without `endpoint` Amazon S3; several hosts need it or a shared disk.",
        shown="`private` in `PORTAL_DATA_DIR`",
    ),
    Variable(
        "PORTAL_FILES_SIGNED",
        bool,
        False,
        "Downloads go to a signed address of the store, valid for a minute, which browsers must be "
        "able to reach. Off: the portal sends them itself.",
    ),
    Variable(
        "PORTAL_CLAMAV_URL",
        str,
        "",
        "Scanner of uploads (clamd): `tcp://host:3310` or `unix:///run/clamav/clamd.ctl`. Without it "
        "nothing is scanned.",
    ),
    Variable(
        "PORTAL_STATIC_DIR",
        str,
        "",
        "Folder of collected static files; in production not the one of the uploads.",
        shown="`static` in `PORTAL_DATA_DIR`",
    ),
    Variable(
        "PORTAL_NTS_URL",
        str,
        "",
        "Address of the National Tax Service's registry of businesses, as data.go.kr gives it: "
        "`https://api.odcloud.kr/api/nts-businessman/v1`. Without it no firm is looked up.",
    ),
    Variable("PORTAL_NTS_KEY", str, "", "Key of data.go.kr for `PORTAL_NTS_URL`, not URL-encoded."),
    Variable(
        "PORTAL_REGISTRIES",
        str,
        "",
        "Further registries of agencies as JSON, by their code in `portal/registries/registries.yaml`: "
        '`{"sme_certificate": {"address": "https://…", "key": "…"}}`. One that is not named is not '
        "asked.",
    ),
    Variable(
        "PORTAL_BREACHED_PASSWORDS",
        str,
        "",
        "File of SHA-1 hashes of breached passwords, sorted (Pwned Passwords ordered by hash).",
    ),
    Variable(
        "PORTAL_CONN_MAX_AGE", int, 60, "Seconds for which a database connection is kept open."
    ),
    Variable(
        "PORTAL_IN_FLIGHT",
        int,
        4,
        "Requests that one web process works on at once; as many database connections.",
    ),
    Variable(
        "PORTAL_SLOW_SECONDS",
        float,
        8.0,
        "Seconds after which an answer counts as slow in the incident records.",
    ),
    Variable(
        "PORTAL_METRICS_PORT",
        int,
        0,
        "Port on which each service tells Prometheus its metrics at `/metrics`; never reachable from "
        "outside. 0: none.",
    ),
    Variable(
        "PORTAL_INCIDENT_SECONDS",
        float,
        20.0,
        "Seconds after which each process stores what it counted for the incident records; at most 60.",
    ),
    Variable(
        "PORTAL_LOG_LEVEL", str, "WARNING", "Level of everything but the portal's own logger."
    ),
    Variable(
        "PORTAL_OTLP_URL",
        str,
        "",
        "OpenTelemetry collector that takes OTLP over HTTP, such as `http://collector:4318`.",
    ),
    Variable(
        "PORTAL_SENTRY_DSN",
        str,
        "",
        "Sentry server for errors: `https://key@host/number`. Only kinds and places of errors are sent.",
    ),
    Variable(
        "PORTAL_LOG_FORMAT",
        str,
        "line",
        "`line` for people, `json` for a collector: one object a line, with the number of the request.",
    ),
    Variable(
        "PORTAL_DEBUG", bool, False, "Django's debug pages and a known secret. Never in production."
    ),
)


class Given(FileAwareMapping):
    """The environment; a variable may stand in the file that `<name>_FILE` names instead.

    Line ends behind the value are left out; the values of a list may stand on lines of their own.
    Reading raises ImproperlyConfigured.
    """

    def __init__(self) -> None:
        super().__init__(cache=False)

    def __getitem__(self, name: str) -> str:
        file = self.env.get(f"{name}_FILE")
        if not file:
            value: str = self.env[name]
            return value
        if self.env.get(name):
            raise ImproperlyConfigured(
                f"{with_particle(name, '과/와')} {name}_FILE 가운데 하나만 정해 주세요."
            )
        try:
            text = Path(file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ImproperlyConfigured(
                f"{name}_FILE에 적힌 파일을 읽지 못했습니다: {file} ({type(error).__name__})"
            ) from error
        if text.startswith("$"):  # read as the name of another variable by django-environ
            raise ImproperlyConfigured(f"{name}_FILE의 내용은 $로 시작할 수 없습니다: {file}")
        return ",".join(text.splitlines())


class Environment(environ.Env):
    ENVIRON = Given()


env = Environment(**{row.name: (row.type, row.default) for row in VARIABLES})

SHORTEST_KEY = 50


def keys(name: str) -> list[str]:
    """Return a key and its predecessors, newest first; [] where it is not set.

    Raises ImproperlyConfigured for a short one, and for predecessors without a key.
    """
    newest, earlier = env(name), env(f"{name}_FALLBACKS")
    if earlier and not newest:
        raise ImproperlyConfigured(
            f"{name}_FALLBACKS만 있고 {name}가 없습니다. 새 키를 정해 주세요."
        )
    found: list[str] = [newest, *earlier] if newest else []
    if any(len(key) < SHORTEST_KEY for key in found):
        raise ImproperlyConfigured(
            f"{name}와 {name}_FALLBACKS의 키는 {SHORTEST_KEY}자 이상의 임의 문자열이어야 합니다."
        )
    return found


def refuse_shared(purposes: Mapping[str, Iterable[str]]) -> None:
    """Raise ImproperlyConfigured where one key serves two purposes."""
    for (one, ours), (other, theirs) in combinations(purposes.items(), 2):
        if set(ours) & set(theirs):
            raise ImproperlyConfigured(
                f"{other}는 {one}와 다른 {SHORTEST_KEY}자 이상의 임의 문자열이어야 합니다."
            )


def with_password(url: str, name: str) -> str:
    """Return the URL with the password that the variable holds; as it is without one.

    Raises ImproperlyConfigured where the URL has a password of its own, or no host.
    """
    password = env(name)
    if not password:
        return url
    parts = urlsplit(url)
    if not parts.hostname:
        raise ImproperlyConfigured(f"{name}를 넣을 서버 주소가 없습니다.")
    if parts.password:
        raise ImproperlyConfigured(f"비밀번호는 {name}와 주소 가운데 한 곳에만 적어 주세요.")
    user, _, host = parts.netloc.rpartition("@")
    netloc = f"{user.rstrip(':')}:{quote(password, safe='')}@{host}"
    return urlunsplit(parts._replace(netloc=netloc))


def further_registries(text: str) -> dict[str, dict[str, str]]:
    """Return the entries of `settings.REGISTRIES` that a JSON text names; an empty one names none.

    Raises ImproperlyConfigured for anything else than address and key of a registry with a contract.
    """
    refusal = ImproperlyConfigured(
        'PORTAL_REGISTRIES는 {"조회 코드": {"address": "…", "key": "…"}} 꼴의 JSON이어야 합니다.'
    )
    try:
        named = json.loads(text or "{}")
        entries = {code: (row["address"], row["key"]) for code, row in named.items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        raise refusal from None  # the text holds keys
    known = {code for code, row in registries().items() if row.contract}
    if set(entries) - known or not all(address and key for address, key in entries.values()):
        raise refusal
    return {
        code: {
            "adapter": "portal.registries.public_data.Service",
            "registry": code,
            "address": address,
            "key": key,
        }
        for code, (address, key) in entries.items()
    }


def reference() -> str:
    """Return docs/settings.md: every variable with type, default and meaning."""
    rows = "\n".join(row.row for row in VARIABLES)
    return (
        "# Settings\n\n"
        "Environment variables that `portal/settings.py` reads. Each may stand in a file instead:\n"
        "`PORTAL_SECRET_KEY_FILE` names the file that holds `PORTAL_SECRET_KEY`. This page is written\n"
        "by `python -m portal.environment > docs/settings.md`; a test compares the two.\n\n"
        "| variable | type | default | meaning |\n|---|---|---|---|\n"
        f"{rows}\n"
    )


if __name__ == "__main__":
    print(reference(), end="")  # noqa: T201 - the command's output
