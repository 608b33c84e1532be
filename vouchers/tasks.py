"""Handlers of the jobs and the periodic sweep."""

from typing import Any

from celery import shared_task

from portal.core.clock import now
from portal.jobs.queue import handler
from portal.models import Job
from vouchers.models import (
    AssignmentRun,
    CatalogueImport,
    Certificate,
    ReportBook,
    ReportVersion,
)
from vouchers.services import assignment, books, conflicts, corrections
from vouchers.services.catalogue import importing
from vouchers.services.reports import moderation, writing
from vouchers.services.rewards import awards
from vouchers.states import ImportOutcome


@handler(importing.JOB)
def preview_import(job: Job) -> dict[str, Any]:
    file = CatalogueImport.objects.select_related("requested_by").get(pk=job.args["file"])
    if file.judged_at is None:  # a job that runs again leaves a finished preview alone
        file = importing.preview(
            file, now=now(), progress=job.progress, stop=job.raise_if_cancelled
        )
    return _counts(file)


@handler(importing.APPLY_JOB)
def apply_import(job: Job) -> dict[str, Any]:
    files = CatalogueImport.objects.select_related("requested_by", "confirmed_by")
    file = files.get(pk=job.args["file"])
    file = importing.apply(file, now=now(), progress=job.progress, stop=job.raise_if_cancelled)
    return _counts(file)


def _counts(file: CatalogueImport) -> dict[str, Any]:
    return {outcome.value: getattr(file, outcome.value) for outcome in ImportOutcome}


@handler(conflicts.JOB)
def recheck(job: Job) -> dict[str, Any]:
    return dict(conflicts.recheck(now=now(), progress=job.progress))


@handler(assignment.JOB)
def assign(job: Job) -> dict[str, Any]:
    run = AssignmentRun.objects.select_related("round").get(pk=job.args["run"])
    assignment.compute(run, now=now(), progress=job.progress)
    return {"wanted": run.wanted, "filled": run.filled, "results_sha256": run.results_sha256}


@handler(writing.SCREEN_JOB)
def screen_report(job: Job) -> dict[str, Any]:
    version = ReportVersion.objects.get(pk=job.args["version"])
    return {"found": moderation.screen(version, now=now(), progress=job.progress)}


@handler(awards.CERTIFICATE_JOB)
def print_certificate(job: Job) -> dict[str, Any]:
    certificate = Certificate.objects.get(pk=job.args["certificate"])
    return {"sha256": awards.render(certificate, now=now()).sha256}


@handler(books.JOB)
def print_book(job: Job) -> dict[str, Any]:
    book = ReportBook.objects.get(pk=job.args["book"])
    return {"sha256": books.render(book, now=now()).sha256}


@shared_task
def sweep_panel() -> None:
    """Suspend the sale of services with an overdue correction; queue due reminders."""
    at = now()
    corrections.suspend_overdue(at)
    writing.remind(at)
