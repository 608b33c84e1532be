"""One-page PDFs of showcases."""

from datetime import datetime

from kamp import pdf_contexts
from kamp.models import ShowcasePdf
from portal.paper import issued


def render(document: ShowcasePdf, *, now: datetime) -> ShowcasePdf:
    """Make the PDF unless it exists; raises as `portal.paper.issued.issue` does."""
    if document.issued_at is not None:
        return document
    template, title, context = pdf_contexts.showcase(document.showcase)
    return issued.issue(document, template=template, title=title, context=context, now=now)
