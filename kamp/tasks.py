"""Background work of KAMP: what each kind of job does, and the sweep of what is due."""

from typing import Any

from celery import shared_task

from kamp.jobs import clips as clips_jobs
from kamp.jobs import drift as drift_jobs
from kamp.jobs import inspections as inspections_jobs
from kamp.jobs import reports as reports_jobs
from kamp.jobs import showcases as showcases_jobs
from kamp.jobs import synthesis as synthesis_jobs
from kamp.jobs import training as training_jobs
from kamp.models import Dataset, InspectionModel, InspectionReport, ShowcasePaper
from kamp.services import clips, drift, inspections, reports, synthesis, training
from kamp.services import datasets as datasets_services
from kamp.services.showcases import paper
from portal.core.clock import now
from portal.jobs.queue import handler
from portal.models import Job


@handler(paper.JOB)
def print_showcase(job: Job) -> dict[str, Any]:
    """Make the one-pager of a showcase."""
    made = ShowcasePaper.objects.select_related("showcase").get(pk=job.args["paper"])
    return {"sha256": showcases_jobs.render(made, now=now()).sha256}


@handler(clips.EXTRACT)
def extract(job: Job) -> dict[str, Any]:
    """Extract the clips of an upload."""
    dataset = Dataset.objects.select_related("recipe").get(pk=job.args["dataset"])
    return clips_jobs.run(dataset, job.args["clips"], now=now(), progress=job.progress)


@handler(training.JOB)
def train(job: Job) -> dict[str, Any]:
    """Train a model."""
    return fitted(job)


@handler(training.RECALIBRATE)
def recalibrate(job: Job) -> dict[str, Any]:
    """Train a model anew on what is normal now."""
    return fitted(job)


def fitted(job: Job) -> dict[str, Any]:
    """Train or recalibrate, as the model's row says."""
    model = InspectionModel.objects.select_related("dataset", "parent").get(pk=job.args["model"])
    done = training_jobs.run(model, now=now(), progress=job.progress)
    return {"artefact_sha256": done.artefact_sha256}


@handler(inspections.JOB)
def judge(job: Job) -> dict[str, Any]:
    """Judge clips."""
    rows = InspectionModel.objects.select_related("dataset__recipe")
    model = rows.get(pk=job.args["model"])
    found: dict[str, Any] = dict(
        inspections_jobs.run(model, job.args["clips"], now=now(), progress=job.progress)
    )
    return found


@handler(drift.JOB)
def check_drift(job: Job) -> dict[str, Any]:
    """Compare the latest normal products with those of training."""
    model = InspectionModel.objects.get(pk=job.args["model"])
    found = drift_jobs.run(model, job.args["inspections"], now=now())
    return {"drifted": found.drifted}


@handler(synthesis.JOB)
def synthesise(job: Job) -> dict[str, Any]:
    """Make synthetic products."""
    dataset = Dataset.objects.select_related("recipe", "workspace", "created_by").get(
        pk=job.args["dataset"]
    )
    wanted = synthesis_jobs.plan(dataset, job.args["count"])
    found: dict[str, Any] = dict(
        synthesis_jobs.run(dataset, wanted, by=dataset.created_by, now=now(), progress=job.progress)
    )
    return found


@handler(reports.JOB)
def print_report(job: Job) -> dict[str, Any]:
    """Make the PDF of a report."""
    made = InspectionReport.objects.select_related("model__dataset").get(pk=job.args["report"])
    return {"sha256": reports_jobs.render(made, now=now()).sha256}


@shared_task
def sweep() -> None:
    """Take away what is past its retention; ask for the drift checks that are due."""
    at = now()
    datasets_services.purge_due(at)
    drift.ask_where_due(at)
