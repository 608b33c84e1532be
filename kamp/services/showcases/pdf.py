"""One-page PDFs of showcases: asked for once an edition, made by a job, kept with their hash."""

from datetime import datetime

from kamp.models import Showcase, ShowcasePaper
from portal.core.errors import MoveNotAllowed
from portal.jobs import queue
from portal.models import User

JOB = "kamp.showcase_paper"


def request(showcase: Showcase, *, now: datetime, by: User | None = None) -> ShowcasePaper:
    """Ask for the PDF of the edition in force; asking again returns the same one."""
    if showcase.state != "published":
        raise MoveNotAllowed("공개된 사례만 한 장 자료를 만들 수 있습니다.", code="not_published")
    made, _ = ShowcasePaper.objects.get_or_create(
        showcase=showcase, edition=showcase.edition, defaults={"requested_at": now}
    )
    queue.enqueue(JOB, key=job_key(made), by=by, paper=made.pk)
    return made


def job_key(made: ShowcasePaper) -> str:
    """The name under which the paper's job is found."""
    return f"kamp:showcase:{made.showcase_id}:{made.edition}"
