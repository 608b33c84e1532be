"""Requests of verdicts, and the decisions of inspectors beside them."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from kamp.models import Clip, Inspection, InspectionModel, InspectorDecision
from kamp.services import jobs
from kamp.services.datasets import check_member
from kamp.states import ClipState, Mark, ModelState
from portal.core.errors import BadInput, MoveNotAllowed
from portal.models import Job, User

JOB = "kamp.judge"


def request(model: InspectionModel, clips: Sequence[Clip], *, by: User, now: datetime) -> Job:
    """Enqueue verdicts on those of the clips that have none of this model yet.

    A cancelled or parked request goes on where it stopped. Raises NotFound, MoveNotAllowed
    (`not_approved`) and BadInput (`clip_none`).
    """
    check_member(model.dataset.workspace, by)
    if model.state != ModelState.APPROVED:
        raise MoveNotAllowed("승인된 모델만 판정할 수 있습니다.", code="not_approved")
    own = {row.pk for row in clips if row.product.dataset_id == model.dataset_id}
    pending = sorted(own & set(judgeable(model)))
    if not pending:
        raise BadInput("판정할 영상이 없습니다.", code="clip_none")
    digest = hashlib.sha256(",".join(map(str, pending)).encode()).hexdigest()[:16]
    job = jobs.enqueue(JOB, key=f"{JOB}:{model.pk}:{digest}", by=by, model=model.pk, clips=pending)
    jobs.retry(job, by=by)
    return job


def judgeable(model: InspectionModel) -> list[int]:
    """Return the ids of the readable clips, not left out, that have no verdict of this model yet."""
    rows = Clip.objects.filter(
        product__dataset=model.dataset_id,
        state__in=[ClipState.READY, ClipState.HELD],
        left_out_at=None,
    ).exclude(files=[])
    judged = Inspection.objects.filter(model=model).values("clip")
    return list(rows.exclude(pk__in=judged).order_by("pk").values_list("pk", flat=True))


def decide(
    inspection: Inspection, *, mark: str, note: str, by: User, now: datetime
) -> InspectorDecision:
    """Record the decision of an inspector beside the verdict.

    Raises NotFound and BadInput (`mark`).
    """
    check_member(inspection.model.dataset.workspace, by)
    if mark not in Mark.values:
        raise BadInput("정상, 불량, 보류 가운데 하나를 골라 주세요.", code="mark")
    return InspectorDecision.objects.create(
        inspection=inspection, mark=mark, note=note.strip()[:300], by=by, at=now
    )
