"""What waits for a firm, a supplier or an address: each app declares its kinds in a table.

The list on the first page, the calendar and the mails before a deadline all read these tables
(`settings.TODOS`); nothing else says what somebody outside the ministry has to do.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import F, QuerySet, TextChoices
from django.utils.module_loading import import_string

from portal.models import User

MOST = 100
"""Rows of one kind in a list: the most urgent where a column says when they are due."""
CHUNK = 500


class Turn(TextChoices):
    """Whose turn it is, in the order of the list."""

    MINE = "mine", "우리가 할 일"
    RIGHT = "right", "할 수 있는 일"
    OTHERS = "others", "다른 곳에서 처리 중"


@dataclass(frozen=True)
class Party:
    """For what people stand, such as firms: `people` returns those of each key."""

    name: str
    people: Callable[[Collection[Any]], Mapping[Any, Sequence[User]]]


@dataclass(frozen=True)
class Kind:
    """Rows that wait, for whom, until when, and where it is done.

    `rows` are all that wait at an instant, whoever's they are; `key` is their lookup to a key of the
    party. `due` reads when a row is due; `column` names the column that holds it, if one does. A row
    that `lapses` is gone when it is due, any other one is late. `days` says how many days before
    mails go out, `hours` how many hours before a mail of its own does; `instants` are then all due
    instants after one and until another.
    """

    code: str
    party: Party
    key: str
    turn: Turn | Callable[[Any], Turn]
    rows: Callable[[datetime], QuerySet[Any]]
    label: str | Callable[[Any], str]
    about: Callable[[Any], str]
    address: Callable[[Any], str]
    due: Callable[[Any], datetime | None]
    column: str = ""
    lapses: bool = False
    days: tuple[int, ...] = (7, 1)
    hours: tuple[int, ...] = ()
    instants: Callable[[datetime, datetime], Iterable[datetime]] = lambda start, end: ()


@dataclass(frozen=True)
class Standing:
    """The keys of a person by party, and the codes of the kinds of which there may be rows.

    So that a kind costs a statement only where it can have rows.
    """

    keys: Mapping[Party, Collection[Any]]
    codes: Collection[str]


@dataclass(frozen=True)
class Table:
    """The kinds of an app. `named` reads at once what words and addresses of some rows need."""

    kinds: tuple[Kind, ...]
    standing: Callable[[User], Standing]
    named: Callable[[Sequence[Any]], None]


@dataclass(frozen=True)
class Todo:
    """One thing that waits, in words; `subject` groups those of one application."""

    kind: str
    pk: int
    turn: Turn
    label: str
    about: str
    address: str
    due_at: datetime | None
    late: bool
    subject: int | None = None


@cache
def declared() -> Sequence[Table]:
    """Return the tables of all apps. Raises ValueError when two kinds share a code."""
    tables: list[Table] = [import_string(path) for path in settings.TODOS]
    codes = [kind.code for table in tables for kind in table.kinds]
    if len(set(codes)) < len(codes):
        raise ValueError("two kinds share a code")
    return tables


def todos_of(person: User, now: datetime) -> list[Todo]:
    """Return what waits for a person or for others in their name: late first, then by due instant.

    Takes a few statements, however many rows there are.
    """
    found: list[Todo] = []
    for table in declared():
        standing = table.standing(person)
        kinds = [kind for kind in table.kinds if kind.code in standing.codes]
        rows = [
            (kind, row) for kind in kinds for row in _rows_of(kind, standing.keys[kind.party], now)
        ]
        table.named([row for _, row in rows])
        found += [todo for kind, row in rows if (todo := describe(kind, row, now))]
    return sorted(found, key=urgency)


def _rows_of(kind: Kind, keys: Collection[Any], now: datetime) -> Iterable[Any]:
    mine = kind.rows(now).filter(**{f"{kind.key}__in": list(keys)})
    order = F(kind.column).asc(nulls_last=True) if kind.column else "pk"
    return mine.order_by(order)[:MOST]


def due_between(
    kind: Kind, table: Table, start: datetime, end: datetime, now: datetime
) -> Iterable[tuple[Todo, Any]]:
    """Yield what is due after `start` and until `end`, with the key of whom it waits for.

    Midnight is the end of the day before it.
    """
    rows = kind.rows(now).annotate(todo_holder=F(kind.key))
    if kind.column:
        rows = rows.filter(**{f"{kind.column}__gt": start, f"{kind.column}__lte": end})
    chunk: list[Any] = []
    for row in rows.order_by("pk").iterator(chunk_size=CHUNK):
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield from _due(kind, table, chunk, start, end, now)
            chunk = []
    yield from _due(kind, table, chunk, start, end, now)


def _due(
    kind: Kind, table: Table, rows: list[Any], start: datetime, end: datetime, now: datetime
) -> Iterable[tuple[Todo, Any]]:
    table.named(rows)
    for row in rows:
        todo = describe(kind, row, now)
        if todo and todo.due_at and start < todo.due_at <= end:
            yield todo, row.todo_holder


def describe(kind: Kind, row: Any, now: datetime) -> Todo | None:
    """Return a row in words; None when it has lapsed."""
    due_at = kind.due(row)
    late = due_at is not None and due_at <= now
    if late and kind.lapses:
        return None
    return Todo(
        kind=kind.code,
        pk=row.pk,
        turn=kind.turn if isinstance(kind.turn, Turn) else kind.turn(row),
        label=kind.label if isinstance(kind.label, str) else kind.label(row),
        about=kind.about(row),
        address=kind.address(row),
        due_at=due_at,
        late=late,
        subject=getattr(row, "of_application", None),
    )


def urgency(todo: Todo) -> tuple[int, bool, float, str, int]:
    """Order by whose turn it is, then by when it is due; what has no date comes last."""
    due = todo.due_at.timestamp() if todo.due_at else 0.0
    return list(Turn).index(todo.turn), todo.due_at is None, due, todo.kind, todo.pk


def by_turn(todos: Iterable[Todo]) -> list[tuple[str, list[Todo]]]:
    """Return the todos under the label of whose turn it is; turns without any are left out."""
    rows = list(todos)
    parts = [(str(turn.label), [row for row in rows if row.turn == turn]) for turn in Turn]
    return [(label, found) for label, found in parts if found]
