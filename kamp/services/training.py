"""Models: asking for one, approving it as a second person, retiring it. Light: no image library."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from kamp import queries
from kamp.models import Dataset, InspectionModel
from kamp.services.datasets import as_member
from kamp.states import MemberRole, ModelMoves, ModelState, Split
from portal.core.errors import Finding, MoveNotAllowed, RuleBroken
from portal.jobs import queue
from portal.models import User
from portal.records import snapshot, workflow

JOB, RECALIBRATE = "kamp.train", "kamp.recalibrate"
LEAST = 20  # normal products to fit by, and as many to set the threshold by


def obstacles(dataset: Dataset) -> list[Finding]:
    """Say at once everything that stands in the way of training."""
    found = [
        Finding(
            "leak",
            f"‘{pair.first.product.serial}’와 ‘{pair.second.product.serial}’ 제품의 영상이 같습니다. "
            "둘 가운데 하나를 학습에서 빼 주세요.",
        )
        for pair in queries.open_duplicates(dataset)
    ]
    counts = queries.counts(dataset)
    for split, word in ((Split.TRAIN, "학습"), (Split.VALIDATION, "기준값")):
        have = counts[split]["normal"]
        if have < LEAST:
            found.append(
                Finding(
                    f"too_few_{split}",
                    f"{word}용 정상 제품이 {LEAST}개 필요한데 {have}개 있습니다. "
                    "쓰임은 제품 번호로 정해져 바꿀 수 없으니 제품을 더 올려 주세요.",
                )
            )
    if dataset.purged_at:
        found.append(Finding("purged", "보관 기한이 지나 파일을 지운 자료입니다."))
    return found


def ask(dataset: Dataset, *, by: User, now: datetime, seed: int = 0) -> InspectionModel:
    """Ask for a model of the data as it is labelled now; the same data and seed give the same one.

    Raises NotFound and RuleBroken with every obstacle.
    """
    as_member(dataset.workspace, by)
    if found := obstacles(dataset):
        raise RuleBroken(found)
    manifest = queries.manifest(dataset)
    return begin(dataset, manifest, by=by, now=now, seed=seed)


@transaction.atomic
def begin(
    dataset: Dataset,
    manifest: list[dict[str, Any]],
    *,
    by: User,
    now: datetime,
    seed: int = 0,
    parent: InspectionModel | None = None,
) -> InspectionModel:
    """Write the model's row and its job; one that has been asked for already is returned."""
    Dataset.objects.select_for_update().get(pk=dataset.pk)
    digest = snapshot.sha256(manifest)
    alive = dataset.models.exclude(state=ModelState.RETIRED)
    same = alive.filter(manifest_sha256=digest, seed=seed, parent=parent).first()
    if same is not None:
        if same.job is not None:
            queue.retry(same.job)
        return same
    latest = dataset.models.aggregate(latest=Max("version"))["latest"] or 0
    model = InspectionModel.objects.create(
        dataset=dataset,
        recipe=dataset.recipe,
        parent=parent,
        version=latest + 1,
        seed=seed,
        is_synthetic=dataset.is_synthetic,
        manifest=manifest,
        manifest_sha256=digest,
        trained_by=by,
    )
    kind = JOB if parent is None else RECALIBRATE
    job = queue.enqueue(kind, key=f"{kind}:{model.pk}", new=True, by=by, model=model.pk)
    InspectionModel.objects.filter(pk=model.pk).update(job=job)
    model.job = job
    return model


def recalibrate(model: InspectionModel, *, by: User, now: datetime) -> InspectionModel:
    """Ask for a model that learns what is normal anew from the latest normal products.

    Raises NotFound, MoveNotAllowed (`not_approved`) and RuleBroken (`too_few_new`).
    """
    as_member(model.dataset.workspace, by)
    if model.state != ModelState.APPROVED:
        raise MoveNotAllowed("승인된 모델만 재보정할 수 있습니다.", code="not_approved")
    manifest = queries.new_normals(model)
    have = {split: sum(row["split"] == split for row in manifest) for split in Split.values}
    lacking = max(LEAST - have[Split.TRAIN], LEAST - have[Split.VALIDATION], 0)
    if lacking:
        raise RuleBroken(
            [
                Finding(
                    "too_few_new",
                    f"재보정에는 학습용과 기준값용 정상 제품이 {LEAST}개씩 새로 필요합니다. 지금은 "
                    f"{have[Split.TRAIN]}개와 {have[Split.VALIDATION]}개입니다. 새 조건으로 찍은 "
                    "정상 제품을 더 올리고 ‘정상’으로 표시해 주세요.",
                )
            ]
        )
    return begin(model.dataset, manifest, by=by, now=now, seed=model.seed, parent=model)


def approve(model: InspectionModel, *, by: User, now: datetime) -> None:
    """Let a model judge; by somebody of the firm who did not train it (`own_work`)."""
    as_member(model.dataset.workspace, by)
    if model.trained_by_id == by.pk:
        raise MoveNotAllowed(
            "스스로 학습시킨 모델은 승인할 수 없습니다. 다른 구성원이 확인하고 승인해야 합니다.",
            code="own_work",
        )
    workflow.move(
        model,
        ModelMoves.APPROVE,
        by=by,
        now=now,
        owner=True,
        changes={"approved_by": by, "approved_at": now},
    )


def retire(model: InspectionModel, *, note: str, by: User, now: datetime) -> None:
    """Take a model out of use; owners of the workspace only."""
    workspace = model.dataset.workspace
    as_member(workspace, by)
    owner = workspace.members.filter(user=by, role=MemberRole.OWNER).exists()
    workflow.move(model, ModelMoves.RETIRE, by=by, now=now, note=note, owner=owner)
