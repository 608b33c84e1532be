"""Roles: each app declares its own in `<app>/roles.py`, `settings.ROLES` lists them, groups carry them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, Group
from django.utils.module_loading import import_string

from portal.models import User

AUDITOR = "auditor"
OPERATOR = "operator"
SYSTEM = "system"  # the portal's own jobs; nobody holds it


@dataclass(frozen=True)
class Role:
    """What a group of people may do in the portal; `name` is the name of its Django group.

    `home` is the path people with this role land on after sign-in; empty: LOGIN_REDIRECT_URL. Holders of
    a role with `second_factor` cannot switch theirs off. `staff` opens the staff site. Who gets a role
    that `decides` needs one person who requests it and another who approves it; holders of one that
    `approves` do the latter. The last holder of an `essential` role keeps it. `parts` is the dotted path
    of what the role is held for (`portal.access.parts.Parts`), such as sub-programmes.
    """

    name: str
    label: str
    home: str = ""
    second_factor: bool = False
    reads_incidents: bool = False
    staff: bool = True
    decides: bool = True
    approves: bool = False
    essential: bool = False
    parts: str = ""


ROLES = (
    Role(AUDITOR, "감사 담당자", reads_incidents=True),
    Role(OPERATOR, "시스템 운영자", reads_incidents=True, essential=True),
)


@cache
def declared() -> Mapping[str, Role]:
    """Return every role of `settings.ROLES` by name. Raises ValueError when two share a name."""
    rows: list[Role] = [role for path in settings.ROLES for role in import_string(path)]
    by_name = {role.name: role for role in rows}
    if len(by_name) < len(rows):
        raise ValueError("two roles share a name")
    return by_name


def role_names() -> frozenset[str]:
    return frozenset(declared())


def roles_of(user: User | AnonymousUser | None) -> frozenset[str]:
    """Return the roles a person holds; none for a visitor or a locked account."""
    if not isinstance(user, User) or not user.is_active:
        return frozenset()
    if user.held_roles is None:
        groups = user.groups.values_list("name", flat=True)
        user.held_roles = frozenset(groups) & role_names()
    return user.held_roles


def given_to(user: User) -> list[str]:
    """Return the roles that an account was given and keeps while it is locked, by name."""
    names = user.groups.filter(name__in=role_names()).order_by("name")
    return list(names.values_list("name", flat=True))


def approvers() -> frozenset[str]:
    """Return the roles whose holders approve the roles of others."""
    return frozenset(name for name, role in declared().items() if role.approves)


def labels(names: Iterable[str]) -> list[str]:
    """Return the words for these roles in the order of their declaration."""
    chosen = set(names)
    return [role.label for name, role in declared().items() if name in chosen]


def label(name: str) -> str:
    role = declared().get(name)
    return role.label if role else "지금은 없는 역할"


def ensure_groups() -> None:
    for name in declared():
        Group.objects.get_or_create(name=name)
