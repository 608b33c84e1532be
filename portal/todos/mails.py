"""Mails before something is due: one a day for each person, and one in the last hours."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from portal.core.clock import KST
from portal.core.dates import end_of_day
from portal.jobs import queue
from portal.jobs.progress import Progress, no_progress
from portal.models import Job, JobState, Notice, TodoSettings, User
from portal.notices import outbox
from portal.todos.declared import Kind, Table, Todo, Turn, declared, due_between, urgency

DAY_JOB, HOUR_JOB = "portal.todos", "portal.todos_soon"
HOUR = 8  # in Korea, from which the mails of the day are written (assumption)
MADE_UP = 6
"""Days without a mail, such as of an outage, that the next one makes up for."""
BATCH = 500
SHOWN = 50
DAY = timedelta(days=1)
URGENT = 1
"""Days before which also those are told who want urgent mails only."""


def schedule(now: datetime) -> None:
    """Start today's mails, once a day, and those of the last hours, once for each instant."""
    local = now.astimezone(KST)
    if local.hour >= HOUR:
        day = local.date().isoformat()
        queue.enqueue(DAY_JOB, key=f"todos:{day}", day=day)
    for _, kind in _kinds():
        for hours in kind.hours:
            for at in sorted(set(kind.instants(now, now + timedelta(hours=hours)))):
                key = f"todos-soon:{kind.code}:{at:%Y%m%d%H%M%S}:{hours}"
                queue.enqueue(HOUR_JOB, key=key, code=kind.code, at=at.isoformat(), hours=hours)


def write_day(day: date, now: datetime, progress: Progress = no_progress) -> int:
    """Write the mail of a day to everybody for whom something is due soon; return how many.

    Safe to repeat: nobody gets a second mail on one day. Days on which none was written count too.
    """
    last = _last_day_before(day)
    found: dict[int, tuple[User, list[Todo]]] = {}
    kinds = list(_kinds())
    for place, (table, kind) in enumerate(kinds):
        progress(place, len(kinds))
        for days in kind.days:
            start = end_of_day(last + days * DAY)
            _gather(found, table, kind, start, end_of_day(day + days * DAY), now)
    soon = end_of_day(day + URGENT * DAY)
    quiet = set(TodoSettings.objects.filter(urgent_only=True).values_list("user", flat=True))
    people = [
        (person, rows if person.pk not in quiet else [row for row in rows if _by(row, soon)])
        for person, rows in found.values()
    ]
    letters = {f"todos:{day.isoformat()}:{person.pk}": (person, rows) for person, rows in people}
    return _write("portal/todos", letters, now)


def write_soon(code: str, at: datetime, *, hours: int, now: datetime) -> int:
    """Write to everybody for whom rows of a kind are due at this instant; return how many mails."""
    table, kind = next(row for row in _kinds() if row[1].code == code)
    found: dict[int, tuple[User, list[Todo]]] = {}
    if now < at:
        _gather(found, table, kind, at - timedelta(microseconds=1), at, now)
    stamp = f"{code}:{at:%Y%m%d%H%M%S}:{hours}"
    letters = {f"todos-soon:{stamp}:{pk}": row for pk, row in found.items()}
    return _write("portal/todos_soon", letters, now)


def _kinds() -> Iterable[tuple[Table, Kind]]:
    return ((table, kind) for table in declared() for kind in table.kinds)


def _by(todo: Todo, end: datetime) -> bool:
    return todo.due_at is not None and todo.due_at <= end


def _last_day_before(day: date) -> date:
    """Return the last day whose mails were written; the day before when that is long ago."""
    earlier = [day - number * DAY for number in range(1, MADE_UP + 1)]
    keys = {f"todos:{one.isoformat()}": one for one in earlier}
    done = Job.objects.filter(key__in=list(keys), state=JobState.DONE)
    return max((keys[key] for key in done.values_list("key", flat=True)), default=earlier[0])


def _gather(
    found: dict[int, tuple[User, list[Todo]]],
    table: Table,
    kind: Kind,
    start: datetime,
    end: datetime,
    now: datetime,
) -> None:
    """Add what is due after `start` and until `end` to the people who have to act."""
    holders: dict[object, list[Todo]] = {}
    for todo, holder in due_between(kind, table, start, end, now):
        if todo.turn != Turn.OTHERS and not todo.late:
            holders.setdefault(holder, []).append(todo)
    keys = list(holders)
    for first in range(0, len(keys), BATCH):
        for holder, people in kind.party.people(keys[first : first + BATCH]).items():
            for person in people:
                found.setdefault(person.pk, (person, []))[1].extend(holders[holder])


def _write(template: str, letters: Mapping[str, tuple[User, list[Todo]]], now: datetime) -> int:
    """Write the letters that were not written before; return how many."""
    told = {key: row for key, row in letters.items() if row[1]}
    known = set(Notice.objects.filter(key__in=list(told)).values_list("key", flat=True))
    fresh = [(key, *row) for key, row in told.items() if key not in known]
    for first in range(0, len(fresh), BATCH):
        outbox.write_many(
            _letter(template, key, person, todos, now)
            for key, person, todos in fresh[first : first + BATCH]
        )
    return len(fresh)


def _letter(template: str, key: str, person: User, todos: list[Todo], now: datetime) -> Notice:
    # Of two tables that name one row the list holds both; the same row twice is one.
    rows = sorted({(row.kind, row.pk): row for row in todos}.values(), key=urgency)
    fields = outbox.compose(
        template,
        to_email=person.email,
        user=person,
        now=now,
        first=rows[0],
        others=len(rows) - 1,
        todos=rows[:SHOWN],
        more=max(0, len(rows) - SHOWN),
    )
    return Notice(key=key, **fields)
