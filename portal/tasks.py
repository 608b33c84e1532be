"""Celery's side of jobs and notices: ids in, rows decide."""

import time
from typing import Any

from celery import shared_task

from portal import audit, jobs, notices, trouble
from portal.clock import KST, now
from portal.models import IdempotentCall, Job

SWEEP_SECONDS = 60


@shared_task
def run_job(pk: int) -> None:
    """Do one job, if it still waits."""
    jobs.run(pk)


@shared_task
def sweep_jobs() -> int:
    """Do what waits although nobody rang: lost messages, killed workers, later tries.

    Returns how many were begun; leaves the rest to the next sweep, so that the last job begun has
    the better part of CELERY_TASK_TIME_LIMIT for itself.
    """
    begun, started = 0, time.monotonic()
    for pk in jobs.waiting(now()):
        if time.monotonic() - started > SWEEP_SECONDS:
            break
        jobs.run(pk)
        begun += 1
    return begun


@shared_task
def send_notices() -> int:
    """Send the notices that wait."""
    return notices.send_waiting(now())


@shared_task
def forget_answers() -> int:
    """Delete the answers that no repeated call will ask for; returns how many."""
    return IdempotentCall.objects.filter(created_at__lt=now() - IdempotentCall.KEPT).delete()[0]


@shared_task
def collect_trouble() -> int:
    """Bring what went wrong in every process into the table."""
    return trouble.collect()


@shared_task
def seal_audit() -> int:
    """Seal the rows that became final since the last sweep."""
    return audit.seal(now=now())


@shared_task
def verify_audit() -> None:
    """Ask for the daily verification of every sealed row."""
    day = f"{now().astimezone(KST):%Y%m%d}"
    jobs.enqueue(audit.JOB, key=f"audit:{day}")


@jobs.handler(audit.JOB)
def verify_chain(job: Job) -> dict[str, Any]:
    """Verify the chains and keep what was found."""
    report = audit.verify(now=now(), progress=job.progress)
    audit.record(report, by=job.requested_by, now=now())
    return {"rows": report.rows, "faults": report.faults, "unsealed": report.unsealed_count}
