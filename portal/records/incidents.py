"""Refusals and errors of the portal itself, per scope and minute: evidence when dates must move.

Failures are counted in the memory of each process and written about once a second to a file of its
own, not to the database: that may be what fails. A sweep reads the files into the table. A line
holds the count of its minute so far, so that reading a file twice changes nothing.
"""

import atexit
import json
import os
import socket
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.module_loading import import_string

from portal.models import IncidentMinute

CLOSED, ERROR, UNAVAILABLE, SLOW = "closed", "error", "unavailable", "slow"
OUTAGE = (ERROR, UNAVAILABLE, SLOW)
WORDS = {CLOSED: "마감 뒤 접수 거절", ERROR: "오류", UNAVAILABLE: "이용 불가", SLOW: "느린 응답"}
EVERYWHERE = "portal"
FLUSH_SECONDS = 1.0
KEPT_MINUTES = 3
Key = tuple[str, str, str]  # subject, minute, kind


@dataclass(frozen=True)
class Minute:
    """How often something failed in one minute of one scope."""

    scope: str
    minute: datetime
    kind: str
    count: int


class Counter:
    """The counts of one process, written to one file."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.counts: dict[Key, int] = {}
        self.dirty: set[Key] = set()
        self.flushed = 0.0
        self.pid, self.source = 0, ""

    def note(self, about: str, kind: str, at: datetime) -> None:
        # Written when the last write was a second ago.
        with self.lock:
            if self.pid != os.getpid():  # forked: a file, and counts, of its own
                self.pid, self.source = os.getpid(), f"{socket.gethostname()}-{uuid4().hex[:12]}"
                self.counts, self.dirty = {}, set()
            minute = at.replace(second=0, microsecond=0).isoformat()
            key = (about[:80], minute, kind)
            self.counts[key] = self.counts.get(key, 0) + 1
            self.dirty.add(key)
            if time.monotonic() - self.flushed >= FLUSH_SECONDS:
                self._write()

    def flush(self) -> None:
        with self.lock:
            self._write()

    def _write(self) -> None:
        if not self.dirty or self.pid != os.getpid():
            return
        lines = [json.dumps([*key, self.counts[key]]) + "\n" for key in sorted(self.dirty)]
        try:
            folder().mkdir(parents=True, exist_ok=True)
            with (folder() / f"{self.source}.jsonl").open("a") as file:
                file.write("".join(lines))
        except OSError:
            return  # the disk fails too: kept in memory for the next attempt
        self.dirty.clear()
        self.flushed = time.monotonic()
        latest = sorted({key[1] for key in self.counts})[-KEPT_MINUTES:]
        self.counts = {key: count for key, count in self.counts.items() if key[1] in latest}


_counter = Counter()
record_at = _counter.note
flush = _counter.flush
atexit.register(flush)


def record(about: str, kind: str) -> None:
    """Count one refusal or error, by the wall clock: the database may not answer."""
    record_at(about, kind, timezone.now())


def folder() -> Path:
    return Path(settings.DATA_DIR) / "incidents"


def collect() -> int:
    """Read the files into the table; return how many counts were read. Safe to repeat."""
    flush()
    read = 0
    for path in sorted(folder().glob("*.jsonl")):
        taken = path.with_suffix(f".{uuid4().hex}.taken")
        path.rename(taken)
    for taken in sorted(folder().glob("*.taken")):
        source = taken.name.split(".")[0]
        counts: dict[Key, int] = {}
        for line in taken.read_text().splitlines():
            about, minute, kind, count = json.loads(line)
            counts[about, minute, kind] = max(count, counts.get((about, minute, kind), 0))
        with transaction.atomic():
            _store(source, counts)
        read += len(counts)
        taken.unlink(missing_ok=True)
    return read


def _store(source: str, counts: Mapping[Key, int]) -> None:
    scopes = import_string(settings.INCIDENTS["scopes"])({about for about, _, _ in counts})
    summed: dict[Key, int] = {}
    for (about, minute, kind), count in counts.items():
        key = (scopes.get(about, EVERYWHERE), minute, kind)
        summed[key] = summed.get(key, 0) + count
    for (scope, minute, kind), count in summed.items():
        row, made = IncidentMinute.objects.get_or_create(
            source=source,
            scope=scope,
            minute=datetime.fromisoformat(minute),
            kind=kind,
            defaults={"count": count},
        )
        if not made:
            larger = Greatest(F("count"), count)
            IncidentMinute.objects.filter(pk=row.pk).update(count=larger)


def minutes(
    prefixes: Iterable[str], *, since: datetime, until: datetime, kinds: Iterable[str] = OUTAGE
) -> list[Minute]:
    """Return what failed in these scopes (and everywhere) between two instants, per minute."""
    rows = (
        IncidentMinute.objects.filter(
            scope__in=[*prefixes, EVERYWHERE],
            kind__in=list(kinds),
            minute__gt=since - timedelta(minutes=1),
            minute__lt=until,
        )
        .values_list("scope", "minute", "kind")
        .annotate(sum=Sum("count"))
        .order_by("minute", "scope", "kind")
    )
    return [Minute(*row) for row in rows]


def subject_of(match: object) -> str:
    """Return what a resolved request was about, see `settings.INCIDENTS`."""
    subject: str = import_string(settings.INCIDENTS["subject"])(match) if match else EVERYWHERE
    return subject
