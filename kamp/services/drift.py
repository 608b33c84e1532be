"""Requests of drift checks: have the pictures changed since training?"""

from datetime import datetime

from kamp.models import InspectionModel
from kamp.queries.drift import latest_normals
from kamp.services.datasets import check_member
from kamp.states import ModelState
from portal.core.errors import BadInput
from portal.jobs import queue
from portal.models import Job, User

JOB = "kamp.drift"
MIN_NORMALS = 10


def request(model: InspectionModel, *, by: User | None, now: datetime) -> Job | None:
    """Enqueue a check of the latest normal products; None when these are checked already.

    `by=None` is the portal itself. Raises NotFound and BadInput (`too_few_normals`).
    """
    if by is not None:
        check_member(model.dataset.workspace, by)
    latest = latest_normals(model)
    if len(latest) < MIN_NORMALS:
        raise BadInput(
            f"검사원이 정상이라고 표시한 제품이 {MIN_NORMALS}개 있어야 확인할 수 있습니다. 지금은 "
            f"{len(latest)}개입니다.",
            code="too_few_normals",
        )
    ids = [row.pk for row in latest]
    if model.drifts.filter(last_inspection=max(ids)).exists():
        return None
    return queue.enqueue(
        JOB, key=f"{JOB}:{model.pk}:{max(ids)}", by=by, model=model.pk, inspections=ids
    )


def request_due(now: datetime) -> int:
    """Request a check of every approved model with new normal products; return how many."""
    requested = 0
    for model in InspectionModel.objects.filter(state=ModelState.APPROVED):
        latest = latest_normals(model)
        last = max((row.pk for row in latest), default=0)
        checked = model.drifts.order_by("-pk").values_list("last_inspection", flat=True).first()
        if len(latest) >= MIN_NORMALS and last != checked:
            request(model, by=None, now=now)
            requested += 1
    return requested
