"""The current time, from the database, so that every web process agrees."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone

KST = ZoneInfo("Asia/Seoul")


def now() -> datetime:
    """Return the current instant (aware), from the database. Take it once per decision.

    PostgreSQL's `now()` does not advance within a transaction, hence `clock_timestamp()`.
    """
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        instant: datetime = cursor.fetchone()[0]
    return instant
