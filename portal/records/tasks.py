"""Celery tasks that collect incident counts, seal rows and verify the seals."""

from typing import Any

from celery import shared_task

from portal.core.clock import KST, now
from portal.jobs import queue
from portal.models import Job
from portal.records import audit, incidents


@shared_task
def collect_incidents() -> int:
    return incidents.collect()


@shared_task
def seal_audit() -> int:
    return audit.seal(now=now())


@shared_task
def verify_audit() -> None:
    day = f"{now().astimezone(KST):%Y%m%d}"
    queue.enqueue(audit.JOB, key=f"audit:{day}")


@queue.handler(audit.JOB)
def verify_chain(job: Job) -> dict[str, Any]:
    report = audit.verify(now=now(), progress=job.progress)
    audit.record(report, by=job.requested_by, now=now())
    return {"rows": report.rows, "faults": report.faults, "unsealed": report.unsealed_count}
