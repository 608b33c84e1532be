"""Celery's side of jobs and notices: ids in, rows decide."""

from celery import shared_task

from portal import jobs, notices
from portal.clock import now


@shared_task
def run_job(pk: int) -> None:
    """Do one job, if it still waits."""
    jobs.run(pk)


@shared_task
def sweep_jobs() -> int:
    """Do what waits although nobody rang: lost messages, killed workers, later tries."""
    rows = jobs.waiting(now())
    for pk in rows:
        jobs.run(pk)
    return len(rows)


@shared_task
def send_notices() -> int:
    """Send the notices that wait."""
    return notices.send_waiting(now())
