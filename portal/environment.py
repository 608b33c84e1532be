"""The environment variables that the settings read: name, type, default and meaning."""

from dataclasses import dataclass
from pathlib import Path

import environ

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


VARIABLES = (
    Variable(
        "PORTAL_SECRET_KEY",
        str,
        "",
        "Secret of sessions, tokens and keyed hashes: at least 50 random characters. Required.",
    ),
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
        "Database: `postgres://user:password@host:5432/name`.",
        shown="SQLite in `PORTAL_DATA_DIR`",
    ),
    Variable(
        "CELERY_BROKER_URL",
        str,
        "memory://localhost",
        "Redis that wakes the workers: `redis://:password@host:6379/0`. In memory for one process.",
    ),
    Variable(
        "EMAIL_URL",
        str,
        "consolemail://",
        "Mail server: `smtp+tls://user:password@host:587`.",
    ),
    Variable("PORTAL_FROM_EMAIL", str, "portal@localhost", "Sender of the portal's mails."),
    Variable(
        "PORTAL_DATA_DIR",
        str,
        str(BASE_DIR / "var"),
        "Folder of uploads, issued documents and collected static files.",
        shown="`var` in the project",
    ),
    Variable(
        "PORTAL_CONN_MAX_AGE", int, 60, "Seconds for which a database connection is kept open."
    ),
    Variable(
        "PORTAL_SLOW_SECONDS",
        float,
        8.0,
        "Seconds after which an answer counts as slow in the incident records.",
    ),
    Variable(
        "PORTAL_LOG_LEVEL", str, "WARNING", "Level of everything but the portal's own logger."
    ),
    Variable(
        "PORTAL_DEBUG", bool, False, "Django's debug pages and a known secret. Never in production."
    ),
)

env = environ.Env(**{row.name: (row.type, row.default) for row in VARIABLES})


def reference() -> str:
    """Return docs/settings.md: every variable with type, default and meaning."""
    rows = "\n".join(row.row for row in VARIABLES)
    return (
        "# Settings\n\n"
        "Environment variables that `portal/settings.py` reads. This page is written by\n"
        "`python -m portal.environment > docs/settings.md`; a test compares the two.\n\n"
        "| variable | type | default | meaning |\n|---|---|---|---|\n"
        f"{rows}\n"
    )


if __name__ == "__main__":
    print(reference(), end="")  # noqa: T201 - the command's output
