"""The mail of the day: what waits for a person, and what has happened since the mail before."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from portal.access.roles import role_names, roles_of
from portal.core.clock import KST
from portal.jobs import queue
from portal.jobs.progress import Progress, no_progress
from portal.models import News, Notice, User
from portal.notices import outbox
from portal.notices import staff as staff_notices
from portal.staff import worklists
from portal.staff.worklists import Standing

JOB = "portal.digest"
HOUR = 8  # in Korea, from which the mail of the day is written (assumption)
SHOWN = 20
"""News with their text in one mail; of more the mail says how many."""
STEP = 50
PREFIX = "[스마트공장 포털] "


def schedule(now: datetime) -> None:
    """Start the writing of today's mails, once a day; safe to repeat."""
    local = now.astimezone(KST)
    if local.hour >= HOUR:
        day = local.date().isoformat()
        queue.enqueue(JOB, key=f"digest:{day}", day=day)


def write_all(day: date, now: datetime, progress: Progress = no_progress) -> int:
    """Write the mail of a day to everybody who has something to do; return how many were written.

    Safe to repeat: nobody gets a second mail on one day.
    """
    staff_notices.forget(now)
    readers = list(_readers().values_list("pk", flat=True))
    written = 0
    for place, pk in enumerate(readers):
        if place % STEP == 0:
            progress(place, len(readers))
        written += write(User.objects.get(pk=pk), day, now)
    return written


def write(person: User, day: date, now: datetime) -> bool:
    """Write a person's mail of a day; return whether there was one to write."""
    key = f"digest:{day.isoformat()}:{person.pk}"
    if Notice.objects.filter(key=key).exists():
        return False
    if roles_of(person):
        staff_notices.forget_closed(person)
    else:
        staff_notices.untold(person).delete()
    waiting = [row for row in worklists.standings_of(person, now) if row.worklist.mailed]
    news = list(staff_notices.untold(person))
    if not news and not any(row.count for row in waiting):
        return False
    try:
        with transaction.atomic():
            _write(person, key, waiting, news, now)
    except IntegrityError:  # another worker wrote it meanwhile
        return False
    return True


def _write(
    person: User, key: str, waiting: Sequence[Standing], news: list[News], now: datetime
) -> None:
    parts = worklists.today(waiting)
    for row in news:
        row.subject = row.subject.removeprefix(PREFIX)
    outbox.write(
        "portal/digest",
        to_email=person.email,
        user=person,
        key=key,
        now=now,
        new=True,
        at=now,
        parts=parts,
        first=parts[0][1][0] if parts else None,
        others=sum(len(rows) for _, rows in parts) - 1,
        news=news[:SHOWN],
        news_count=len(news),
        more_news=max(0, len(news) - SHOWN),
    )
    staff_notices.mark_told(news, now)


def _readers() -> QuerySet[User]:
    """Return who may have something to do, or has news."""
    roles = role_names() & {role for row in worklists.declared() for role in row.roles}
    acting = User.objects.filter(groups__name__in=roles).order_by().values("pk")
    told = News.objects.filter(told_at=None).order_by().values("user")
    active = User.objects.filter(is_active=True)
    return (active.filter(pk__in=acting) | active.filter(pk__in=told)).order_by("pk")
