"""Background jobs: rows that are claimed, leased, retried and, after repeated failures, parked."""

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

LEASE = timedelta(
    seconds=60
)  # renewed while the worker runs; the job of a killed one becomes due again
RENEW_SECONDS = 20
ATTEMPTS = 3
BACKOFF = timedelta(seconds=20)
LONGEST_PAUSE = timedelta(minutes=10)
MOST_POSTPONEMENTS = 150  # about a day, while a component (PDF engine, disk) cannot serve

Handler = Callable[[Job], dict[str, Any] | None]
_handlers: dict[str, Handler] = {}
shutting_down = threading.Event()  # set before this process ends: it starts no further job


def handler(kind: str) -> Callable[[Handler], Handler]:
    """Register the handler of a kind of job. Running it twice must have one effect."""

    def register(function: Handler) -> Handler:
        if kind in _handlers:
            raise ValueError(f"two handlers for {kind}")
        _handlers[kind] = function
        return function

    return register


def kinds() -> frozenset[str]:
    return frozenset(_handlers)


def enqueue(kind: str, *, key: str, by: User | None = None, new: bool = False, **args: Any) -> Job:
    """Write the job, once per key, and notify the worker when the transaction commits.

    Pass `new=True` when the key cannot exist yet; this skips one query.
    """
    fields = {"kind": kind, "args": args, "requested_by": by}
    if new:
        job, created = Job.objects.create(key=key, **fields), True
    else:
        job, created = Job.objects.get_or_create(key=key, defaults=fields)
    if created:
        transaction.on_commit(
            lambda: broker.notify("portal.jobs.tasks.run_job", job.pk), robust=True
        )
    return job


def retry(job: Job) -> bool:
    """Queue a parked or cancelled job again; return whether it was one."""
    changed = Job.objects.filter(pk=job.pk, state__in=[JobState.PARKED, JobState.CANCELLED]).update(
        state=JobState.QUEUED,
        attempts=0,
        postponements=0,
        error="",
        run_after=None,
        finished_at=None,
        cancel_requested_at=None,
    )
    if changed:
        transaction.on_commit(
            lambda: broker.notify("portal.jobs.tasks.run_job", job.pk), robust=True
        )
    return bool(changed)


def cancel(job: Job, *, now: datetime) -> bool:
    """Cancel a queued job at once, a running one at its next report of progress.

    Returns whether there was anything to cancel.
    """
    queued = Job.objects.filter(pk=job.pk, state=JobState.QUEUED).update(
        state=JobState.CANCELLED, cancel_requested_at=now, finished_at=now
    )
    running = Job.objects.filter(
        pk=job.pk, state=JobState.RUNNING, cancel_requested_at=None
    ).update(cancel_requested_at=now)
    return bool(queued or running)


def ready(at: datetime) -> Q:
    """Select the jobs that may be claimed at this instant."""
    queued = Q(state=JobState.QUEUED) & (Q(run_after=None) | Q(run_after__lte=at))
    return queued | Q(state=JobState.RUNNING, lease_until__lt=at)


def claim(pk: int, at: datetime) -> Job | None:
    """Claim a job by one conditional UPDATE; return None when another worker has it."""
    claimed = Job.objects.filter(ready(at), pk=pk).update(
        state=JobState.RUNNING, attempts=F("attempts") + 1, lease_until=at + LEASE
    )
    return Job.objects.get(pk=pk) if claimed else None


