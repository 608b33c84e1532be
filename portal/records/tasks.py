"""Celery tasks that seal rows, verify the seals and have files scanned."""

from typing import Any

from celery import shared_task

from portal.core.clock import KST, now
from portal.jobs import queue
from portal.models import Job
from portal.records import audit, scanning
from portal.uploads.scanning import JOB as SCAN


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


@queue.handler(SCAN)
def scan_file(job: Job) -> dict[str, Any]:
    return {"verdict": scanning.judge(job.args["name"])}


@shared_task
def sweep_scans() -> int:
    return scanning.sweep(now())
