"""What people keep of staff lists: the columns they want, and views under a name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest

from portal.access.requests import person
from portal.access.roles import declared, roles_of
from portal.core.errors import BadInput
from portal.models import ListColumns, SavedView, User

VIEW = "view"  # the parameter of the address: the view whose columns are shown
MOST_VIEWS = 30  # of one person and list
LONGEST = 1_000  # letters of the conditions of a view
KNOWN = "saved_of_list"


@dataclass(frozen=True)
class Saved:
    """What one person sees above one list."""

    columns: Sequence[str]
    views: Sequence[SavedView]

    def view(self, pk: str) -> SavedView | None:
        return next((row for row in self.views if str(row.pk) == pk), None)


def of_list(request: HttpRequest, screen: str) -> Saved:
    """Return what the person keeps of this list; read once for a request."""
    known: dict[str, Saved] = request.__dict__.setdefault(KNOWN, {})
    if screen not in known:
        known[screen] = _read(person(request), screen)
    return known[screen]


def _read(user: User, screen: str) -> Saved:
    if user._state.adding:
        return Saved((), ())
    columns = ListColumns.objects.filter(user=user.pk, screen=screen).values_list(
        "columns", flat=True
    )
    # Every load of the list reads this: what a view selects is read where it is opened.
    seen = views_of(user, screen).defer("query", "words")
    return Saved(columns.first() or (), list(seen))


def views_of(user: User, screen: str) -> QuerySet[SavedView]:
    """Return the views of a list that a person sees: the own ones, and those shared with a role they hold.

    What is shared is seen while its owner holds that role.
    """
    holds = User.groups.through.objects.filter(
        user=OuterRef("owner"), user__is_active=True, group__name=OuterRef("shared_with")
    )
    shared = Q(Exists(holds), shared_with__in=roles_of(user))
    rows = SavedView.objects.filter(Q(owner=user.pk) | shared, screen=screen)
    return rows.select_related("owner").order_by("name", "pk")


def choose_columns(user: User, screen: str, columns: Sequence[str]) -> None:
    """Keep the columns a person wants; none: the list's own."""
    if columns:
        ListColumns.objects.update_or_create(
            user=user, screen=screen, defaults={"columns": list(columns)}
        )
    else:
        ListColumns.objects.filter(user=user, screen=screen).delete()


def shared_with(user: User) -> list[tuple[str, str]]:
    """Return the roles with whose holders a person may share a view: the person's own."""
    held = roles_of(user)
    return [(name, role.label) for name, role in declared().items() if name in held]


def save_view(
    user: User,
    screen: str,
    *,
    name: str,
    query: Mapping[str, Any],
    words: Mapping[str, str],
    columns: Sequence[str],
    shared: str,
    now: datetime,
) -> SavedView:
    """Keep a view; one of the same name is replaced. Raises BadInput."""
    if shared and shared not in dict(shared_with(user)):
        raise BadInput("맡고 있는 역할과만 함께 쓸 수 있습니다.", code="role")
    mine = SavedView.objects.filter(owner=user, screen=screen)
    if not mine.filter(name=name).exists() and mine.count() >= MOST_VIEWS:
        raise BadInput(
            f"한 목록에 보기를 {MOST_VIEWS}개까지 저장할 수 있습니다. 쓰지 않는 보기를 지워 주세요.",
            code="most_views",
        )
    kept = {"query": dict(query), "words": dict(words), "columns": list(columns)}
    return SavedView.objects.update_or_create(
        owner=user,
        screen=screen,
        name=name,
        defaults={**kept, "shared_with": shared, "at": now},
    )[0]


def remove_view(user: User, screen: str, pk: int) -> bool:
    """Remove an own view; return whether it was one."""
    return bool(SavedView.objects.filter(owner=user, screen=screen, pk=pk).delete()[0])
