"""Reports."""

from datetime import datetime

from kamp import pdf_contexts
from kamp.models import InspectionReport
from portal.paper import issued


def render(made: InspectionReport, *, now: datetime) -> InspectionReport:
    """Make the PDF if it is not there yet; raises as `portal.paper.issued.issue` does."""
    if made.issued_at is not None:
        return made
    title = f"검사 보고서 {made.model}"
    context = pdf_contexts.report(made)
    return issued.issue(
        made, template="pdf/kamp/report.html", title=title, context=context, now=now
    )
