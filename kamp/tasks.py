"""Background work of KAMP: what each kind of job does."""

from typing import Any

from kamp.models import ShowcasePaper
from kamp.services import paper
from portal.clock import now
from portal.jobs import handler
from portal.models import Job


@handler(paper.JOB)
def print_showcase(job: Job) -> dict[str, Any]:
    """Make the one-pager of a showcase."""
    made = ShowcasePaper.objects.select_related("showcase").get(pk=job.args["paper"])
    return {"sha256": paper.render(made, now=now()).sha256}
