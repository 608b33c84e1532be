"""Work for workers that will be killed: included by `celery worker -I tests.faults.handlers`."""

import os
import time
from datetime import timedelta
from pathlib import Path

from celery import Celery
from celery.signals import worker_ready

from portal.celery import app
from portal.jobs import queue
from portal.models import Job

FOLDER = Path(os.environ.get("FAULTS_FOLDER", "/nonexistent"))

queue.LEASE = timedelta(seconds=3)
queue.RENEW_SECONDS = 0.5
queue.BACKOFF = timedelta(seconds=0.2)
app.conf.beat_schedule = {"work": {"task": "portal.jobs.tasks.sweep_jobs", "schedule": 1}}


@worker_ready.connect
def tell(sender: Celery, **more: object) -> None:
    """Say that this worker takes work."""
    (FOLDER / f"ready-{os.getpid()}").touch()


@queue.handler("faults.slow")
def slow(job: Job) -> dict[str, int]:
    """Work for a while; leave one mark at the beginning of each try, and one effect."""
    with (FOLDER / "begun").open("a") as marks:
        marks.write(f"{job.pk} {os.getpid()}\n")
    time.sleep(job.args["seconds"])
    (FOLDER / f"effect-{job.pk}").touch()
    return {"pid": os.getpid()}


@queue.handler("faults.poison")
def poison(job: Job) -> None:
    """Never succeed."""
    raise RuntimeError("독이 든 작업")


if os.environ.get("FAULTS_RELEASE") == "new":

    @queue.handler("faults.newer")
    def newer(job: Job) -> dict[str, str]:
        """Do what only the newer release knows."""
        return {"release": "new"}
