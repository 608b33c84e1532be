"""What a role is held for, such as sub-programmes: named by a role's `parts`, built by its app."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from django.utils.module_loading import import_string

from portal.access.roles import declared
from portal.models import User


class Parts(Protocol):
    def choices(self) -> list[tuple[str, str]]:
        """Return code and label of everything that the role can be held for now."""
        ...

    def held(self, user: User) -> list[str]:
        """Return the codes of what a person holds."""
        ...

    def give(self, user: User, codes: Sequence[str]) -> None: ...

    def take(self, user: User, codes: Sequence[str]) -> None: ...

    def take_all(self, user: User) -> None: ...


def of(role: str) -> Parts | None:
    """Return what the role is held for; None where it is held as a whole."""
    found = declared().get(role)
    if found is None or not found.parts:
        return None
    built: Parts = import_string(found.parts)()
    return built


def labels(role: str, codes: Iterable[str]) -> list[str]:
    """Return the words for these codes; a code that is gone stands for itself."""
    parts = of(role)
    words = dict(parts.choices()) if parts else {}
    return [words.get(code, code) for code in codes]
