"""Figures read when they are asked for: what the database holds, and how far away servers are."""

import math
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import Error, connection
from django.db.models import Count, Min, Q
from django.utils import timezone
from django.utils.module_loading import import_string
from kombu.exceptions import OperationalError
from prometheus_client import Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from portal.celery import app
from portal.core.clock import now as clock_now
from portal.jobs import queue
from portal.models import AuditCheck, IncidentMinute, Job, JobState, Notice, NoticeState
from portal.records import guard_sync, incidents
from portal.recovery import receipts

KEPT_SECONDS = 5.0
"""However often somebody asks, the servers are asked once in this time."""
OUTAGE_WINDOW = timedelta(days=1)


@dataclass(frozen=True)
class Figure:
    """A gauge: one value for each combination of labels."""

    name: str
    meaning: str
    labels: Sequence[str] = ()
    values: Mapping[Any, float] = field(default_factory=dict)  # by a tuple of the labels' values


def single(name: str, meaning: str, value: float) -> Figure:
    """Return a gauge without labels."""
    return Figure(name, meaning, values={(): value})


Source = Callable[[datetime], Iterable[Figure]]


class Figures(Collector):
    """Figures for one scrape. Those of the database are told by one process of the portal only."""

    def __init__(self, *, of_database: bool) -> None:
        self._of_database = of_database
        self._lock = threading.Lock()
        self._read_at, self._kept = 0.0, list[Figure]()

    def describe(self) -> Iterable[Metric]:
        """Read nothing when it is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        with self._lock:
            if not self._kept or time.monotonic() - self._read_at > KEPT_SECONDS:
                self._kept = list(self._read())
                self._read_at = time.monotonic()
            kept = self._kept
        for figure in kept:
            metric = Metric(figure.name, figure.meaning, "gauge")
            for labels, value in figure.values.items():
                metric.add_sample(
                    figure.name, dict(zip(figure.labels, labels, strict=True)), float(value)
                )
            yield metric

    def _read(self) -> Iterator[Figure]:
        try:
            at, figures = _database()
            yield from figures
            yield from _broker()
            yield from _host()
            if at and self._of_database:
                for source in sources():
                    yield from source(at)
        except Error:
            return  # it went away meanwhile: what was read is told, the next scrape says so
        finally:
            connection.close()


def sources() -> list[Source]:
    """Return the functions of settings.FIGURES, which read the database."""
    return [import_string(path) for path in settings.FIGURES]


def _database() -> tuple[datetime | None, list[Figure]]:
    began = time.monotonic()
    try:
        at = clock_now()
    except Error:
        return None, [single("portal_database_up", _DATABASE_UP, 0)]
    took = time.monotonic() - began
    skew = abs((at - timezone.now()).total_seconds())
    return at, [
        single("portal_database_up", _DATABASE_UP, 1),
        single("portal_database_seconds", "Seconds of a question to it.", took),
        single("portal_clock_skew_seconds", "From the database's clock.", skew),
    ]


_DATABASE_UP = "Whether this process reaches the database."
_BROKER_UP = "Whether this process reaches Redis."


def _broker() -> Iterator[Figure]:
    if settings.EMBEDDED:
        return
    began = time.monotonic()
    try:
        with app.connection_for_write() as line:
            line.ensure_connection(max_retries=1, timeout=2)
            line.default_channel.client.ping()
    except (OperationalError, OSError, RedisError):
        yield single("portal_broker_up", _BROKER_UP, 0)
        return
    yield single("portal_broker_up", _BROKER_UP, 1)
    took = time.monotonic() - began
    yield single("portal_broker_seconds", "To connect to Redis and ask it.", took)


def _host() -> Iterator[Figure]:
    release = {(settings.VERSION,): 1}
    yield Figure("portal_release", "The release that runs.", ["version"], release)
    if settings.DATA_DIR.exists():
        free = shutil.disk_usage(settings.DATA_DIR).free
        yield single("portal_disk_free_bytes", "Room for files of the portal.", free)


# --- Read from the database: the sources that settings.FIGURES names first -------------------------


def work(at: datetime) -> Iterator[Figure]:
    """Yield the figures of the queue, by kind of job; answered by its indexes."""
    pending = Job.objects.filter(state__in=[JobState.QUEUED, JobState.RUNNING]).order_by()
    running = Q(state=JobState.RUNNING, lease_until__gte=at)
    rows = pending.values_list("kind").annotate(
        waiting=Count("pk", filter=~running | Q(lease_until=None)),
        running=Count("pk", filter=running),
        oldest=Min("created_at", filter=queue.ready(at)),
    )
    kinds = {(kind,): counts for kind, *counts in rows}
    for place, name, meaning in (
        (0, "portal_jobs_waiting", "Jobs that wait."),
        (1, "portal_jobs_running", "Jobs that a worker runs."),
    ):
        yield Figure(name, meaning, ["kind"], {key: row[place] for key, row in kinds.items()})
    ages = {key: _age(row[2], at) for key, row in kinds.items()}
    yield Figure("portal_jobs_oldest_seconds", "Age of the oldest due job.", ["kind"], ages)
    unknown = queue.unknown().order_by().values_list("kind").annotate(count=Count("pk"))
    newer = {(kind,): count for kind, count in unknown}
    yield Figure("portal_jobs_unknown", "Jobs for a newer release.", ["kind"], newer)
    parked = Job.objects.filter(state=JobState.PARKED).count()
    yield single("portal_jobs_parked", "Jobs that were given up.", parked)


def mails(at: datetime) -> Iterator[Figure]:
    """Yield the figures of the outbox; answered by its indexes."""
    waiting = Notice.objects.filter(state=NoticeState.PENDING)
    found = waiting.aggregate(count=Count("pk"), oldest=Min("created_at"))
    failed = Notice.objects.filter(state=NoticeState.FAILED).count()
    oldest = _age(found["oldest"], at)
    yield single("portal_mails_waiting", "Mails that wait.", found["count"])
    yield single("portal_mails_oldest_seconds", "Age of the oldest of them.", oldest)
    yield single("portal_mails_given_up", "Mails that were given up.", failed)


def evidence(at: datetime) -> Iterator[Figure]:
    """Yield the minutes of trouble, and whether records are guarded, sealed and verified."""
    recent = IncidentMinute.objects.filter(
        minute__gt=at - OUTAGE_WINDOW, kind__in=incidents.OUTAGE
    ).order_by()
    rows = recent.values_list("kind").annotate(minutes=Count("minute", distinct=True))
    minutes = {(kind,): 0 for kind in incidents.OUTAGE} | {(kind,): n for kind, n in rows}
    yield Figure("portal_outage_minutes", "Minutes of trouble in a day.", ["kind"], minutes)
    guarded = guard_sync.in_force()
    yield single("portal_guards_in_force", "Whether every guard is there.", guarded)
    last = AuditCheck.objects.order_by("-pk").values_list("finished_at", "faults").first()
    if last:
        yield single("portal_audit_faults", "Faults of the last check.", last[1])
        age = _age(last[0], at)
        yield single("portal_audit_age_seconds", "Since the last check.", age)


def drills(at: datetime) -> Iterator[Figure]:
    """Yield what the last restore drill found; where backups are made and never tried, its age is infinite."""
    last = receipts.newest()
    age = _age(last.finished_at, at) if last else math.inf if settings.BACKUP_CONFIG else 0.0
    yield single("portal_restore_age_seconds", "Since the last restore drill.", age)
    failed = last is not None and not last.passed
    yield single("portal_restore_failed", "Whether the last restore drill found faults.", failed)


def connections(at: datetime) -> Iterator[Figure]:
    """Yield how many sessions the database server has, and how many it may have."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE datname IS NOT NULL),"
            " current_setting('max_connections')::int FROM pg_stat_activity"
        )
        used, most = cursor.fetchone()
    yield single("portal_database_sessions", "Sessions of the server.", used)
    yield single("portal_database_sessions_most", "As many as it may have.", most)


def _age(since: datetime | None, at: datetime) -> float:
    return max(0.0, (at - since).total_seconds()) if since else 0.0
