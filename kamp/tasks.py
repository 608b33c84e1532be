"""Handlers of KAMP's background jobs, and the periodic sweep."""

from typing import Any

from celery import shared_task

from kamp.jobs import clips as clips_jobs
from kamp.jobs import drift as drift_jobs
from kamp.jobs import inspections as inspections_jobs
from kamp.jobs import reports as reports_jobs
from kamp.jobs import showcases as showcases_jobs
from kamp.jobs import synthesis as synthesis_jobs
from kamp.jobs import training as training_jobs
from kamp.models import Dataset, InspectionModel, InspectionReport, ShowcasePdf
from kamp.services import clips, datasets, drift, inspections, reports, synthesis, training
from kamp.services.showcases import pdf
from portal.core.clock import now
from portal.jobs.queue import handler
from portal.models import Job


@handler(pdf.JOB)
def render_showcase(job: Job) -> dict[str, Any]:
    document = ShowcasePdf.objects.select_related("showcase").get(pk=job.args["pdf"])
    return {"sha256": showcases_jobs.render(document, now=now()).sha256}


@handler(clips.EXTRACT)
def extract(job: Job) -> dict[str, Any]:
    dataset = Dataset.objects.select_related("recipe").get(pk=job.args["dataset"])
    return clips_jobs.run(dataset, job.args["clips"], now=now(), progress=job.progress)


@handler(training.JOB)
@handler(training.RECALIBRATE)
def train(job: Job) -> dict[str, Any]:
    model = InspectionModel.objects.select_related("dataset", "parent").get(pk=job.args["model"])
    trained = training_jobs.run(model, now=now(), progress=job.progress)
    return {"artefact_sha256": trained.artefact_sha256}


@handler(inspections.JOB)
def judge(job: Job) -> dict[str, Any]:
    rows = InspectionModel.objects.select_related("dataset__recipe")
    model = rows.get(pk=job.args["model"])
    return dict(inspections_jobs.run(model, job.args["clips"], now=now(), progress=job.progress))


@handler(drift.JOB)
def check_drift(job: Job) -> dict[str, Any]:
    model = InspectionModel.objects.get(pk=job.args["model"])
    check = drift_jobs.run(model, job.args["inspections"], now=now())
    return {"drifted": check.drifted}


@handler(synthesis.JOB)
def synthesise(job: Job) -> dict[str, Any]:
    rows = Dataset.objects.select_related("recipe", "workspace", "created_by")
    dataset = rows.get(pk=job.args["dataset"])
    specs = synthesis_jobs.plan(dataset, job.args["count"])
    return dict(
        synthesis_jobs.run(dataset, specs, by=dataset.created_by, now=now(), progress=job.progress)
    )


@handler(reports.JOB)
def render_report(job: Job) -> dict[str, Any]:
    report = InspectionReport.objects.select_related("model__dataset").get(pk=job.args["report"])
    return {"sha256": reports_jobs.render(report, now=now()).sha256}


@shared_task
def sweep() -> None:
    """Purge data sets past their retention, and request the drift checks that are due."""
    at = now()
    datasets.purge_due(at)
    drift.request_due(at)
