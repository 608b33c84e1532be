"""The current time, from the database, so that every web process agrees."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from portal.core.dates import KST as KST  # most callers need both


@dataclass(frozen=True)
class Reading:
    """The database's clock at one moment of this host's monotonic clock, in seconds."""

    at: datetime
    moment: float
    took: float = 0.0  # seconds until it was answered: what is reckoned from it may be so much late

    def then(self, moment: float) -> datetime:
        """Return the database's instant at another moment of this host."""
        return self.at + timedelta(seconds=moment - self.moment)


KEPT_SECONDS = 60.0
"""A reading that was answered more quickly is kept for so long (assumption)."""

_last: Reading | None = None


def now() -> datetime:
    """Return the current instant (aware), from the database. Take it once per decision.

    PostgreSQL's `now()` does not advance within a transaction, hence `clock_timestamp()`.
    """
    global _last
    asked = time.monotonic()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            instant: datetime = cursor.fetchone()[0]
    else:
        instant = timezone.now()
    # Noted at the earlier end: what is reckoned from it is never before the true instant.
    read = Reading(instant, asked, time.monotonic() - asked)
    if _last is None or read.took <= _last.took or asked - _last.moment > KEPT_SECONDS:
        _last = read
    return instant


def at_moment(moment: float) -> datetime:
    """Return the database's instant at an earlier moment of this host's monotonic clock."""
    waited = time.monotonic() - moment
    return now() - timedelta(seconds=waited)


def last_reading() -> Reading | None:
    """Return what `now` read last in this process, None when it has not been called."""
    return _last
