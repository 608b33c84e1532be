"""Install the declared guards after migrations, and find those that the database lacks."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from django.apps import apps
from django.core import checks
from django.core.cache import caches
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.module_loading import module_has_submodule

from portal.records.guards import Guard, Trigger

NO_TABLE = "지켜야 할 표가 없습니다"
MISSING = "데이터베이스에 없습니다"
CHANGED = "선언과 다릅니다"
DISABLED = "꺼져 있습니다"
UNDECLARED = "선언되지 않은 트리거입니다"
NOT_FIRED = "이 설정에서는 트리거가 다 실행되지 않습니다"

SIGNED = "portal guard "

READY_SECONDS = 60
"""How long a web process relies on its last comparison."""

logger = logging.getLogger("portal.guards")


@dataclass(frozen=True)
class Fault:
    """A difference between the declared guards and the database, and the SQL that removes it."""

    name: str
    problem: str
    repair: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        return f"{self.name}: {self.problem}"


@dataclass(frozen=True)
class Installed:
    """A trigger that the database holds.

    `text` is the statement that made it, on PostgreSQL the comment left by `_sign`; `definition` is
    PostgreSQL's own wording.
    """

    name: str
    table: str
    text: str
    definition: str = ""
    enabled: bool = True

    @property
    def ours(self) -> bool:
        """Whether the portal made it; in SQLite there is nobody else."""
        return not self.definition or self.text.startswith(SIGNED)

    def is_made_by(self, trigger: Trigger) -> bool:
        signed = _signature(trigger, self.definition) if self.definition else trigger.sql
        return self.text == signed


def declared() -> list[Guard]:
    """Return the guards of every installed app, in the order of INSTALLED_APPS."""
    return [
        guard
        for config in apps.get_app_configs()
        if config.module is not None and module_has_submodule(config.module, "guards")
        for guard in import_module(f"{config.name}.guards").GUARDS
    ]


def faults(guards: Sequence[Guard], using: str = DEFAULT_DB_ALIAS) -> list[Fault]:
    """Compare the database with the declared guards; return every difference.

    A database that was never migrated has none.
    """
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    if "django_migrations" not in tables:
        return []
    triggers = _triggers(guards, connection)
    return [
        *_setting_faults(connection),
        *(Fault(name, NO_TABLE) for name in sorted({each.table for each in triggers} - tables)),
        *_function_faults(guards, connection),
        *_trigger_faults([each for each in triggers if each.table in tables], connection),
    ]


def install(guards: Sequence[Guard], using: str = DEFAULT_DB_ALIAS) -> None:
    """Create what is missing, replace what differs, drop undeclared triggers; leave the rest alone.

    Guards of tables that do not exist (yet) are left out.
    """
    connection = connections[using]
    repairs = [fault for fault in faults(guards, using) if fault.repair]
    if not repairs:
        return
    with transaction.atomic(using=using), connection.cursor() as cursor:
        for fault in repairs:
            for statement in fault.repair:
                cursor.execute(statement)
        if connection.vendor == "postgresql":
            names = {fault.name for fault in repairs}
            _sign(
                [each for each in _triggers(guards, connection) if each.name in names], connection
            )


def before_migrate(*, using: str, plan: Sequence[Any] = (), **kwargs: Any) -> None:
    """Drop the triggers of a SQLite database that is about to change.

    Django alters a SQLite table by dropping and renaming a copy, which SQLite refuses while a
    trigger of another table refers to it. When a migration fails, the triggers are missing until
    `migrate` succeeds, and `/readyz/` fails meanwhile. On PostgreSQL the guards stay in force: a
    migration that alters a column named in a trigger drops that trigger itself.
    """
    connection = connections[using]
    if plan and connection.vendor == "sqlite":
        with transaction.atomic(using=using), connection.cursor() as cursor:
            for trigger in _installed(connection):
                cursor.execute(_drop(trigger, connection))


def after_migrate(*, using: str, **kwargs: Any) -> None:
    install(declared(), using)


def check_guards(
    databases: Sequence[str] | None = None, **kwargs: Any
) -> list[checks.CheckMessage]:
    """Fail `check --deploy` for every guard that is missing, changed or disabled.

    Only a deployment check: `migrate` runs the ordinary ones first and could then repair nothing.
    """
    return [
        checks.Error(str(fault), hint="manage.py migrate로 다시 설치합니다.", id="portal.E001")
        for using in databases or [DEFAULT_DB_ALIAS]
        for fault in faults(declared(), using)
    ]


def in_force() -> bool:
    """Return whether the database holds every guard; compared once a minute in each process."""
    cache = caches["limits"]
    answer = cache.get("guards")
    if answer is None:
        wrong = faults(declared())
        for fault in wrong:
            logger.error("%s", fault)
        answer = not wrong
        cache.set("guards", answer, READY_SECONDS)
    return bool(answer)


# --- Comparison ----------------------------------------------------------------------------------


def _trigger_faults(wanted: Sequence[Trigger], connection: BaseDatabaseWrapper) -> list[Fault]:
    found = {(each.table, each.name): each for each in _installed(connection)}
    wrong = []
    for trigger in wanted:
        existing = found.pop((trigger.table, trigger.name), None)
        if existing is None:
            wrong.append(Fault(trigger.name, MISSING, (trigger.sql,)))
        elif not (existing.enabled and existing.is_made_by(trigger)):
            problem = CHANGED if existing.enabled else DISABLED
            wrong.append(Fault(trigger.name, problem, (_drop(existing, connection), trigger.sql)))
    stray = [each for each in found.values() if each.ours]
    return [*wrong, *(Fault(each.name, UNDECLARED, (_drop(each, connection),)) for each in stray)]


def _function_faults(guards: Sequence[Guard], connection: BaseDatabaseWrapper) -> list[Fault]:
    if connection.vendor != "postgresql":
        return []
    wanted = {each.name: each for guard in guards for each in guard.functions}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, prosrc FROM pg_proc WHERE proname = ANY(%s) AND pronargs = 0"
            " AND pronamespace = current_schema()::regnamespace",
            [list(wanted)],
        )
        bodies: dict[str, str] = dict(cursor.fetchall())
    return [
        Fault(name, CHANGED if name in bodies else MISSING, (function.sql,))
        for name, function in wanted.items()
        if bodies.get(name) != function.body
    ]


def _setting_faults(connection: BaseDatabaseWrapper) -> list[Fault]:
    name, needed = "recursive_triggers", "1"
    query = "PRAGMA recursive_triggers"
    if connection.vendor == "postgresql":
        name, needed = "session_replication_role", "origin"
        query = "SHOW session_replication_role"
    with connection.cursor() as cursor:
        cursor.execute(query)
        (value,) = cursor.fetchone()
    return [] if str(value) == needed else [Fault(f"{name}={value}", NOT_FIRED)]


# --- What the database holds ---------------------------------------------------------------------


def _triggers(guards: Sequence[Guard], connection: BaseDatabaseWrapper) -> list[Trigger]:
    sqlite = connection.vendor == "sqlite"
    return [each for guard in guards for each in (guard.sqlite if sqlite else guard.postgresql)]


def _installed(connection: BaseDatabaseWrapper) -> list[Installed]:
    query = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'"
    if connection.vendor == "postgresql":
        query = """
            SELECT t.tgname, c.relname, COALESCE(obj_description(t.oid, 'pg_trigger'), ''),
                pg_get_triggerdef(t.oid), t.tgenabled IN ('O', 'A')
            FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
            WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace
        """
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [Installed(*row) for row in cursor.fetchall()]


def _drop(trigger: Installed, connection: BaseDatabaseWrapper) -> str:
    table = f' ON "{trigger.table}"' if connection.vendor == "postgresql" else ""
    return f'DROP TRIGGER "{trigger.name}"{table}'


def _signature(trigger: Trigger, definition: str) -> str:
    digest = hashlib.sha256(f"{trigger.sql}\n{definition}".encode()).hexdigest()
    return f"{SIGNED}{digest}"


def _sign(triggers: Sequence[Trigger], connection: BaseDatabaseWrapper) -> None:
    """Write, as each new trigger's comment, the hash of its declaration and its definition.

    PostgreSQL keeps no text of the statement, only its own wording: the comment ties the two
    together, so that a change of either is found.
    """
    definitions = {(each.table, each.name): each.definition for each in _installed(connection)}
    with connection.cursor() as cursor:
        for trigger in triggers:
            signature = _signature(trigger, definitions[trigger.table, trigger.name])
            cursor.execute(
                f'COMMENT ON TRIGGER "{trigger.name}" ON "{trigger.table}" IS %s', [signature]
            )
