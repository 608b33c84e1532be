"""Celery's side of jobs and notices: ids in, rows decide."""

import time

from celery import shared_task

from portal.core.clock import now
from portal.jobs import queue

SWEEP_SECONDS = 60


@shared_task
def run_job(pk: int) -> None:
    """Do one job, if it still waits."""
    queue.run(pk)


@shared_task
def sweep_jobs() -> int:
    """Do what waits although nobody rang: lost messages, killed workers, later tries.

    Returns how many were begun; leaves the rest to the next sweep, so that the last job begun has
    the better part of CELERY_TASK_TIME_LIMIT for itself.
    """
    begun, started = 0, time.monotonic()
    for pk in queue.due(now()):
        if time.monotonic() - started > SWEEP_SECONDS:
            break
        queue.run(pk)
        begun += 1
    return begun
