"""The catalogue, read and parsed once per process for each revision of its rows.

Triggers (`programs.guards`) give the catalogue a new revision in the same transaction as any change
of it. One short query per call tells whether what this process keeps is still current. Revisions
are unique: a change that is rolled back takes its revision with it, and no other has the same.

Nobody is given what is kept itself: every call makes new instances, whose columns of JSON refuse to
be changed (`portal.core.frozen`). Setting an attribute of an instance changes that instance alone.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol, TypeVar

from django.db import connection, models
from django.db.models.base import ModelState

from portal.core.frozen import frozen
from portal.postgresql.replica import on_primary
from programs.models import (
    BonusItem,
    Budget,
    Criterion,
    NationalGoal,
    ProgramRound,
    RequiredDocument,
    RoundChange,
    SubProgram,
    Track,
)
from programs.rules import eligibility

Row = TypeVar("Row", bound=models.Model)
Revision = tuple[str, ...]

# Sent with every request: the same through a QuerySet takes three times as long and more.
REVISION_SQL = "SELECT token FROM programs_cataloguerevision ORDER BY id"
MONEY_SQL = """
SELECT id, appropriated_won, reserved_won, committed_won, paid_won FROM programs_budget
"""

PARTS: dict[str, type[models.Model]] = {
    "tracks": Track,
    "criteria": Criterion,
    "bonus_items": BonusItem,
    "documents": RequiredDocument,
}
"""The related names of a sub-programme's parts."""


class HasProgram(Protocol):
    """A row with foreign keys to a sub-programme and perhaps to one of its tracks."""

    sub_program: Any
    sub_program_id: int
    track: Any
    track_id: int | None


@dataclass(eq=False)
class KeptProgram:
    """A sub-programme with its parts as they are kept. Shared by all who read it."""

    _row: SubProgram
    _parts: Mapping[str, Sequence[models.Model]]

    def __post_init__(self) -> None:
        self.pk: int = self._row.pk
        self.pot_id: int = self._row.pot_id
        self.round_id: int = self._row.round_id
        self.name = self._row.name
        self.announced = self._row.round.announced
        self.codes = self._row.round.code, self._row.code
        self.window = self._row.window()

    @cached_property
    def conditions(self) -> tuple[eligibility.Condition, ...]:
        return self._row.conditions_parsed()

    def instance(self) -> SubProgram:
        """Return a new instance with its round and all parts, as if read and prefetched now.

        Its pot is read when it is asked for; `with_pots` reads those of many at once.
        """
        program = _copy(self._row, round=_copy(self._row.round))
        for name, kept in self._parts.items():
            _prefetched(program, name, [_copy(row, sub_program=program) for row in kept])
        return program


@dataclass(eq=False)
class Catalogue:
    """The catalogue at one revision. Shared by all who read it; its methods return new instances."""

    revision: Revision
    _rounds: Mapping[int, ProgramRound]
    _changes: Mapping[int, Sequence[RoundChange]]
    _programs: Mapping[int, KeptProgram]
    _goals: Sequence[NationalGoal]

    def __post_init__(self) -> None:
        self._codes = {row.codes: row for row in self._programs.values()}
        windows = [row.window for row in self._programs.values()]
        windows += [row.window() for row in self._rounds.values()]
        ends = {instant for row in windows for instant in (row.opens_at, row.closes_at)}
        self._instants = sorted(instant for instant in ends if instant is not None)

    def program(self, sub_program: int) -> KeptProgram:
        """Return what is kept of the sub-programme. Raises SubProgram.DoesNotExist."""
        if (found := self._programs.get(sub_program)) is None:
            raise SubProgram.DoesNotExist
        return found

    def sub_program(self, sub_program: int) -> SubProgram:
        """Return the sub-programme with this primary key. Raises SubProgram.DoesNotExist."""
        return self.program(sub_program).instance()

    def find(self, round: str, code: str) -> KeptProgram | None:
        """Return what is kept of a sub-programme of an announced round; None where there is none."""
        found = self._codes.get((round, code))
        return found if found is not None and found.announced else None

    def programs(self, round: ProgramRound | int) -> list[KeptProgram]:
        """Return what is kept of the sub-programmes of a round, in their order."""
        key = round if isinstance(round, int) else round.pk
        return [row for row in self._programs.values() if row.round_id == key]

    def sub_programs(self, round: ProgramRound | int) -> list[SubProgram]:
        """Return the sub-programmes of a round in their order."""
        return [row.instance() for row in self.programs(round)]

    def rounds(self) -> list[ProgramRound]:
        """Return the announced rounds, the one that opened or will open last first."""
        return [_copy(row) for row in self._rounds.values() if row.announced]

    def round_of(self, code: str, at: datetime) -> ProgramRound | None:
        """Return the round of this code, the current one for a code that names none."""
        return next((row for row in self.rounds() if row.code == code), self.current_round(at))

    def current_round(self, at: datetime) -> ProgramRound | None:
        """Return the latest announced round that has opened, else the next one to open."""
        announced = [row for row in self._rounds.values() if row.announced]
        opened = [row for row in announced if row.opens_at <= at]
        found = opened[:1] or announced[-1:]
        return _copy(found[0]) if found else None

    def passed(self, at: datetime) -> int:
        """Return how many openings and closings lie before: what is open changes with each."""
        return bisect_right(self._instants, at)

    def changes(self, round: ProgramRound) -> list[RoundChange]:
        """Return all changes of a round's dates and announcement, oldest first."""
        return [_copy(row) for row in self._changes.get(round.pk, ())]

    def goals(self) -> list[NationalGoal]:
        return list(map(_copy, self._goals))

    def put_on(self, rows: Iterable[HasProgram]) -> None:
        """Set the sub-programme and track of applications; rows of one programme share an instance."""
        made: dict[int, SubProgram] = {}
        for row in rows:
            key = row.sub_program_id
            if key not in made:
                made[key] = self.sub_program(key)
            row.sub_program = made[key]
            if row.track_id is not None:
                row.track = next(one for one in made[key].tracks.all() if one.pk == row.track_id)


