"""Declare database triggers that refuse what the code never does, also from direct SQL.

Each app lists its own in `<app>/guards.py` as `GUARDS`. `portal.records.guard_sync` installs them
after every migration and compares them with what the database holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from portal.core.moves import OWNER, Move

INSIDER = "staff do not act on their own firm or themselves"
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
    """One promise about a table, and the triggers that keep it in either database.

    `always` are the events that it refuses for every row: nobody needs the right to them.
    """

    promise: str
    sqlite: tuple[Trigger, ...]
    postgresql: tuple[Trigger, ...]
    functions: tuple[Function, ...] = field(default=())
    always: frozenset[str] = field(default=frozenset())

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
        always=frozenset() if when or when_postgresql or exists else frozenset(events),
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
    return replace(rows, postgresql=(*rows.postgresql, truncate))


def by_outsiders(
    table: str, column: str, *, insiders: str, when: str = "", message: str = INSIDER
) -> list[Guard]:
    """Refuse a signer in `column` who is among the insiders at the moment of signing.

    `insiders` is a query over NEW for the ids of accounts; `when` a condition on NEW.
    """
    exists = f"SELECT 1 WHERE NEW.{column} IN ({insiders})"
    signed = f"NEW.{column} IS NOT NULL" + (f" AND ({when})" if when else "")
    changed = f"{signed} AND COALESCE(NEW.{column}, 0) <> COALESCE(OLD.{column}, 0)"
    return [
        refuse(table, f"{column}_outside", event, message=message, when=condition, exists=exists)
        for event, condition in (("INSERT", signed), ("UPDATE", changed))
    ]


def moves_by_outsiders(table: str, moves: Mapping[str, Move], *, insiders: str) -> Guard:
    """Refuse a move of staff by somebody who is an insider when it is made.

    `insiders` is a query over NEW, a row of the move log, for the ids of accounts.
    """
    own = sorted(name for name, row in moves.items() if OWNER in row.roles or row.by_tied)
    of_staff = f" AND NEW.move NOT IN ({', '.join(map(repr, own))})" if own else ""
    return refuse(
        table,
        "by_outsiders",
        "INSERT",
        message=INSIDER,
        when=f"NEW.by_id IS NOT NULL{of_staff}",
        exists=f"SELECT 1 WHERE NEW.by_id IN ({insiders})",
    )


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