def run(pk: int) -> JobState | None:
    """Claim and run one job; record success, a retry, or its parking after ATTEMPTS failures.

    Returns the state it ended in, or None when another worker has it or took it over after the lease
    had expired.
    """
    job = None if shutting_down.is_set() else claim(pk, clock_now())
    if job is None:
        return None
    if job.attempts - job.postponements > ATTEMPTS:
        return _finish(job, JobState.PARKED, "여러 번 시도했으나 끝내지 못했습니다.")
    if job.kind not in _handlers:
        app.loader.import_default_modules()  # outside a worker the tasks are not imported yet
    handle = _handlers.get(job.kind)
    if handle is None:
        return _finish(job, JobState.PARKED, f"처리기가 없는 작업입니다: {job.kind}")
    try:
        with _renewed_lease(job):
            result = handle(job)
    except JobCancelled as error:
        return _finish(job, JobState.CANCELLED, error.message)
    except Unavailable as error:
        return _postpone(job, error.message)
    except PortalError as error:
        return _fail(job, error.message)
    except Exception as error:  # a job may fail in any way; the worker must go on
        logger.exception("작업 %s(%s) 실패", job.pk, job.kind)
        return _fail(job, f"{type(error).__name__}: {error}"[:500])
    return _finish(job, JobState.DONE, "", result or {})


class JobStatus(TypedDict):
    """What job.js reads; an empty `label` keeps the one of the page."""

    state: str
    state_label: str
    done: int
    total: int
    stage: str
    label: str


def status(job: Job) -> JobStatus:
    return {
        "state": job.state,
        "state_label": JobState(job.state).label,
        "done": job.done,
        "total": job.total,
        "stage": job.stage,
        "label": "작업이 멈췄습니다" if job.state == JobState.PARKED else "",
    }


def recover() -> int:
    """Queue jobs again that a killed process left running; return how many.

    Only where no other worker can be alive.
    """
    return Job.objects.filter(state=JobState.RUNNING).update(
        state=JobState.QUEUED, lease_until=None
    )


def due(at: datetime, limit: int = 200) -> list[int]:
    """Return the ids of jobs that a sweep should run, oldest first."""
    rows = Job.objects.filter(ready(at)).order_by("created_at")
    return list(rows.values_list("pk", flat=True)[:limit])


@contextmanager
def _renewed_lease(job: Job) -> Iterator[None]:
    # From a thread: the work itself may not return for minutes.
    stopped = threading.Event()

    def renew() -> None:
        while not stopped.wait(RENEW_SECONDS):
            try:
                _claimed(job).update(lease_until=clock_now() + LEASE)
            except Error:  # the next try comes before the lease ends
                logger.warning("작업 %s의 점유를 연장하지 못했습니다.", job.pk)
                connection.close()
        connection.close()

    renewer = threading.Thread(target=renew, name=f"lease-{job.pk}", daemon=True)
    renewer.start()
    try:
        yield
    finally:
        stopped.set()
        renewer.join()


def _claimed(job: Job) -> QuerySet[Job]:
    # Empty once another worker has claimed the job.
    return Job.objects.filter(pk=job.pk, state=JobState.RUNNING, attempts=job.attempts)


def _fail(job: Job, message: str) -> JobState | None:
    tries = job.attempts - job.postponements
    if tries >= ATTEMPTS:
        return _finish(job, JobState.PARKED, message)
    return _requeue(job, message, BACKOFF * tries)


def _postpone(job: Job, message: str) -> JobState | None:
    # An unavailable component (PDF engine, disk) is no failure of the job.
    if job.postponements >= MOST_POSTPONEMENTS:
        return _finish(job, JobState.PARKED, message)
    return _requeue(
        job, message, min(BACKOFF * 2 ** min(job.postponements, 9), LONGEST_PAUSE), postponed=1
    )


def _requeue(job: Job, message: str, pause: timedelta, *, postponed: int = 0) -> JobState | None:
    changed = _claimed(job).update(
        state=JobState.QUEUED,
        error=message,
        lease_until=None,
        run_after=clock_now() + pause,
        postponements=F("postponements") + postponed,
    )
    return JobState.QUEUED if changed else None


def _finish(
    job: Job, state: JobState, message: str, result: dict[str, Any] | None = None
) -> JobState | None:
    changed = _claimed(job).update(
        state=state,
        error=message,
        result=result or {},
        lease_until=None,
        finished_at=clock_now(),
    )
    return state if changed else None
