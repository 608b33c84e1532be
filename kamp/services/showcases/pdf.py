"""One-page PDFs of showcases: one an edition, made by a job, stored with their hash."""

from datetime import datetime

from kamp.models import Showcase, ShowcasePdf
from kamp.states import ShowcaseState
from portal.core.errors import MoveNotAllowed
from portal.jobs import queue
from portal.models import User

JOB = "kamp.showcase_paper"


def request(showcase: Showcase, *, now: datetime, by: User | None = None) -> ShowcasePdf:
    """Enqueue the PDF of the current edition, or return the one that exists.

    Raises MoveNotAllowed (`not_published`).
    """
    if showcase.state != ShowcaseState.PUBLISHED:
        raise MoveNotAllowed("공개된 사례만 한 장 자료를 만들 수 있습니다.", code="not_published")
    pdf, _ = ShowcasePdf.objects.get_or_create(
        showcase=showcase, edition=showcase.edition, defaults={"requested_at": now}
    )
    queue.enqueue(JOB, key=job_key(pdf), by=by, pdf=pdf.pk)
    return pdf


def job_key(pdf: ShowcasePdf) -> str:
    return f"kamp:showcase:{pdf.showcase_id}:{pdf.edition}"