_kept: Catalogue | None = None


def catalogue(revision: Revision = ()) -> Catalogue:
    """Return the catalogue as it is in the database now, by one short query where it is kept.

    `revision` is one that the caller has just read together with other rows; then it is not asked for.
    """
    global _kept
    revision = revision or _revision()
    known = _kept
    if known is not None and known.revision == revision:
        return known
    # The revision is read before the rows: a change in between is noticed the next time.
    with on_primary():
        read = _read(revision)
    if revision:  # a database emptied by hand has none
        _kept = read
    return read


def _revision() -> Revision:
    with connection.cursor() as cursor:
        cursor.execute(REVISION_SQL)
        return tuple(token for (token,) in cursor.fetchall())


def sub_program(pk: int) -> SubProgram:
    """Return a sub-programme with round and parts. Raises SubProgram.DoesNotExist."""
    return catalogue().sub_program(pk)


def sub_programs(round: ProgramRound | int) -> list[SubProgram]:
    """Return the sub-programmes of a round, with their parts, in their order."""
    return catalogue().sub_programs(round)


def current_round(at: datetime) -> ProgramRound | None:
    """Return the latest announced round that has opened, else the next one to open."""
    return catalogue().current_round(at)


def put_on(rows: Iterable[HasProgram]) -> None:
    """Set the kept sub-programme and track of applications that were read without them."""
    catalogue().put_on(rows)


def money(pots: Iterable[int]) -> tuple[tuple[int, ...], ...]:
    """Return the pots' primary keys and counters in won as they are now, in one short query."""
    with connection.cursor() as cursor:
        cursor.execute(MONEY_SQL)
        counters = {row[0]: row for row in cursor.fetchall()}
    return tuple(counters[pot] for pot in pots)


def with_pots(programs: Sequence[SubProgram]) -> Sequence[SubProgram]:
    """Set the pots of sub-programmes as they are now, in one query; return the same programmes."""
    pots = Budget.objects.in_bulk({program.pot_id for program in programs})
    for program in programs:
        program.pot = pots[program.pot_id]
    return programs


def _read(revision: Revision) -> Catalogue:
    rounds = {row.pk: row for row in _frozen(ProgramRound.objects.order_by("-opens_at", "-pk"))}
    changes: defaultdict[int, list[RoundChange]] = defaultdict(list)
    for change in _frozen(RoundChange.objects.order_by("pk")):
        changes[change.round_id].append(change)
    parts: dict[str, defaultdict[int, list[models.Model]]] = {}
    for name, model in PARTS.items():
        parts[name] = defaultdict(list)
        for row in _frozen(model._default_manager.order_by("order", "pk")):
            parts[name][row.sub_program_id].append(row)  # type: ignore[attr-defined]
    programs = {}
    for row in _frozen(SubProgram.objects.order_by("order", "pk")):
        if row.round_id in rounds:  # else a round that came after the rounds were read
            row.round = rounds[row.round_id]
            programs[row.pk] = KeptProgram(
                row, {name: each[row.pk] for name, each in parts.items()}
            )
    return Catalogue(revision, rounds, changes, programs, list(NationalGoal.objects.all()))


def _frozen(rows: Iterable[Row]) -> list[Row]:
    """Return the rows with columns of JSON that cannot be changed."""
    rows = list(rows)
    for row in rows:
        for column in row._meta.concrete_fields:
            if isinstance(column, models.JSONField):
                setattr(row, column.attname, frozen(getattr(row, column.attname)))
    return rows


def _copy(row: Row, **related: models.Model) -> Row:
    """Return a new instance of the same columns with these related rows.

    What `copy.copy` and setting the relations would do, ten times faster.
    """
    new = type(row).__new__(type(row))
    new.__dict__.update(row.__dict__)
    new._state = ModelState()
    new._state.adding, new._state.db = False, row._state.db
    new._state.fields_cache.update(related)
    return new


def _prefetched(program: SubProgram, name: str, rows: list[Any]) -> None:
    """Set the rows of a reverse foreign key as `prefetch_related_objects` does after its query."""
    found = getattr(program, name).get_queryset()
    found._result_cache, found._prefetch_done = rows, True
    program.__dict__.setdefault("_prefetched_objects_cache", {})[name] = found
