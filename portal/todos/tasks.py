"""The jobs of the mails before something is due, and the sweep that starts them."""

from datetime import date, datetime
from typing import Any

from celery import shared_task

from portal.core.clock import now
from portal.jobs.queue import handler
from portal.models import Job
from portal.todos import mails


@handler(mails.DAY_JOB)
def write_day(job: Job) -> dict[str, Any]:
    day = date.fromisoformat(job.args["day"])
    return {"written": mails.write_day(day, now(), progress=job.progress)}


@handler(mails.HOUR_JOB)
def write_soon(job: Job) -> dict[str, Any]:
    at = datetime.fromisoformat(job.args["at"])
    hours = job.args["hours"]
    return {"written": mails.write_soon(job.args["code"], at, hours=hours, now=now())}


@shared_task
def schedule_todos() -> None:
    mails.schedule(now())
