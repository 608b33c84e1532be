"""Reading from a replica: what a view that allows it reads, never older than what its reader wrote.

How far the replica has replayed is compared as a position in the log of the primary (LSN), not by
seconds: a browser carries the position behind its last write.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import Error

ALIAS = "replica"
ASK_SECONDS = 1.0
AWAY_SECONDS = 5.0
LAST = 2**64 - 1
"""Behind every position: for a write whose own could not be asked for."""

_reading: ContextVar[bool] = ContextVar("reading", default=False)
_wrote: ContextVar[bool] = ContextVar("wrote", default=False)


class Router:
    """Sends reads to the replica inside of `reading`; everything else to the primary."""

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str:
        return DEFAULT_DB_ALIAS if _of_cache(model) else alias()

    def db_for_write(self, model: type[models.Model], **hints: Any) -> str:
        if not _of_cache(model):
            _wrote.set(True)
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: object, other: object, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS


def _of_cache(model: type[models.Model]) -> bool:
    return model._meta.app_label == "django_cache"  # all processes share one, on the primary


def alias() -> str:
    """Return the database that is read from here."""
    return ALIAS if _reading.get() else DEFAULT_DB_ALIAS


def connection() -> BaseDatabaseWrapper:
    """Return the connection to the database that is read from here."""
    return connections[alias()]


@contextmanager
def reading() -> Iterator[None]:
    """Read from the replica inside."""
    token = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(token)


@contextmanager
def on_primary() -> Iterator[None]:
    """Read from the primary inside: what a process keeps must belong to the key that it is kept under."""
    token = _reading.set(False)
    try:
        yield
    finally:
        _reading.reset(token)


def begin() -> None:
    """Forget what this thread wrote before."""
    _wrote.set(False)


def wrote() -> bool:
    """Return whether models were written since `begin`."""
    return _wrote.get()


def written() -> int:
    """Return the position of the primary behind everything that was committed; LAST if it is away."""
    try:
        return _position(DEFAULT_DB_ALIAS, "SELECT pg_current_wal_lsn()") or LAST
    except Error:
        return LAST


class Watch:
    """What this process knows of the replica: how far it has replayed, and since when it is behind."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._replayed = 0
        self._fresh_at = float("-inf")  # moment whose commits the replica has, as far as is known
        self._asked_at = self._away_until = float("-inf")
        self._samples: deque[tuple[float, int]] = deque(maxlen=600)

    def may_serve(self, position: int) -> bool:
        """Return whether the replica has this position and is not behind for too long."""
        at = time.monotonic()
        if at < self._away_until:
            return False
        if at - self._asked_at >= ASK_SECONDS or self._replayed < position:
            self.ask()
        recent = time.monotonic() - self._fresh_at <= settings.READ_LAG_SECONDS
        return recent and self._replayed >= position and time.monotonic() >= self._away_until

    def ask(self) -> None:
        """Compare the two servers; leave it to another thread that does so already."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            self._ask()
        except Error:
            self.failed()
        finally:
            self._lock.release()

    def failed(self) -> None:
        """Read from the primary for a while."""
        self._away_until = time.monotonic() + AWAY_SECONDS

    def lag(self) -> float | None:
        """Return for how many seconds the replica is behind at most; None when it is not known."""
        at = time.monotonic()
        known = at >= self._away_until and self._fresh_at > float("-inf")
        return at - self._fresh_at if known else None

    def _ask(self) -> None:
        at = self._asked_at = time.monotonic()
        self._samples.append((at, _position(DEFAULT_DB_ALIAS, "SELECT pg_current_wal_lsn()")))
        # One that was promoted replays nothing: it goes its own way.
        self._replayed = _position(
            ALIAS, "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() END"
        )
        while self._samples and self._samples[0][1] <= self._replayed:
            self._fresh_at = self._samples.popleft()[0]


watch = Watch()


def _position(using: str, query: str) -> int:
    with connections[using].cursor() as cursor:
        cursor.execute(query)
        (text,) = cursor.fetchone()
    high, _, low = (text or "0/0").partition("/")
    return int(high, 16) << 32 | int(low, 16)
