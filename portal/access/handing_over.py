"""Handing over what a person is responsible for, as when their account ends.

An app declares what its people hold as a `HandOver` in `settings.HAND_OVERS`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from portal.models import User


@dataclass(frozen=True)
class HandedOver:
    """How many cases the successor has now, and how many are nobody's until somebody takes them."""

    given: int = 0
    freed: int = 0


@dataclass(frozen=True)
class HandOver:
    """What one app's people hold: how many cases, and the service that hands them over.

    `hand_over(officer, to=…, by=…, reason=…, now=…)` returns `HandedOver`; `to` None frees them all.
    `free_unfit(officer, by=…, reason=…, now=…)` frees what they may no longer hold and returns how many.
    """

    label: str
    held: Callable[[User], int]
    hand_over: Callable[..., HandedOver]
    free_unfit: Callable[..., int]


def held(officer: User) -> list[tuple[str, int]]:
    """Return what a person holds, with the number of cases; nothing that is empty."""
    found = [(row.label, row.held(officer)) for row in _declared()]
    return [(label, count) for label, count in found if count]


@transaction.atomic
def hand_over(
    officer: User, *, to: User | None, by: User | None, reason: str, now: datetime
) -> HandedOver:
    """Hand over everything that a person holds, with history; safe to repeat.

    What the successor may not hold becomes nobody's. Raises BadInput (`officer`, `reason`).
    """
    done = [row.hand_over(officer, to=to, by=by, reason=reason, now=now) for row in _declared()]
    return HandedOver(sum(row.given for row in done), sum(row.freed for row in done))


def free_unfit(officer: User, *, by: User, reason: str, now: datetime) -> int:
    """Make nobody's what a person may no longer hold, such as after a part of a role was taken."""
    return sum(row.free_unfit(officer, by=by, reason=reason, now=now) for row in _declared())


def _declared() -> list[HandOver]:
    return [import_string(path) for path in settings.HAND_OVERS]
