"""The calendar of a person under a secret address: made, renewed, revoked, read without a session."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import caches

from portal.core.dates import due_text
from portal.core.tokens import new_token, token_digest
from portal.models import TodoSettings, User
from portal.todos import icalendar
from portal.todos.declared import Todo, Turn, todos_of
from portal.todos.icalendar import Event

cache = caches["limits"]
READS_AN_HOUR = 60
"""Of one calendar, counted in the memory of each web process (assumption): readers ask every few hours."""
USE_NOTED = timedelta(minutes=5)
NAME = "스마트공장 포털 할 일"


def settings_of(user: User) -> TodoSettings:
    found: TodoSettings = TodoSettings.objects.get_or_create(user=user)[0]
    return found


def renew(user: User, *, now: datetime) -> str:
    """Give the calendar a new address; return its token, of which only the SHA-256 is kept."""
    token = new_token()
    settings_of(user)
    TodoSettings.objects.filter(user=user).update(
        feed_digest=token_digest(token), feed_made_at=now, feed_used_at=None
    )
    return token


def revoke(user: User) -> None:
    """Take the address back: whoever still asks for it finds nothing."""
    TodoSettings.objects.filter(user=user).update(feed_digest=None, feed_used_at=None)


def owner_of(token: str, *, now: datetime) -> User | None:
    """Return whose calendar has this address; None when it was revoked or the account has ended."""
    rows = TodoSettings.objects.select_related("user")
    found = rows.filter(feed_digest=token_digest(token), user__is_active=True).first()
    if found is None:
        return None
    if found.feed_used_at is None or now - found.feed_used_at > USE_NOTED:
        TodoSettings.objects.filter(pk=found.pk).update(feed_used_at=now)
    return found.user


def may_read(user: User) -> bool:
    """Count a reading; return whether there were not too many of this calendar in the hour."""
    key = f"calendar:{user.pk}"
    return cache.add(key, 1, 3600) or cache.incr(key) <= READS_AN_HOUR


def calendar_of(user: User, *, now: datetime) -> str:
    """Return what waits for a person, or for others in their name, with its day as a calendar."""
    dated = [(todo, todo.due_at) for todo in todos_of(user, now) if todo.due_at is not None]
    return icalendar.write(NAME, (_event(todo, due_at) for todo, due_at in dated), now=now)


def _event(todo: Todo, due_at: datetime) -> Event:
    host = urlsplit(settings.ORIGIN).hostname or "portal"
    title = todo.label if todo.turn == Turn.MINE else f"{todo.label} ({todo.turn.label})"
    text = f"{todo.about}\n기한: {due_text(due_at)}"
    address = settings.ORIGIN + todo.address if todo.address else ""
    return Event(f"{todo.kind}-{todo.pk}@{host}", due_at, title, text, address)
