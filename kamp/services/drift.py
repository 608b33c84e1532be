"""Asking whether the pictures have changed since training. Light: no image library."""

from datetime import datetime

from kamp import queries
from kamp.models import InspectionModel
from kamp.services.datasets import as_member
from kamp.states import ModelState
from portal.core.errors import BadInput
from portal.jobs import queue
from portal.models import Job, User

JOB = "kamp.drift"
LEAST = 10  # normal products


def ask(model: InspectionModel, *, by: User | None, now: datetime) -> Job:
    """Ask for a check of the latest normal products; the same products are checked once.

    Raises NotFound and BadInput (`too_few_normals`).
    """
    if by is not None:
        as_member(model.dataset.workspace, by)
    latest = queries.latest_normals(model)
    if len(latest) < LEAST:
        raise BadInput(
            f"검사원이 정상이라고 표시한 제품이 {LEAST}개 있어야 확인할 수 있습니다. 지금은 "
            f"{len(latest)}개입니다.",
            code="too_few_normals",
        )
    ids = [row.pk for row in latest]
    return queue.enqueue(
        JOB, key=f"{JOB}:{model.pk}:{max(ids)}", by=by, model=model.pk, inspections=ids
    )


def ask_where_due(now: datetime) -> int:
    """Ask for every approved model that has new normal products; returns how many are asked for."""
    asked = 0
    for model in InspectionModel.objects.filter(state=ModelState.APPROVED):
        latest = queries.latest_normals(model)
        last = max((row.pk for row in latest), default=0)
        checked = model.drifts.order_by("-pk").values_list("last_inspection", flat=True).first()
        if len(latest) >= LEAST and last != checked:
            ask(model, by=None, now=now)
            asked += 1
    return asked
