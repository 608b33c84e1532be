"""One migrated database for a whole session: the first process migrates, the next ones copy it."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection


def folder() -> Path:
    """Return the folder of this run; the process that named it takes it away."""
    made = Path(os.environ["PORTAL_TEST_FOLDER"])
    made.mkdir(parents=True, exist_ok=True)
    return made


def sqlite_template() -> Path:
    """Name the file that holds the tables and nothing of any test."""
    return folder() / "migrated.sqlite3"


def template_name() -> str:
    """Name the PostgreSQL database that holds the tables and nothing of any test."""
    return f"test_portal_{os.environ['PORTAL_TEST_RUN']}_template"


@contextmanager
def copied_from_the_first() -> Iterator[None]:
    """Create the test database inside: from the session's template, else it becomes the template.

    The migrations run in either case and find nothing left to do in a copy.
    """
    made = sqlite_template()
    with (folder() / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if connection.vendor == "postgresql":
            yield from _on_postgres(made.with_suffix(".postgresql"))
        else:
            yield from _on_sqlite(made)


def _on_sqlite(template: Path) -> Iterator[None]:
    if template.exists():
        # `migrate` calls it before it looks for what was applied.
        connection.prepare_database = lambda: _copy(template)
        try:
            yield
        finally:
            del connection.prepare_database
        return
    yield
    half = template.with_suffix(".half")
    with closing(sqlite3.connect(half)) as target:
        connection.connection.backup(target)
    half.rename(template)


def _copy(template: Path) -> None:
    connection.ensure_connection()
    with closing(sqlite3.connect(template)) as source:
        source.backup(connection.connection)


def _on_postgres(mark: Path) -> Iterator[None]:
    wanted = settings.DATABASES["default"]["TEST"]
    if mark.exists():
        wanted["TEMPLATE"] = template_name()
        yield
        return
    yield
    name = connection.settings_dict["NAME"]
    connection.close()  # a database that somebody uses is nobody's template
    with connection.creation._nodb_cursor() as cursor:
        # Nor one with a session that has not quite ended.
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s",
            [name],
        )
        cursor.execute(f'CREATE DATABASE "{template_name()}" TEMPLATE "{name}"')
    mark.touch()
