"""Heavy work: how much of it one person may have waiting."""

from typing import Any

from django.conf import settings
from django.db import transaction

from portal.core.errors import MoveNotAllowed
from portal.jobs import queue
from portal.models import Job, JobState, User

MOST_OPEN = 5  # heavy jobs of one person, waiting or running (assumption)


@transaction.atomic
def enqueue(kind: str, *, key: str, by: User, new: bool = False, **args: Any) -> Job:
    """Enqueue heavy work as `queue.enqueue` does. Raises MoveNotAllowed (`jobs_many`)."""
    User.objects.select_for_update().get(pk=by.pk)  # counts one request after the other
    known = None if new else Job.objects.filter(key=key).first()
    if known is None:
        check(by)
    return known or queue.enqueue(kind, key=key, by=by, new=new, **args)


def retry(job: Job, *, by: User) -> bool:
    """Queue a stopped job again; return whether it was one. Raises MoveNotAllowed (`jobs_many`)."""
    if job.state not in (JobState.PARKED, JobState.CANCELLED):
        return False
    check(by)
    return queue.retry(job)


def check(by: User) -> None:
    """Raise MoveNotAllowed (`jobs_many`) when the person has as much work waiting as one may."""
    going = Job.objects.filter(
        requested_by=by,
        kind__in=settings.HEAVY_JOBS,
        state__in=[JobState.QUEUED, JobState.RUNNING],
    )
    if going.count() >= MOST_OPEN:
        raise MoveNotAllowed(
            f"한 사람이 한 번에 맡길 수 있는 영상 작업은 {MOST_OPEN}건입니다. 진행 중인 작업이 끝나거나 "
            "취소한 뒤 다시 요청해 주세요.",
            code="jobs_many",
        )
