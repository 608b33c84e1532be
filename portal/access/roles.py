"""Roles: each app declares its own in `<app>/roles.py`, `settings.ROLES` lists them, groups carry them."""

from collections.abc import Mapping
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

    `home` is the path people with this role land on after sign-in; empty: LOGIN_REDIRECT_URL.
    """

    name: str
    label: str
    home: str = ""
    reads_incidents: bool = False


ROLES = (
    Role(AUDITOR, "감사 담당자", reads_incidents=True),
    Role(OPERATOR, "시스템 운영자", reads_incidents=True),
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


def ensure_groups() -> None:
    for name in declared():
        Group.objects.get_or_create(name=name)
