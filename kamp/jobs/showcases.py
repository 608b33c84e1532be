"""Showcases."""

from datetime import datetime

from kamp import pdf_contexts
from kamp.models import ShowcasePaper
from portal.paper import issued


def render(made: ShowcasePaper, *, now: datetime) -> ShowcasePaper:
    """Make the PDF if it is not there yet; raises as `portal.paper.issued.issue` does."""
    if made.issued_at is not None:
        return made
    title = f"KAMP 사례 {made.showcase.title}"
    context = pdf_contexts.showcase(made.showcase)
    return issued.issue(
        made, template="pdf/kamp/showcase.html", title=title, context=context, now=now
    )
