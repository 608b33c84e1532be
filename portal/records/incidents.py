"""Refusals and errors of the portal itself, per scope and minute: evidence when dates must move.

Failures are counted in the memory of each process. A thread of it brings the counts to the database,
again and again until they are stored: the database may be what fails. Meanwhile they lie in a file
as well, for the case that the process dies; the next process of the same host stores what it left.
A count is that of its minute so far, so that storing it twice changes nothing.
"""

import atexit
import fcntl
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.db import Error, connection, transaction
from django.db.models import F, Sum
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.module_loading import import_string

from portal.models import IncidentMinute

CLOSED, ERROR, UNAVAILABLE, SLOW = "closed", "error", "unavailable", "slow"
SHED, TICKET = "shed", "ticket"  # sent away while others were served; a form that got a ticket
OUTAGE = (ERROR, UNAVAILABLE, SLOW, SHED, TICKET)
WORDS = {
    CLOSED: "마감 뒤 접수 거절",
    ERROR: "오류",
    UNAVAILABLE: "이용 불가",
    SLOW: "느린 응답",
    SHED: "접속이 몰려 돌려보냄",
    TICKET: "접수 확인표 발급",
}
EVERYWHERE = "portal"
FILE_SECONDS = 1.0
KEPT_MINUTES = 3
MOST_COUNTS = 20_000  # beyond so many, what is new counts for the whole portal: about 6 MB
Key = tuple[str, str, str]  # subject, minute, kind


logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Minute:
    """How often something failed in one minute of one scope."""

    scope: str
    minute: datetime
    kind: str
    count: int


class Counter:
    """The counts of one process: in memory, in a file of its own, and delivered to the database.

    The file holds all that is in memory, at most FILE_SECONDS late.
    """

    def __init__(self) -> None:
        self.file = _OwnFile()
        self.begin()

    def begin(self) -> None:
        """Begin anew, as after a fork: what was counted before it is the parent's."""
        self.lock = threading.Lock()
        self.counts: dict[Key, int] = {}
        self.undelivered: set[Key] = set()
        self.unfiled: set[Key] = set()
        self.filed_at = 0.0
        self.source = f"{socket.gethostname()}-{uuid4().hex[:12]}"
        self.file.close()
        self.thread: threading.Thread | None = None
        self.noted, self.ending = threading.Event(), threading.Event()

    def note(self, about: str, kind: str, at: datetime) -> None:
        """Count one failure; needs neither the database nor a disk."""
        minute = at.replace(second=0, microsecond=0).isoformat()
        with self.lock:
            key = (about[:80], minute, kind)
            if key not in self.counts and len(self.counts) >= MOST_COUNTS:
                key = (EVERYWHERE, minute, kind)
            self.counts[key] = self.counts.get(key, 0) + 1
            self.undelivered.add(key)
            self.unfiled.add(key)
            if time.monotonic() - self.filed_at >= FILE_SECONDS:
                self._write()
        self.noted.set()
        self.start()

    def start(self) -> None:
        """Begin to deliver, first what dead processes of this host left."""
        with self.lock:
            if self.thread is None and settings.INCIDENTS["deliver_seconds"]:
                self.thread = threading.Thread(target=self._run, name="incidents", daemon=True)
                self.thread.start()

    def write(self) -> None:
        """Write to the file what it does not hold yet."""
        with self.lock:
            self._write()

    def deliver(self) -> int:
        """Store the counts that the database does not have; return how many. Raises its errors."""
        with self.lock:
            minutes = {key[1] for key in self.undelivered}
            # Whole minutes: the count of a scope is the sum over all that belongs to it.
            given = {key: count for key, count in self.counts.items() if key[1] in minutes}
        if not given:
            return 0
        with transaction.atomic():
            _store(self.source, given)
        with self.lock:
            self.undelivered -= {
                key for key, count in given.items() if self.counts.get(key) == count
            }
            self._forget()
        return len(given)

    def end(self) -> None:
        """Deliver for the last time; what the database does not take stays in the file."""
        self.ending.set()
        self.noted.set()
        if self.undelivered and settings.INCIDENTS["deliver_seconds"]:
            self._try(self.deliver)
            connection.close()
        if self.undelivered:
            self.write()
        else:
            self.file.remove()

    def _run(self) -> None:
        left, due = True, time.monotonic()
        while not self.ending.is_set():
            if left or self.undelivered:
                self.write()
                if time.monotonic() >= due:
                    left = not (self._try(self.deliver) and self._try(collect_left))
                    connection.close()
                    due = time.monotonic() + settings.INCIDENTS["deliver_seconds"]
                self.ending.wait(FILE_SECONDS)
            else:
                self.noted.wait()
                self.noted.clear()

    def _try(self, act: Callable[[], int]) -> bool:
        try:
            act()
        except Error as error:
            logger.warning("장애 기록을 아직 저장하지 못했습니다: %s", type(error).__name__)
        except Exception:  # the thread must go on
            logger.exception("장애 기록을 저장하지 못했습니다.")
        else:
            return True
        return False

    def _forget(self) -> None:
        minutes = sorted({key[1] for key in self.counts})
        kept = {*minutes[-KEPT_MINUTES:], *(key[1] for key in self.undelivered)}
        self.counts = {key: count for key, count in self.counts.items() if key[1] in kept}
        with suppress(OSError):
            self.file.empty()
            self.unfiled = set(self.counts)
            self._write()

    def _write(self) -> None:
        self.filed_at = time.monotonic()
        lines = [json.dumps([*key, self.counts[key]]) + "\n" for key in sorted(self.unfiled)]
        try:
            self.file.append("".join(lines), self.source)
        except OSError:
            return  # the disk fails too: kept in memory for the next attempt
        self.unfiled = set()


