"""PDFs about an application: requested once, rendered by a job, stored with their hash."""

from datetime import datetime

from applications import pdf_contexts
from applications.models import Application, IssuedDocument
from applications.queries.selection.decisions import history
from applications.states import ANNOUNCED
from portal.core.errors import MoveNotAllowed
from portal.jobs import queue
from portal.paper import issued
from portal.records import bulk

JOB = "applications.paper"


def request(
    application: Application, *, kind: str, now: datetime, version: int = 1
) -> IssuedDocument:
    """Request a PDF; a repeated request returns the same one.

    Raises MoveNotAllowed (`not_released`) for a result that is not released.
    """
    if kind == IssuedDocument.Kind.RESULT and application.state not in ANNOUNCED:
        raise MoveNotAllowed("아직 결과가 발표되지 않았습니다.", code="not_released")
    document, _ = IssuedDocument.objects.get_or_create(
        application=application, kind=kind, version=version, defaults={"requested_at": now}
    )
    queue.enqueue(JOB, key=job_key(document), document=document.pk)
    return document


def new_receipt(application: Application, *, now: datetime) -> IssuedDocument:
    """Return the receipt of a filing, which the caller inserts: no other can exist yet."""
    kind = IssuedDocument.Kind.RECEIPT
    return IssuedDocument(application=application, kind=kind, requested_at=now)


def order(document: IssuedDocument) -> None:
    """Let a worker render a document that was inserted in this transaction."""
    bulk.insert_together([queue.new(JOB, key=job_key(document), document=document.pk)])


def job_key(document: IssuedDocument) -> str:
    name = f"paper:{document.application_id}:{document.kind}"
    return f"{name}:{document.version}" if document.version > 1 else name


def request_notice(application: Application, *, now: datetime) -> IssuedDocument:
    """Request the notice of the decision in force; each later decision has its own notice.

    Raises MoveNotAllowed (`not_released`).
    """
    decided = len(history(application))
    if not decided:
        raise MoveNotAllowed("아직 결과가 발표되지 않았습니다.", code="not_released")
    return request(application, kind=IssuedDocument.Kind.NOTICE, now=now, version=decided)


def request_sheets(application: Application, *, now: datetime) -> IssuedDocument:
    """Request the sheets submitted so far; a further sheet or a withdrawal makes a new version.

    Raises MoveNotAllowed (`no_sheets`).
    """
    locked = application.sheets.filter(locked_at__isnull=False)
    count = locked.count() + locked.filter(withdrawn_at__isnull=False).count()
    if not count:
        raise MoveNotAllowed("제출된 평가표가 없습니다.", code="no_sheets")
    return request(application, kind=IssuedDocument.Kind.SHEETS, now=now, version=count)


def render(document: IssuedDocument, *, now: datetime) -> IssuedDocument:
    """Render the PDF unless it exists. Raises as `portal.paper.issued.issue` does."""
    if document.issued_at is not None:
        return document
    template, title, context = pdf_contexts.describe(document)
    return issued.issue(document, template=template, title=title, context=context, now=now)
