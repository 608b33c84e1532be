"""Background work: rows that are claimed, leased, retried and, when poisonous, parked."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypedDict

from django.db import Error, connection, transaction
from django.db.models import F, Q, QuerySet

from portal.celery import app
from portal.core.clock import now as clock_now
from portal.core.errors import JobCancelled, PortalError, Unavailable
from portal.jobs import broker
from portal.models import Job, JobState, User

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)  # renewed while the worker lives; a killed one's job comes back
RENEW_SECONDS = 20
ATTEMPTS = 3
BACKOFF = timedelta(seconds=20)
LONGEST_WAIT = timedelta(minutes=10)
WAITS = 150  # a day, for a part of the house (PDF engine, disk) that cannot serve

Handler = Callable[[Job], dict[str, Any] | None]
_handlers: dict[str, Handler] = {}
closing = threading.Event()  # set when this process is about to end: it begins no further job


def handler(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that does a kind of work. It must have one effect if run twice."""

    def register(function: Handler) -> Handler:
        if kind in _handlers:
            raise ValueError(f"two handlers for {kind}")
        _handlers[kind] = function
        return function

    return register


def kinds() -> frozenset[str]:
    """Name every kind of work that has a handler."""
    return frozenset(_handlers)


def enqueue(kind: str, *, key: str, by: User | None = None, new: bool = False, **args: Any) -> Job:
    """Write the job (once per key) and ring the worker when the transaction commits.

    Whoever knows that the key is `new` saves the look for it.
    """
    fields = {"kind": kind, "args": args, "requested_by": by}
    if new:
        job, created = Job.objects.create(key=key, **fields), True
    else:
        job, created = Job.objects.get_or_create(key=key, defaults=fields)
    if created:
        transaction.on_commit(lambda: broker.ring("portal.jobs.tasks.run_job", job.pk), robust=True)
    return job


def retry(job: Job) -> bool:
    """Put a parked or cancelled job back in the queue; returns whether it was one."""
    changed = Job.objects.filter(pk=job.pk, state__in=[JobState.PARKED, JobState.CANCELLED]).update(
        state=JobState.QUEUED,
        attempts=0,
        waits=0,
        error="",
        run_after=None,
        finished_at=None,
        cancel_asked_at=None,
    )
    if changed:
        transaction.on_commit(lambda: broker.ring("portal.jobs.tasks.run_job", job.pk), robust=True)
    return bool(changed)


def cancel(job: Job, *, now: datetime) -> bool:
    """Ask a job to stop: at once when it waits, at its next report of progress when it runs.

    Returns whether there was anything to stop.
    """
    waiting = Job.objects.filter(pk=job.pk, state=JobState.QUEUED).update(
        state=JobState.CANCELLED, cancel_asked_at=now, finished_at=now
    )
    running = Job.objects.filter(pk=job.pk, state=JobState.RUNNING, cancel_asked_at=None).update(
        cancel_asked_at=now
    )
    return bool(waiting or running)


def ready(at: datetime) -> Q:
    """Select jobs that may be claimed at this instant."""
    waiting = Q(state=JobState.QUEUED) & (Q(run_after=None) | Q(run_after__lte=at))
    return waiting | Q(state=JobState.RUNNING, lease_until__lt=at)


def claim(pk: int, at: datetime) -> Job | None:
    """Take a job for this worker by one conditional UPDATE, or return nothing."""
    claimed = Job.objects.filter(ready(at), pk=pk).update(
        state=JobState.RUNNING, attempts=F("attempts") + 1, lease_until=at + LEASE
    )
    return Job.objects.get(pk=pk) if claimed else None


