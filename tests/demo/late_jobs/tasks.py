"""Slow work, for a demo that is stopped or killed in the middle."""

import time

from portal.jobs.queue import handler
from portal.models import Job


@handler("demo.slow")
def slow(job: Job) -> None:
    """Take a while."""
    time.sleep(job.args["seconds"])
