"""Declare database triggers that refuse what the code never does, also from direct SQL.

Each app lists its own in `<app>/guards.py` as `GUARDS`. `portal.records.guard_sync` installs them
after every migration and compares them with what the database holds.
"""

from dataclasses import dataclass, field

INTEGRITY_ERROR = "USING ERRCODE = 'integrity_constraint_violation'"


@dataclass(frozen=True)
class Trigger:
    """The parts of `CREATE TRIGGER name event ON table action`."""

    name: str
    event: str
    table: str
    action: str

    @property
    def sql(self) -> str:
        return f'CREATE TRIGGER "{self.name}" {self.event} ON "{self.table}" {self.action}'


@dataclass(frozen=True)
class Function:
    """A trigger function of PostgreSQL in PL/pgSQL."""

    name: str
    body: str

    @property
    def sql(self) -> str:
        return (
            f'CREATE OR REPLACE FUNCTION "{self.name}"() RETURNS trigger LANGUAGE plpgsql'
            f" AS $${self.body}$$"
        )


@dataclass(frozen=True)
class Guard:
    """One promise about a table, and the triggers that keep it in either database."""

    promise: str
    sqlite: tuple[Trigger, ...]
    postgresql: tuple[Trigger, ...]
    functions: tuple[Function, ...] = field(default=())

    @property
    def tables(self) -> set[str]:
        return {trigger.table for trigger in (*self.sqlite, *self.postgresql)}


REFUSE = Function(
    "portal_refuse",
    f"""
BEGIN
    RAISE EXCEPTION '%: %', TG_TABLE_NAME, TG_ARGV[0] {INTEGRITY_ERROR};
END
""",
)


def refuse(
    table: str,
    name: str,
    *events: str,
    message: str,
    when: str = "",
    when_postgresql: str = "",
    exists: str = "",
) -> Guard:
    """Refuse these events (INSERT, UPDATE, DELETE) on rows of a table with `message`.

    `when` is a condition on NEW and OLD; `when_postgresql` replaces it where the dialects differ.
    `exists` is a query: only rows for which it returns something are refused. One trigger per event
    is made, named `<table>_<name>_<event>`.
    """
    conditions = [f"({when})"] if when else []
    if exists:
        conditions.append(f"EXISTS ({exists})")
    restriction = f"WHEN {' AND '.join(conditions)} " if conditions else ""
    when_postgresql = when_postgresql or when
    restriction_postgresql = f"WHEN ({when_postgresql}) " if when_postgresql else ""
    call = f"{REFUSE.name}('{message}')"
    functions = [REFUSE]
    if exists:
        # The WHEN of a PostgreSQL trigger allows no query.
        call = f"{table}_{name}()"
        functions = [Function(f"{table}_{name}", _refuse_if(exists, f"{table}: {message}"))]
    return Guard(
        promise=message,
        sqlite=tuple(
            Trigger(
                f"{table}_{name}_{event.lower()}",
                f"BEFORE {event}",
                table,
                restriction + abort(f"{table}: {message}"),
            )
            for event in events
        ),
        postgresql=tuple(
            Trigger(
                f"{table}_{name}_{event.lower()}",
                f"BEFORE {event}",
                table,
                f"FOR EACH ROW {restriction_postgresql}EXECUTE FUNCTION {call}",
            )
            for event in events
        ),
        functions=tuple(functions),
    )


def append_only(table: str) -> Guard:
    """Refuse UPDATE, DELETE and (PostgreSQL) TRUNCATE on a table.

    SQLite needs `PRAGMA recursive_triggers=ON` (see settings) for the row that an
    `INSERT OR REPLACE` would silently delete.
    """
    message = "rows are only ever added (append-only)"
    rows = refuse(table, "no", "UPDATE", "DELETE", message=message)
    truncate = Trigger(
        f"{table}_no_truncate",
        "BEFORE TRUNCATE",
        table,
        f"FOR EACH STATEMENT EXECUTE FUNCTION {REFUSE.name}('{message}')",
    )
    return Guard(message, rows.sqlite, (*rows.postgresql, truncate), rows.functions)


def abort(message: str) -> str:
    """Return the action of a SQLite trigger that fails with this message."""
    return f"BEGIN SELECT RAISE(ABORT, '{message}'); END"


def _refuse_if(exists: str, message: str) -> str:
    return f"""
BEGIN
    IF EXISTS ({exists}) THEN
        RAISE EXCEPTION '{message}' {INTEGRITY_ERROR};
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
"""
