"""Background jobs: rows that are claimed, leased, retried and, after repeated failures, parked."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypedDict

from django.conf import settings
from django.db import Error, connection, transaction
from django.db.models import F, Q, QuerySet

from portal.celery import app
from portal.core import following, metrics
from portal.core.clock import now as clock_now
from portal.core.errors import BadInput, JobCancelled, PortalError, RuleBroken, Unavailable
from portal.jobs import broker
from portal.models import Job, JobState, User

logger = logging.getLogger(__name__)
work = logging.getLogger("portal.work")

LEASE = timedelta(
    seconds=60
)  # renewed while the worker runs; the job of a killed one becomes due again
RENEW_SECONDS = 20
ATTEMPTS = 3
BACKOFF = timedelta(seconds=20)
LONGEST_PAUSE = timedelta(minutes=10)
UNEXPECTED = "예기치 못한 오류로 작업을 끝내지 못했습니다. 몇 차례 다시 시도합니다. 계속되면 관리자에게 알려 주세요."
NEWER = "새 버전의 프로그램이 처리할 작업입니다. 새 버전이 켜지면 이어서 처리합니다."
MOST_POSTPONEMENTS = 150  # about a day, while a component (PDF engine, disk) cannot serve

# What became of a run; None: another worker had taken the job over.
OUTCOMES: dict[JobState | None, str] = {
    JobState.DONE: "done",
    JobState.CANCELLED: "cancelled",
    JobState.PARKED: "parked",
    JobState.QUEUED: "again",
    None: "taken_over",
}

Handler = Callable[[Job], dict[str, Any] | None]
_handlers: dict[str, Handler] = {}
_loaded = False
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
    """Return the kinds that this process can run: in a worker, all that its release knows."""
    return frozenset(_handlers)


def _known() -> frozenset[str]:
    global _loaded
    if not _loaded:
        app.loader.import_default_modules()  # outside a worker the tasks are not imported yet
        _loaded = True
    return kinds()


def enqueue(kind: str, *, key: str, by: User | None = None, new: bool = False, **args: Any) -> Job:
    """Write the job, once per key, and notify the worker when the transaction commits.

    Pass `new=True` when the key cannot exist yet; this skips one query.
    """
    fields = {
        "kind": kind,
        "args": args,
        "requested_by": by,
        "request_id": following.current(),
    }
    if new:
        job, created = Job.objects.create(key=key, **fields), True
    else:
        job, created = Job.objects.get_or_create(key=key, defaults=fields)
    if created:
        _notify(job)
    return job


def new(kind: str, *, key: str, **args: Any) -> Job:
    """Return a job under a new key, which the caller inserts in this transaction."""
    job = Job(kind=kind, key=key, args=args, request_id=following.current())
    _notify(job)
    return job


def retry(job: Job) -> bool:
    """Queue a parked or cancelled job again; return whether it was one."""
    changed = Job.objects.filter(pk=job.pk, state__in=[JobState.PARKED, JobState.CANCELLED]).update(
        state=JobState.QUEUED,
        attempts=0,
        postponements=0,
        error="",
        cause="",
        run_after=None,
        finished_at=None,
        cancel_requested_at=None,
    )
    if changed:
        _notify(job)
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
    """Claim a job by one conditional UPDATE; return None when another worker has it.

    One of a kind that this release does not know is left to a worker of a newer one.
    """
    claimed = Job.objects.filter(ready(at), pk=pk, kind__in=kinds()).update(
        state=JobState.RUNNING, attempts=F("attempts") + 1, lease_until=at + LEASE
    )
    if claimed:
        return Job.objects.get(pk=pk)
    return None if _loaded or kinds() == _known() else claim(pk, at)


def run(pk: int) -> JobState | None:
    """Claim and run one job; record success, a retry, or its parking after ATTEMPTS failures.

    What its input does not allow (BadInput, RuleBroken) is parked at once: no retry would change it.

    Returns the state it ended in, or None when another worker has it or took it over after the lease
    had expired.
    """
    job = None if shutting_down.is_set() else claim(pk, clock_now())
    if job is None:
        return None
    with following.followed(job.request_id):
        began = time.monotonic()
        ended = _attempt(job)
        took = time.monotonic() - began
        metrics.JOBS.labels(job.kind, OUTCOMES[ended]).inc()
        metrics.JOB_SECONDS.labels(job.kind).observe(took)
        done = {"job": job.pk, "kind": job.kind, "outcome": OUTCOMES[ended]}
        work.info("job", extra={**done, "milliseconds": round(took * 1000)})
    return ended


def _attempt(job: Job) -> JobState | None:
    if job.attempts - job.postponements > ATTEMPTS:
        return _finish(job, JobState.PARKED, "여러 번 시도했으나 끝내지 못했습니다.")
    try:
        with _renewed_lease(job):
            result = _handlers[job.kind](job)
    except JobCancelled as error:
        return _finish(job, JobState.CANCELLED, error.message)
    except Unavailable as error:
        return _postpone(job, error.message)
    except (BadInput, RuleBroken) as error:
        return _finish(job, JobState.PARKED, error.message)
    except PortalError as error:
        return _fail(job, error.message)
    except Exception as error:  # a job may fail in any way; the worker must go on
        logger.exception("작업 %s(%s) 실패", job.pk, job.kind)
        return _fail(job, UNEXPECTED, cause=f"{type(error).__name__}: {error}"[:500])
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


def due(at: datetime, limit: int = 200, *, heavy: bool | None = None) -> list[int]:
    """Return the ids of jobs of known kinds that a sweep should run, oldest first.

    `heavy` selects those of the heavy workers or those of the others, None both.
    """
    rows = Job.objects.filter(ready(at), kind__in=_known()).order_by("created_at")
    if heavy is not None:
        ours = Q(kind__in=settings.HEAVY_JOBS)
        rows = rows.filter(ours if heavy else ~ours)
    return list(rows.values_list("pk", flat=True)[:limit])


def unknown() -> QuerySet[Job]:
    """Return the jobs that wait for a worker of a newer release."""
    return Job.objects.filter(state=JobState.QUEUED).exclude(kind__in=_known())


def tell_unknown() -> int:
    """Say on the jobs that wait for a newer release that they do; return on how many it is new."""
    return unknown().exclude(error=NEWER).update(error=NEWER)


def _notify(job: Job) -> None:
    # Heavy work has workers of its own, so that mails and receipts never wait behind it.
    queue = settings.HEAVY_QUEUE if job.kind in settings.HEAVY_JOBS else None
    transaction.on_commit(
        lambda: broker.notify("portal.jobs.tasks.run_job", job.pk, queue=queue), robust=True
    )


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


def _fail(job: Job, message: str, *, cause: str = "") -> JobState | None:
    tries = job.attempts - job.postponements
    if tries >= ATTEMPTS:
        return _finish(job, JobState.PARKED, message, cause=cause)
    return _requeue(job, message, BACKOFF * tries, cause=cause)


def _postpone(job: Job, message: str) -> JobState | None:
    # An unavailable component (PDF engine, disk) is no failure of the job.
    if job.postponements >= MOST_POSTPONEMENTS:
        return _finish(job, JobState.PARKED, message)
    return _requeue(
        job, message, min(BACKOFF * 2 ** min(job.postponements, 9), LONGEST_PAUSE), postponed=1
    )


def _requeue(
    job: Job, message: str, pause: timedelta, *, postponed: int = 0, cause: str = ""
) -> JobState | None:
    changed = _claimed(job).update(
        state=JobState.QUEUED,
        error=message,
        cause=cause,
        lease_until=None,
        run_after=clock_now() + pause,
        postponements=F("postponements") + postponed,
    )
    return JobState.QUEUED if changed else None


def _finish(
    job: Job,
    state: JobState,
    message: str,
    result: dict[str, Any] | None = None,
    *,
    cause: str = "",
) -> JobState | None:
    changed = _claimed(job).update(
        state=state,
        error=message,
        cause=cause,
        result=result or {},
        lease_until=None,
        finished_at=clock_now(),
    )
    return state if changed else None
