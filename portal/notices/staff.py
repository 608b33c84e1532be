"""Mails to staff and assessors: urgent ones leave at once, all others wait for the mail of the day."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from portal.models import News, User
from portal.notices import outbox

KEPT = timedelta(days=30)
"""How long a piece of news keeps its key after it was told, so that a repeated event adds none."""


Readable = Callable[[User, Collection[int]], Collection[int]]
"""Which of the things that news are about a person may read now."""


@dataclass(frozen=True)
class StaffNotice:
    """A kind of mail to staff or assessors; `urgent` where a day of waiting would do harm.

    What waits is told only while `readable` names what it is about.
    """

    template: str
    readable: Readable
    urgent: bool = False


@cache
def declared() -> Mapping[str, StaffNotice]:
    """Return every kind of `settings.STAFF_NOTICES` by template."""
    return {row.template: row for path in settings.STAFF_NOTICES for row in import_string(path)}


def tell(template: str, *, user: User, about: int, key: str, now: datetime, **context: Any) -> None:
    """Write an urgent mail, or news for the mail of the day; once per key.

    `about` is the key of what `readable` is asked about. Raises KeyError for a kind that no app declares.
    """
    if declared()[template].urgent:
        outbox.write(template, to_email=user.email, key=key, now=now, user=user, **context)
        return
    mail = outbox.compose(template, to_email=user.email, user=user, now=now, **context)
    fields = {"user": user, "subject": mail["subject"], "body": mail["body"], "at": now}
    fields |= {"kind": template, "about": about}
    News.objects.get_or_create(key=key, defaults=fields)


def untold(user: User) -> QuerySet[News]:
    return News.objects.filter(user=user, told_at=None).order_by("pk")


def forget_closed(user: User) -> None:
    """Delete what waits for a person who may read it no longer, such as after a role was taken.

    What an earlier release wrote without its kind stays.
    """
    rows = untold(user)
    for kind in rows.exclude(kind="").order_by().values_list("kind", flat=True).distinct():
        asked = rows.filter(kind=kind)
        keys = {key for key in asked.values_list("about", flat=True) if key is not None}
        may = declared()[kind].readable(user, keys) if kind in declared() else ()
        asked.exclude(about__in=may).delete()


def mark_told(rows: list[News], now: datetime) -> None:
    """Record that these are in a mail, which holds their text from now on."""
    News.objects.filter(pk__in=[row.pk for row in rows]).update(told_at=now, body="")


def forget(now: datetime) -> None:
    """Delete what was told long ago, and what waits for people whose account is locked."""
    News.objects.filter(told_at__lte=now - KEPT).delete()
    News.objects.filter(user__is_active=False).delete()
