"""Background work of the panel: what each kind of job does."""

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
def import_file(job: Job) -> dict[str, Any]:
    """Import a file of the catalogue; one that has been judged is not judged again."""
    file = CatalogueImport.objects.select_related("requested_by").get(pk=job.args["file"])
    if file.judged_at is None:
        file = importing.run(file, now=now(), progress=job.progress, stop=job.raise_if_cancelled)
    return {outcome.value: getattr(file, outcome.value) for outcome in ImportOutcome}


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


@handler(writing.SCREEN_JOB)
def screen_report(job: Job) -> dict[str, Any]:
    """Look a submitted report through."""
    version = ReportVersion.objects.get(pk=job.args["version"])
    return {"found": moderation.screen(version, now=now(), progress=job.progress)}


@handler(awards.CERTIFICATE_JOB)
def print_certificate(job: Job) -> dict[str, Any]:
    """Make a certificate."""
    paper = Certificate.objects.get(pk=job.args["certificate"])
    return {"sha256": awards.render(paper, now=now()).sha256}


@handler(books.JOB)
def print_book(job: Job) -> dict[str, Any]:
    """Make a book of reports."""
    book = ReportBook.objects.get(pk=job.args["book"])
    return {"sha256": books.render_book(book, now=now()).sha256}


@shared_task
def sweep_panel() -> None:
    """Stop the sale of what was not corrected in time; write the letters that are due."""
    at = now()
    corrections.suspend_overdue(at)
    writing.remind(at)