def run(pk: int) -> JobState | None:
    """Claim and do one job; record success, a later try, or the parking of a poisonous one.

    Returns the state it ended in, or None when another worker has it (or took it over, because
    this one was silent for longer than its lease).
    """
    job = None if closing.is_set() else claim(pk, clock_now())
    if job is None:
        return None
    if job.attempts - job.waits > ATTEMPTS:
        return _end(job, JobState.PARKED, "여러 번 시도했으나 끝내지 못했습니다.")
    if job.kind not in _handlers:
        app.loader.import_default_modules()  # outside a worker nobody has read the tasks yet
    work = _handlers.get(job.kind)
    if work is None:
        return _end(job, JobState.PARKED, f"처리기가 없는 작업입니다: {job.kind}")
    try:
        with _kept_lease(job):
            result = work(job)
    except JobCancelled as error:
        return _end(job, JobState.CANCELLED, error.message)
    except Unavailable as error:
        return _put_off(job, error.message)
    except PortalError as error:
        return _failed(job, error.message)
    except Exception as error:  # a job may fail in any way; the worker must live
        logger.exception("작업 %s(%s) 실패", job.pk, job.kind)
        return _failed(job, f"{type(error).__name__}: {error}"[:500])
    return _end(job, JobState.DONE, "", result or {})


class JobStatus(TypedDict):
    """What job.js reads; an empty `label` keeps the one of the page."""

    state: str
    state_label: str
    done: int
    total: int
    stage: str
    label: str


def status(job: Job) -> JobStatus:
    """Return what a page may show of a job."""
    return {
        "state": job.state,
        "state_label": JobState(job.state).label,
        "done": job.done,
        "total": job.total,
        "stage": job.stage,
        "label": "작업이 멈췄습니다" if job.state == JobState.PARKED else "",
    }


def recover() -> int:
    """Requeue what a killed process left running; only where no other worker can be alive."""
    return Job.objects.filter(state=JobState.RUNNING).update(
        state=JobState.QUEUED, lease_until=None
    )


def waiting(at: datetime, limit: int = 200) -> list[int]:
    """List the jobs that a sweep should run, oldest first."""
    rows = Job.objects.filter(ready(at)).order_by("created_at")
    return list(rows.values_list("pk", flat=True)[:limit])


@contextmanager
def _kept_lease(job: Job) -> Iterator[None]:
    """Renew the lease from a thread of its own for as long as the work goes on."""
    over = threading.Event()

    def renew() -> None:
        while not over.wait(RENEW_SECONDS):
            try:
                _held(job).update(lease_until=clock_now() + LEASE)
            except Error:  # the next try comes before the lease ends
                logger.warning("작업 %s의 점유를 연장하지 못했습니다.", job.pk)
                connection.close()
        connection.close()

    keeper = threading.Thread(target=renew, name=f"lease-{job.pk}", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()


def _held(job: Job) -> QuerySet[Job]:
    """The job's row for as long as this claim of it is the latest."""
    return Job.objects.filter(pk=job.pk, state=JobState.RUNNING, attempts=job.attempts)


def _failed(job: Job, message: str) -> JobState | None:
    tries = job.attempts - job.waits
    if tries >= ATTEMPTS:
        return _end(job, JobState.PARKED, message)
    return _later(job, message, BACKOFF * tries)


def _put_off(job: Job, message: str) -> JobState | None:
    """Wait for a part of the house that cannot serve; that is no fault of the job."""
    if job.waits >= WAITS:
        return _end(job, JobState.PARKED, message)
    return _later(job, message, min(BACKOFF * 2 ** min(job.waits, 9), LONGEST_WAIT), waits=1)


def _later(job: Job, message: str, pause: timedelta, *, waits: int = 0) -> JobState | None:
    changed = _held(job).update(
        state=JobState.QUEUED,
        error=message,
        lease_until=None,
        run_after=clock_now() + pause,
        waits=F("waits") + waits,
    )
    return JobState.QUEUED if changed else None


def _end(
    job: Job, state: JobState, message: str, result: dict[str, Any] | None = None
) -> JobState | None:
    changed = _held(job).update(
        state=state,
        error=message,
        result=result or {},
        lease_until=None,
        finished_at=clock_now(),
    )
    return state if changed else None
