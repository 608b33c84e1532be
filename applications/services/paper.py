"""PDFs about an application: asked for once, made by a job, kept with their hash."""

from datetime import datetime

from django.db import transaction

from applications import documents
from applications.models import Application, IssuedDocument
from portal import files, jobs, pdf
from portal.errors import MoveNotAllowed

JOB = "applications.paper"


def request(application: Application, *, kind: str, now: datetime) -> IssuedDocument:
    """Ask for a PDF; asking again returns the same one. A result must have been released."""
    if kind == IssuedDocument.Kind.RESULT and application.state != "released":
        raise MoveNotAllowed("아직 결과가 발표되지 않았습니다.", code="not_released")
    document, _ = IssuedDocument.objects.get_or_create(
        application=application, kind=kind, defaults={"requested_at": now}
    )
    jobs.enqueue(JOB, key=job_key(document), document=document.pk)
    return document


def request_receipt(application: Application, *, now: datetime) -> IssuedDocument:
    """Ask for the receipt in the transaction that files the application: nobody has before."""
    document = IssuedDocument.objects.create(
        application=application, kind=IssuedDocument.Kind.RECEIPT, requested_at=now
    )
    jobs.enqueue(JOB, key=job_key(document), new=True, document=document.pk)
    return document


def job_key(document: IssuedDocument) -> str:
    """The name under which the document's job is found."""
    return f"paper:{document.application_id}:{document.kind}"


def render(document: IssuedDocument, *, now: datetime) -> IssuedDocument:
    """Make the PDF if it is not there yet. A second run changes nothing.

    Raises Unavailable when the engine or the disk cannot serve, and PdfFailed for a document
    that breaks the limits.
    """
    if document.issued_at is not None:
        return document
    template, title, context = documents.describe(document)
    paper = pdf.render(template, context, title=title)
    name = files.store_bytes(paper.data)
    with transaction.atomic():
        written = IssuedDocument.objects.filter(pk=document.pk, issued_at=None).update(
            file=name, sha256=paper.sha256, pages=paper.pages, issued_at=now
        )
    if not written:
        files.discard(name)
    document.refresh_from_db()
    return document