class _OwnFile:
    """The file of a living process: locked, so that no other takes it for that of a dead one."""

    def __init__(self) -> None:
        self._path, self._number = Path(), -1

    def append(self, text: str, name: str) -> None:
        if not text:
            return
        if self._number < 0:
            self._open(folder() / f"{name}.jsonl")
        os.write(self._number, text.encode())

    def empty(self) -> None:
        if self._number >= 0:
            os.ftruncate(self._number, 0)

    def close(self) -> None:
        if self._number >= 0:
            os.close(self._number)
        self._number = -1

    def remove(self) -> None:
        if self._number >= 0:
            self._path.unlink(missing_ok=True)
        self.close()

    def _open(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".half")
        number = os.open(half, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        fcntl.flock(number, fcntl.LOCK_EX)
        half.rename(path)  # locked before anybody looks for it
        self._path, self._number = path, number


_counter = Counter()
record_at = _counter.note
start = _counter.start
atexit.register(_counter.end)
os.register_at_fork(after_in_child=_counter.begin)


def record(about: str, kind: str) -> None:
    """Count one refusal or error, by the wall clock: the database may not answer."""
    record_at(about, kind, timezone.now())


def folder() -> Path:
    return Path(settings.DATA_DIR) / "incidents"


def collect() -> int:
    """Store what this process counted and what dead ones of this host left; return how many counts.

    Safe to repeat.
    """
    return _counter.deliver() + collect_left()


def collect_left() -> int:
    """Store what processes of this host counted that ended before they could; return how many counts."""
    read = 0
    for path in sorted([*folder().glob("*.jsonl"), *folder().glob("*.taken")]):
        with _locked(path) as left:
            if left is None:
                continue
            counts = _counts_in(left)
            with transaction.atomic():
                _store(path.name.split(".")[0], counts)
            read += len(counts)
            path.unlink(missing_ok=True)
    return read


@contextmanager
def _locked(path: Path) -> Iterator[str | None]:
    """Open the file of a dead process and yield its text; None when its process lives."""
    try:
        file = path.open("r+")
    except FileNotFoundError:
        yield None
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        yield file.read() if path.exists() else None


def _counts_in(text: str) -> dict[Key, int]:
    """Return the largest count of each key; a last line may be cut off."""
    counts: dict[Key, int] = {}
    for line in text.splitlines():
        with suppress(ValueError):
            about, minute, kind, count = json.loads(line)
            counts[about, minute, kind] = max(count, counts.get((about, minute, kind), 0))
    return counts


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
