"""PDFs about an application: asked for once, made by a job, kept with their hash."""

from datetime import datetime

from applications import documents
from applications.models import Application, IssuedDocument
from applications.states import ANNOUNCED
from portal import jobs, paper
from portal.errors import MoveNotAllowed

JOB = "applications.paper"


def request(application: Application, *, kind: str, now: datetime) -> IssuedDocument:
    """Ask for a PDF; asking again returns the same one. A result must have been released."""
    if kind == IssuedDocument.Kind.RESULT and application.state not in ANNOUNCED:
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
    """Make the PDF if it is not there yet; raises as `portal.paper.issue` does."""
    if document.issued_at is not None:
        return document
    template, title, context = documents.describe(document)
    return paper.issue(document, template=template, title=title, context=context, now=now)
