"""Find filed applications and companies by what staff know of them.

Each way in which a search can be meant is looked up by an index of its own, and the results are
joined: a condition with OR over several tables would read them whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from applications.models import Application, Company, CompanyKey, Member
from applications.rules.search import Term, read
from portal.models import User

MOST = 1_000  # rows of a search that pages show
EXAMINED = 5_000  # companies whose applications are looked at for them
CHUNK = 250  # companies at a time


@dataclass(frozen=True)
class Found:
    """The newest of the rows that a search found first, at most MOST; `more` when there may be others."""

    ids: list[int]
    more: bool


def applications(rows: QuerySet[Application], text: str) -> QuerySet[Application]:
    """Return every one of these applications that a search finds, for an export."""
    term = read(text)
    own = Application.objects.order_by()
    parts = [_numbered(own, term), *(own.filter(company__in=firms) for firms in _companies(term))]
    first, *others = [part.values("pk") for part in parts]
    return rows.filter(pk__in=first.union(*others) if others else first)


def companies(rows: QuerySet[Company], text: str) -> QuerySet[Company]:
    """Return every one of these companies that a search finds, for an export."""
    term = read(text)
    applied = _numbered(Application.objects.order_by(), term).values("company")
    return rows.filter(pk__in=applied.union(*_companies(term)))


def first_applications(rows: QuerySet[Application], text: str) -> Found:
    """Return the first applications that a search finds among these, in bounded time."""
    term = read(text)
    found = [_numbered(rows, term)[: MOST + 1].values_list("pk", flat=True)]
    return _first(rows, "company", term, found)


def first_companies(rows: QuerySet[Company], text: str) -> Found:
    """Return the first companies that a search finds among these, in bounded time."""
    term = read(text)
    applied = _numbered(Application.objects.all(), term).values("company")
    return _first(rows, "pk", term, [rows.filter(pk__in=applied).values_list("pk", flat=True)])


def _first(rows: QuerySet[Any], company: str, term: Term, found: list[QuerySet[Any, Any]]) -> Found:
    ids: set[int] = {pk for part in found for pk in part}
    more = False
    for firms in _companies(term):
        known = list(firms.values_list("company", flat=True)[: EXAMINED + 1])
        part: list[int] = []
        for start in range(0, len(known), CHUNK):
            # Short lists of keys, for which no planner reads the whole table instead.
            some = rows.order_by().filter(**{f"{company}__in": known[start : start + CHUNK]})
            part += some.values_list("pk", flat=True)[: MOST + 1]
            if len(part) > MOST:
                break
        ids.update(part)
        more |= len(part) > MOST or len(known) > EXAMINED
    return Found(sorted(ids, reverse=True)[:MOST], more or len(ids) > MOST)


def _numbered(rows: QuerySet[Application], term: Term) -> QuerySet[Application]:
    if term.number:
        return rows.filter(number=term.number)
    if term.serial is not None:
        # The last part of a receipt number is the key, see `services.intake.filing.number_of`.
        return rows.filter(pk=term.serial, number__endswith=term.tail)
    return rows.none()


def _companies(term: Term) -> Iterator[QuerySet[Any, Any]]:
    """Yield queries for the keys of companies, one for each way to find them."""
    if term.letters:
        yield CompanyKey.objects.filter(text__startswith=term.letters).values("company")
    people = User.objects.order_by()
    if term.email:
        mine = people.filter(email__startswith=term.email)
        yield Member.objects.filter(user__in=mine.values("pk")).values("company")
    if term.phone:
        mine = people.filter(phone=term.phone)
        yield Member.objects.filter(user__in=mine.values("pk")).values("company")
