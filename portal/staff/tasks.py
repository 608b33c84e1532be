"""The job of the mail of the day, and the sweep that starts it."""

from datetime import date
from typing import Any

from celery import shared_task

from portal.core.clock import now
from portal.jobs.queue import handler
from portal.models import Job
from portal.staff import digest


@handler(digest.JOB)
def write_digests(job: Job) -> dict[str, Any]:
    day = date.fromisoformat(job.args["day"])
    return {"written": digest.write_all(day, now(), progress=job.progress)}


@shared_task
def schedule_digest() -> None:
    digest.schedule(now())
