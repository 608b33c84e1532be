"""Celery's side of jobs and notices: messages carry ids, rows decide."""

import time

from celery import shared_task

from portal.core.clock import now
from portal.jobs import queue

SWEEP_SECONDS = 60


@shared_task
def run_job(pk: int) -> None:
    queue.run(pk)


@shared_task
def sweep_jobs(heavy: bool | None = None) -> int:
    """Run due jobs whose notification was lost, whose worker was killed, or whose retry is due.

    `heavy` as in `queue.due`. Returns how many were started. Stops after SWEEP_SECONDS, so that the last job started has most of
    CELERY_TASK_TIME_LIMIT for itself.
    """
    queue.tell_unknown()
    count, started = 0, time.monotonic()
    for pk in queue.due(now(), heavy=heavy):
        if time.monotonic() - started > SWEEP_SECONDS:
            break
        queue.run(pk)
        count += 1
    return count
