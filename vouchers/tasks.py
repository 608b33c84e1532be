"""Background work of the panel: what each kind of job does."""

from typing import Any

from portal.clock import now
from portal.jobs import handler
from portal.models import Job
from vouchers.models import AssignmentRun, CatalogueImport
from vouchers.services import assignment, conflicts, importing
from vouchers.states import ImportOutcome


@handler(importing.JOB)
def import_file(job: Job) -> dict[str, Any]:
    """Import a file of the catalogue."""
    file = CatalogueImport.objects.select_related("requested_by").get(pk=job.args["file"])
    done = importing.run(file, now=now(), progress=job.progress, stop=job.stop_if_asked)
    return {outcome.value: getattr(done, outcome.value) for outcome in ImportOutcome}


@handler(conflicts.JOB)
def recheck(job: Job) -> dict[str, Any]:
    """Read everybody's ties to suppliers again."""
    return dict(conflicts.recheck(now=now(), progress=job.progress))


@handler(assignment.JOB)
def assign(job: Job) -> dict[str, Any]:
    """Compute who tries what."""
    run = AssignmentRun.objects.select_related("round").get(pk=job.args["run"])
    assignment.compute(run, now=now(), progress=job.progress)
    return {"wanted": run.wanted, "filled": run.filled, "results_sha256": run.results_sha256}
