"""A slow job, for a demo that is stopped or killed while it runs."""

import time

from portal.jobs.queue import handler
from portal.models import Job


@handler("demo.slow")
def slow(job: Job) -> None:
    time.sleep(job.args["seconds"])
