"""Issued PDFs: the row is written first, then a job makes the file once and records its hash."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction

from portal.models import IssuedPdf
from portal.paper import pdf
from portal.uploads import files

Issued = TypeVar("Issued", bound=IssuedPdf)


def issue(
    document: Issued, *, template: str, title: str, context: Mapping[str, Any], now: datetime
) -> Issued:
    """Make the PDF of a document unless it exists; running twice changes nothing.

    Raises Unavailable when the engine or the disk cannot serve, PdfFailed when the document breaks a
    limit.
    """
    if document.issued_at is not None:
        return document
    rendered = pdf.render(template, context, title=title)
    name = files.store_bytes(rendered.data)
    with transaction.atomic():
        written = (
            type(document)
            ._default_manager.filter(pk=document.pk, issued_at=None)
            .update(file=name, sha256=rendered.sha256, pages=rendered.pages, issued_at=now)
        )
    if not written:
        files.discard(name)
    document.refresh_from_db()
    return document
