"""Nobody acts as staff on a firm or person that they are tied to.

What a row is about is declared in `settings.CONCERNS`, where people belong in `settings.BELONGINGS`.
A person is tied by membership of the firm, the business number of an employer or another own firm, a
chain of links from one of these (`FirmLink`), a declared tie, and a verified e-mail address. What a firm can write about itself alone (telephone, place, mail domain) does not count
here: otherwise it could choose who judges it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import CharField, Exists, Model, OuterRef, Q, QuerySet, Value
from django.utils.module_loading import import_string

from portal.access.accounts import verified_addresses
from portal.access.roles import roles_of
from portal.assignment.ties import firm_name
from portal.core.concerns import Belonging, Concern, Path
from portal.core.errors import MoveNotAllowed
from portal.models import DeclaredTie, FirmLink, User

TIED = (
    "이해관계가 있는 기업이나 사람의 건이어서 처리할 수 없습니다. "
    "이해관계가 없는 다른 담당자가 처리해야 합니다."
)

Things = Model | QuerySet[Model]


class Tied(MoveNotAllowed):
    """The person is tied to what they would act on."""

    default_code = "tied"
    default_message = TIED


@dataclass(frozen=True)
class Reach:
    """A person with the firms that they are tied to, by business number or by name."""

    user_id: int
    numbers: frozenset[str]
    names: frozenset[str]


def require(
    by: User, roles: Iterable[str], *, about: Things | None, message: str, code: str = "role"
) -> None:
    """Refuse a person without one of the roles, or tied to what the act is about.

    `about` None is an act about no firm or person. Raises MoveNotAllowed (`code`), Tied.
    """
    if not roles_of(by) & set(roles):
        raise MoveNotAllowed(message, code=code)
    if about is not None:
        check(by, about)


def check(by: User, about: Things) -> None:
    """Raise Tied when the person is tied to a firm or person of these rows."""
    if tied(by, about):
        raise Tied


def tied(by: User, about: Things) -> bool:
    """Tell whether the person is tied to these rows. Raises LookupError for an undeclared table."""
    model = about.model if isinstance(about, QuerySet) else type(about)
    concern = concern_of(model)
    if concern is None:
        raise LookupError(f"settings.CONCERNS does not say what {model.__name__} is about")
    rows = (
        about.order_by()
        if isinstance(about, QuerySet)
        else model._default_manager.filter(pk=about.pk)
    )
    reach = reach_of(by)
    if matches := [model._default_manager.filter(q) for q in _conditions(concern, by, reach)]:
        hit = reduce(or_, (Q(Exists(found.filter(pk=OuterRef("pk")))) for found in matches))
        if rows.filter(hit).exists():
            return True
    return bool(reach.names) and _named(rows, concern, reach.names)


def tied_among(by: User, rows: QuerySet[Any]) -> frozenset[int]:
    """Return the keys of those rows that the person is tied to, in a few queries for all of them."""
    concern = concern_of(rows.model)
    if concern is None:
        raise LookupError(f"settings.CONCERNS does not say what {rows.model.__name__} is about")
    rows, reach = rows.order_by(), reach_of(by)
    found = {
        pk
        for q in _conditions(concern, by, reach)
        for pk in rows.filter(q).values_list("pk", flat=True)
    }
    if reach.names:
        for path in concern.firms:
            named = rows.filter(**path.where).values_list("pk", _join(path, "name"))
            found |= {pk for pk, name in named if firm_name(name or "") in reach.names}
    return frozenset(found)


def concern_of(model: type[Model]) -> Concern | None:
    """Return what rows of a table are about; None when nothing is declared."""
    return _concerns().get(model._meta.label)


def reach_of(by: User) -> Reach:
    """Return the firms that a person is tied to now."""
    # One query: ended declarations count too, as for assessors.
    declared = DeclaredTie.objects.order_by().filter(user=by)
    places = [
        apps.get_model(label)
        ._default_manager.order_by()
        .filter(**{row.user: by.pk}, **row.where)
        .values_list(row.number, Value("", output_field=CharField()))
        for label, row in _belongings()
    ]
    found = list(declared.values_list("business_number", "firm_name").union(*places))
    numbers = {number for number, _ in found}
    names = {firm_name(name) for _, name in found}
    return Reach(
        user_id=by.pk,
        numbers=_linked(numbers - {""}),
        names=frozenset(names - {""}),
    )


def _conditions(concern: Concern, by: User, reach: Reach) -> Iterator[Q]:
    for path in concern.people:
        yield Q(**{path.to: reach.user_id}, **path.where)
    if concern.emails:
        own = verified_addresses(by)
        for path in concern.emails:
            yield Q(**{f"{path.to}__in": own}, **path.where)
    if reach.numbers:
        for path in concern.firms:
            yield Q(**{_join(path, "business_number__in"): reach.numbers}, **path.where)
        for path in concern.numbers:
            yield Q(**{f"{path.to}__in": reach.numbers}, **path.where)


def _named(rows: QuerySet[Model], concern: Concern, names: frozenset[str]) -> bool:
    return any(
        firm_name(name or "") in names
        for path in concern.firms
        for name in rows.filter(**path.where).values_list(_join(path, "name"), flat=True).distinct()
    )


def _join(path: Path, field: str) -> str:
    return f"{path.to}__{field}" if path.to else field


def _linked(numbers: set[str]) -> frozenset[str]:
    # Followed outwards step by step: a person has few firms, the table of links may be long.
    found, edge = set(numbers), set(numbers)
    while edge:
        rows = FirmLink.objects.filter(Q(one__in=edge) | Q(other__in=edge))
        edge = {number for pair in rows.values_list("one", "other") for number in pair} - found
        found |= edge
    return frozenset(found)


@cache
def _concerns() -> Mapping[str, Concern]:
    merged: dict[str, Concern] = {}
    for path in settings.CONCERNS:
        merged.update(import_string(path))
    return merged


@cache
def _belongings() -> tuple[tuple[str, Belonging], ...]:
    return tuple(pair for path in settings.BELONGINGS for pair in import_string(path).items())
