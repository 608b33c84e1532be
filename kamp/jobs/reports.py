"""PDFs of inspection reports."""

from datetime import datetime

from kamp import pdf_contexts
from kamp.models import InspectionReport
from portal.paper import issued


def render(report: InspectionReport, *, now: datetime) -> InspectionReport:
    """Make the PDF unless it exists; raises as `portal.paper.issued.issue` does."""
    if report.issued_at is not None:
        return report
    template, title, context = pdf_contexts.report(report)
    return issued.issue(report, template=template, title=title, context=context, now=now)
