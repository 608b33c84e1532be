"""Shared fixtures: servers, the flush of append-only tables, and no silent skip."""

import functools
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.cache import caches
from django.db import connection, transaction
from django.db.models.sql.compiler import SQLCompiler
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, expect
from xdist.scheduler import LoadScopeScheduling

from bench import servers
from portal.access.roles import ensure_groups
from portal.core import clock
from portal.records import grants, guard_sync, incidents
from tests import databases
from tests.patience import PATIENCE
from tests.run import SERVED

ROOT = Path(__file__).parents[1]
CI = os.environ.get("CI") == "true"
CHROMIUM = servers.chromium()
# A busy machine is no fault of a rule: the time of an example decides nothing.
settings.register_profile("portal", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("portal")
# Playwright keeps an event loop running in the thread of the test; the portal itself is sync.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Let the session of the servers import only the files that name one of its marks."""
    if config.option.markexpr != SERVED or not collection_path.name.startswith("test_"):
        return None
    named = re.search(rf"mark\.({SERVED.replace(' or ', '|')})\b", collection_path.read_text())
    return None if named else True


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip, with the reason, what this machine cannot run; `CI=true` turns a skip into a failure."""
    postgres = "" if os.environ.get("PORTAL_TEST_DATABASE_URL") else "no PORTAL_TEST_DATABASE_URL"
    redis = "" if os.environ.get("PORTAL_TEST_REDIS_URL") else "no PORTAL_TEST_REDIS_URL"
    nginx = "" if servers.binary("nginx") else "nginx is not installed"
    lacking = {
        "postgres": postgres,
        "redis": redis,
        "browser": "" if CHROMIUM else "no Chromium (set CHROMIUM=)",
        "compose": postgres or redis or nginx,
        "pdf": " ".join(servers.pdf_packages_missing()),
    }
    for item in items:
        for marker, reason in lacking.items():
            if reason and item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


class Together(LoadScopeScheduling):
    """Gives one process all tests of the files that name an `xdist_group`; any process the others.

    The mark alone does nothing: pytest-xdist 3.8 looks for it where pytest 9.2 has no names.
    """

    def _split_scope(self, nodeid: str) -> str:
        return _group(nodeid.partition("::")[0]) or nodeid


@functools.cache
def _group(file: str) -> str:
    found = re.search(r'xdist_group\("(\w+)"\)', (ROOT / file).read_text())
    return found[1] if found else ""


def pytest_xdist_make_scheduler(config: pytest.Config, log) -> Together | None:
    return Together(config, log) if config.getvalue("dist") == "loadgroup" else None


def pytest_unconfigure(config: pytest.Config) -> None:
    """Drop the template when the processes that copied it have ended."""
    database = os.environ.get("PORTAL_TEST_DATABASE_URL")
    if database and not hasattr(config, "workerinput"):
        servers.drop_databases(database, databases.template_name())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    report = yield
    if CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"CI=true allows no skip: {item.nodeid}: {report.longrepr[2]}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector):
    report = yield
    if CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"CI=true allows no skip: {collector.nodeid}: {report.longrepr[2]}"
    return report


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> Iterator[None]:
    """Let one process of the session run the migrations."""
    create = connection.creation.create_test_db

    def create_once(*args, **options):
        with databases.copied_from_the_first():
            return create(*args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection.creation, "create_test_db", create_once)
        yield


# --- The flush after a test that commits ---------------------------------------------------------


def _flush_sqlite(execute, statements: list[str]) -> None:
    """Drop the triggers, empty the tables, create the same triggers again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = cursor.fetchall()
        for name, _ in triggers:
            cursor.execute(f'DROP TRIGGER "{name}"')
    try:
        execute(statements)
    finally:
        with connection.cursor() as cursor:
            for _, sql in triggers:
                cursor.execute(sql)


def _flush_postgres(execute, statements: list[str]) -> None:
    """Put the triggers to sleep inside the transaction that empties the tables.

    Where the sequences go on, only tables that hold rows are emptied: TRUNCATE would write new
    files for all of them and all of their indexes. The locks are those of TRUNCATE.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if any("RESTART IDENTITY" in sql for sql in statements):
            with _triggers_asleep(cursor):
                execute(statements)
            return
        quoted = connection.ops.quote_name
        tables = list(map(quoted, connection.introspection.django_table_names(only_existing=True)))
        cursor.execute(f"LOCK TABLE {', '.join(tables)}")
        rows = [f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in tables]
        cursor.execute(" UNION ALL ".join(rows))
        used = [name for (name,) in cursor.fetchall()]
        with _triggers_asleep(cursor, used):
            for name in used:
                cursor.execute(f"DELETE FROM {name}")
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no table with open checks is altered


@contextmanager
def _triggers_asleep(cursor, tables: list[str] | None = None) -> Iterator[None]:
    """Disable our triggers, on these tables or on all; then enable them as they were."""
    cursor.execute(
        "SELECT tgrelid::regclass::text, quote_ident(tgname), tgenabled FROM pg_trigger"
        " WHERE NOT tgisinternal AND tgenabled <> 'D'"
        " AND (%s::regclass[] IS NULL OR tgrelid = ANY(%s::regclass[]))",
        [tables, tables],
    )
    triggers = cursor.fetchall()
    for table, name, _ in triggers:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
    yield
    for table, name, enabled in triggers:
        mode = {"A": "ALWAYS ", "R": "REPLICA "}.get(enabled, "")
        cursor.execute(f"ALTER TABLE {table} ENABLE {mode}TRIGGER {name}")


@pytest.fixture(autouse=True, scope="session")
def flush_of_append_only_tables() -> Iterator[None]:
    """Let the flush empty append-only tables, and make the role groups again afterwards."""
    execute = type(connection.ops).execute_sql_flush
    tear_down = TransactionTestCase._fixture_teardown

    def flush(self, statements):
        awake = _flush_postgres if connection.vendor == "postgresql" else _flush_sqlite
        awake(lambda sql: execute(self, sql), statements)

    def restore(self):
        tear_down(self)
        ensure_groups()

    patch = pytest.MonkeyPatch()
    patch.setattr(type(connection.ops), "execute_sql_flush", flush)
    patch.setattr(TransactionTestCase, "_fixture_teardown", restore)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def nothing_of_other_tests() -> None:
    """Forget what a process remembers: when the database's clock was read, and failures counted."""
    clock._last = None
    incidents._counter.file.remove()
    incidents._counter.begin()


@pytest.fixture(autouse=True, scope="session")
def locks_on_rows_that_are_only_added() -> Iterator[None]:
    """Fail a query that locks rows which the serving role may not change: PostgreSQL would refuse it."""
    compiled = SQLCompiler.as_sql
    refused = grants.refused(guard_sync.declared())

    def as_sql(self, *words, **more):
        found = compiled(self, *words, **more)
        if self.query.select_for_update:
            everything = [each.table_name for each in self.query.alias_map.values()]
            of = self.query.select_for_update_of
            locked = everything if not of else [self.query.model._meta.db_table]
            assert of in ((), ("self",)), of
            assert not any("UPDATE" in refused[table] for table in locked), locked
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SQLCompiler, "as_sql", as_sql)
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Make the role groups, as `prepare` does after migrating."""
    with django_db_blocker.unblock():
        # pytest-django creates no database when no selected test asks for one.
        if Group._meta.db_table in connection.introspection.table_names():
            ensure_groups()


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """Forget used-up codes and rate limits of the test before."""
    for cache in caches.all():
        cache.clear()


# --- Servers -------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Return the URL of a Redis database that was empty and is this run's alone; emptied after."""
    with servers.claimed_redis(os.environ["PORTAL_TEST_REDIS_URL"]) as url:
        yield url


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """Use the system's Chromium; its sandbox cannot start as root."""
    args = ["--disable-dev-shm-usage", "--force-color-profile=srgb"]
    if os.geteuid() == 0:
        args.append("--no-sandbox")
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": args}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict) -> dict:
    return {
        **browser_context_args,
        "locale": "ko-KR",
        "timezone_id": "Asia/Seoul",
        "viewport": {"width": 1280, "height": 900},
    }


@pytest.fixture(autouse=True, scope="session")
def patience_of_browsers() -> Iterator[None]:
    """Let every page and expectation wait long: a busy machine is no fault of a page."""
    expect.set_options(timeout=PATIENCE * 1000)
    new_context = Browser.new_context

    def patient(self: Browser, **options):
        made = new_context(self, **options)
        made.set_default_timeout(PATIENCE * 1000)
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Browser, "new_context", patient)
        yield
