"""Worklists: what waits for whom; each app declares its own, `settings.WORKLISTS` lists them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, QuerySet, TextChoices
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.module_loading import import_string

from portal.access.roles import roles_of
from portal.core.clock import KST
from portal.models import User
from portal.staff.lists import QuickPaginator

MOST = QuickPaginator.MOST
"""Counted exactly up to here, like the lists themselves."""

OVERDUE = "기한이 지난 일"

Rows = Callable[[User, datetime], QuerySet[Any]]


class Area(TextChoices):
    """The kinds of work, in the order of a case."""

    INTAKE = "intake", "접수·검토"
    ASSESSMENT = "assessment", "평가"
    SELECTION = "selection", "선정"
    OBJECTION = "objection", "이의·변경"
    AGREEMENT = "agreement", "협약·지급"
    DELIVERY = "delivery", "수행"
    PANEL = "panel", "모니터링단"
    KAMP = "kamp", "KAMP"
    OPERATION = "operation", "운영"
    SETTING = "setting", "설정"


class Whose(TextChoices):
    MINE = "mine", "내가 맡은 일"
    APPROVAL = "approval", "승인·결정을 기다리는 일"
    NOBODY = "nobody", "맡은 사람이 없는 일"
    SHARED = "shared", "함께 하는 일"


@dataclass(frozen=True)
class Worklist:
    """Rows that wait for the holders of some roles, and the list that shows exactly these rows.

    `rows` are those of a person at an instant; `page` and `query` are the address of the list. `since`
    and `due` name the columns that say since when a row waits and when it is due. Where many rows may
    wait, an index begins with the conditions and goes on with `since`. One that is not `mailed` is only
    watched: others act next, so it is no reason for the mail of the day.
    """

    code: str
    area: Area
    label: str
    roles: frozenset[str]
    rows: Rows
    page: str
    query: Mapping[str, str] = field(default_factory=dict)
    since: str = ""
    due: str = ""
    whose: Whose = Whose.SHARED
    mailed: bool = True

    @property
    def address(self) -> str:
        return reverse(self.page) + (f"?{urlencode(self.query)}" if self.query else "")


@dataclass(frozen=True)
class Shortcut:
    """A page that belongs beside the worklists of some roles and counts nothing."""

    label: str
    roles: frozenset[str]
    page: str

    @property
    def address(self) -> str:
        return reverse(self.page)


@dataclass(frozen=True)
class Standing:
    """How many rows of a worklist wait, since when, and when the first is due.

    `more` when there are more than `count`.
    """

    worklist: Worklist
    at: datetime
    count: int
    more: bool
    oldest: datetime | None
    due: datetime | None

    @property
    def number(self) -> str:
        return f"{self.count:,}건 이상" if self.more else f"{self.count:,}건"

    @property
    def days(self) -> int | None:
        """Return for how many days the oldest row waits, by the calendar of Korea."""
        if self.oldest is None:
            return None
        return (self.at.astimezone(KST).date() - self.oldest.astimezone(KST).date()).days

    @property
    def late(self) -> bool:
        return self.due is not None and self.due <= self.at


@cache
def declared() -> Sequence[Worklist]:
    """Return every worklist, by area. Raises ValueError when two share a code."""
    found: list[Worklist] = [row for path in settings.WORKLISTS for row in import_string(path)]
    if len({row.code for row in found}) < len(found):
        raise ValueError("two worklists share a code")
    order = list(Area)
    return sorted(found, key=lambda row: order.index(row.area))


def worklists_of(person: User) -> list[Worklist]:
    """Return the worklists on which the person's roles act."""
    held = roles_of(person)
    return [row for row in declared() if row.roles & held]


def shortcuts_of(person: User) -> list[Shortcut]:
    held = roles_of(person)
    found: list[Shortcut] = [row for path in settings.SHORTCUTS for row in import_string(path)]
    return [row for row in found if row.roles & held]


def areas_of(person: User) -> list[tuple[str, list[Worklist]]]:
    """Return the person's worklists by the label of their area, for the sidebar; counts nothing."""
    found: dict[str, list[Worklist]] = {}
    for row in worklists_of(person):
        found.setdefault(str(row.area.label), []).append(row)
    return list(found.items())


def standings_of(person: User, at: datetime) -> list[Standing]:
    return [standing(row, person, at) for row in worklists_of(person)]


def standing(worklist: Worklist, person: User, at: datetime) -> Standing:
    """Count a worklist, reading at most one row beyond MOST."""
    rows = worklist.rows(person, at).order_by()
    columns = {"oldest": worklist.since, "due": worklist.due}
    named = {name: column for name, column in columns.items() if column}
    found = rows.values("pk", *named.values())[: MOST + 1].aggregate(
        rows=Count("pk"), **{f"{name}_at": Min(column) for name, column in named.items()}
    )
    first = {name: found[f"{name}_at"] for name in named}
    if found["rows"] > MOST:
        # The first MOST rows need not hold the oldest one.
        first = {name: earliest(rows, column) for name, column in named.items()}
    return Standing(
        worklist,
        at,
        min(found["rows"], MOST),
        found["rows"] > MOST,
        first.get("oldest"),
        first.get("due"),
    )


def earliest(rows: QuerySet[Any], column: str) -> datetime | None:
    """Return the earliest instant of a column."""
    known = rows.filter(**{f"{column}__isnull": False}).order_by(column)
    found: datetime | None = known.values_list(column, flat=True).first()
    return found


def urgency(row: Standing) -> tuple[bool, float, float]:
    """Order what is overdue first, then by what is due next, then by what waits longest."""
    never = float("inf")
    return (
        not row.late,
        row.due.timestamp() if row.due else never,
        row.oldest.timestamp() if row.oldest else never,
    )


def today(standings: Sequence[Standing]) -> list[tuple[str, list[Standing]]]:
    """Return what waits as 오늘 할 일: what is overdue, then by whose it is; the most urgent first."""
    waiting = sorted((row for row in standings if row.count), key=urgency)
    parts = [(OVERDUE, [row for row in waiting if row.late])]
    for whose in Whose:
        rows = [row for row in waiting if not row.late and row.worklist.whose == whose]
        parts.append((str(whose.label), rows))
    return [(label, rows) for label, rows in parts if rows]
