"""What time it is by the database's clock while the database cannot be asked.

Each reading of the database's clock is kept with the moment of this host's monotonic clock, so that
nobody who sets the host's clock changes what is reckoned from it. The processes of one host share
the reading in a file: one that starts during an outage knows the time as well.
"""

import json
import socket
import time
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from portal.core import clock
from portal.core.clock import Reading

MOST_SKEW = timedelta(seconds=1)
READING_KEPT = timedelta(hours=2)
"""How long a reading is believed (assumption): a bad quartz loses 0.4 s in that time."""
SHARED_SECONDS = 10.0
_shared = 0.0


def at(moment: float) -> datetime | None:
    """Return the database's instant at a moment of the monotonic clock, None if it is not known.

    It is not known when the database's clock was not read lately, or when the host's own clock is
    more than MOST_SKEW off from it.
    """
    found = clock.last_reading() or _stored()
    if found is None:
        return None
    elapsed = time.monotonic() - found.moment
    skew = timezone.now() - found.then(time.monotonic())
    known = 0 <= elapsed <= READING_KEPT.total_seconds() and abs(skew) <= MOST_SKEW
    return found.then(moment) if known else None


def gives_tickets() -> bool:
    """Tell whether this host could give a ticket now: it has a key, and knows the time."""
    return bool(settings.TICKET_KEY) and at(time.monotonic()) is not None


def wall_clock() -> datetime:
    """Return the time by this host, for what nothing depends on."""
    return timezone.now()


def share() -> None:
    """Write the last reading for the other processes of this host, at most every SHARED_SECONDS."""
    global _shared
    found = clock.last_reading()
    if found is None or found.moment - _shared < SHARED_SECONDS:
        return
    _shared = found.moment
    path = _file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(f".{time.monotonic_ns()}")
        half.write_text(json.dumps([found.at.isoformat(), found.moment]))
        half.replace(path)
    except OSError:
        return  # the disk is full: each process still knows its own


def _stored() -> Reading | None:
    # One from before the host started again is off by its pause, and refused as such.
    try:
        at, moment = json.loads(_file().read_text())
        return Reading(datetime.fromisoformat(at), float(moment))
    except (OSError, ValueError):
        return None


def _file() -> Path:
    return Path(settings.DATA_DIR) / "clock" / f"{socket.gethostname()}.json"
