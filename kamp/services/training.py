"""Inspection models: requests of training, approval by a second person, retirement."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from kamp.models import Dataset, InspectionModel
from kamp.queries.clips import open_duplicates
from kamp.queries.training import manifest, manifest_counts, new_normals
from kamp.services import jobs
from kamp.services.datasets import check_member
from kamp.states import MemberRole, ModelMoves, ModelState, Split
from portal.core.errors import Finding, MoveNotAllowed, RuleBroken
from portal.models import User
from portal.records import snapshot, workflow

JOB, RECALIBRATE = "kamp.train", "kamp.recalibrate"
MIN_NORMALS = 20  # to fit by, and as many to set the threshold by


def obstacles(dataset: Dataset) -> list[Finding]:
    """List everything that prevents training: leak, too_few_train, too_few_validation, purged."""
    found = [
        Finding(
            "leak",
            f"‘{pair.first.product.serial}’와 ‘{pair.second.product.serial}’ 제품의 영상이 같습니다. "
            "둘 가운데 하나를 학습에서 빼 주세요.",
        )
        for pair in open_duplicates(dataset)
    ]
    counts = manifest_counts(dataset)
    for split, label in ((Split.TRAIN, "학습"), (Split.VALIDATION, "기준값")):
        have = counts[split]["normal"]
        if have < MIN_NORMALS:
            found.append(
                Finding(
                    f"too_few_{split}",
                    f"{label}용 정상 제품이 {MIN_NORMALS}개 필요한데 {have}개 있습니다. 정상 제품 "
                    f"{2 * MIN_NORMALS}개에 라벨을 붙이면 두 쪽이 모두 채워집니다.",
                )
            )
    if dataset.purged_at:
        found.append(Finding("purged", "보관 기한이 지나 파일을 지운 자료입니다."))
    return found


def request(dataset: Dataset, *, by: User, now: datetime, seed: int = 0) -> InspectionModel:
    """Create a model of the data as labelled now and enqueue its training.

    The same data and seed return the same model. Raises NotFound and RuleBroken with every
    obstacle.
    """
    check_member(dataset.workspace, by)
    if found := obstacles(dataset):
        raise RuleBroken(found)
    return _create(dataset, manifest(dataset), by=by, now=now, seed=seed)


@transaction.atomic
def _create(
    dataset: Dataset,
    rows: list[dict[str, Any]],
    *,
    by: User,
    now: datetime,
    seed: int = 0,
    parent: InspectionModel | None = None,
) -> InspectionModel:
    # The lock makes two equal requests one model, and versions unique.
    Dataset.objects.select_for_update().get(pk=dataset.pk)
    digest = snapshot.sha256(rows)
    in_use = dataset.models.exclude(state=ModelState.RETIRED)
    same = in_use.filter(manifest_sha256=digest, seed=seed, parent=parent).first()
    if same is not None:
        if same.job is not None:
            jobs.retry(same.job, by=by)
        return same
    latest = dataset.models.aggregate(latest=Max("version"))["latest"] or 0
    model = InspectionModel.objects.create(
        dataset=dataset,
        recipe=dataset.recipe,
        parent=parent,
        version=latest + 1,
        seed=seed,
        is_synthetic=dataset.is_synthetic,
        manifest=rows,
        manifest_sha256=digest,
        trained_by=by,
    )
    kind = JOB if parent is None else RECALIBRATE
    job = jobs.enqueue(kind, key=f"{kind}:{model.pk}", new=True, by=by, model=model.pk)
    InspectionModel.objects.filter(pk=model.pk).update(job=job)
    model.job = job
    return model


def recalibrate(model: InspectionModel, *, by: User, now: datetime) -> InspectionModel:
    """Create a model that learns from the latest normal products and enqueue its training.

    Raises NotFound, MoveNotAllowed (`not_approved`) and RuleBroken (`too_few_new`).
    """
    check_member(model.dataset.workspace, by)
    if model.state != ModelState.APPROVED:
        raise MoveNotAllowed("승인된 모델만 재보정할 수 있습니다.", code="not_approved")
    rows = new_normals(model)
    have = {split: sum(row["split"] == split for row in rows) for split in Split.values}
    lacking = max(MIN_NORMALS - have[Split.TRAIN], MIN_NORMALS - have[Split.VALIDATION], 0)
    if lacking:
        raise RuleBroken(
            [
                Finding(
                    "too_few_new",
                    f"재보정에는 학습용과 기준값용 정상 제품이 {MIN_NORMALS}개씩 새로 필요합니다. 지금은 "
                    f"{have[Split.TRAIN]}개와 {have[Split.VALIDATION]}개입니다. 새 조건으로 찍은 "
                    "정상 제품을 더 올리고 ‘정상’으로 표시해 주세요.",
                )
            ]
        )
    return _create(model.dataset, rows, by=by, now=now, seed=model.seed, parent=model)


def approve(model: InspectionModel, *, by: User, now: datetime) -> None:
    """Approve a model for use, as a member who did not train it.

    Raises NotFound and MoveNotAllowed (`own_work`).
    """
    check_member(model.dataset.workspace, by)
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
    """Take a model out of use, as an owner of the workspace.

    Raises NotFound and MoveNotAllowed (`note_required`).
    """
    workspace = model.dataset.workspace
    check_member(workspace, by)
    owner = workspace.members.filter(user=by, role=MemberRole.OWNER).exists()
    workflow.move(model, ModelMoves.RETIRE, by=by, now=now, note=note, owner=owner)
