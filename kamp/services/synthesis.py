"""Requests of synthetic products (합성)."""

from datetime import datetime

from kamp.models import Dataset, Workspace
from kamp.services import datasets, jobs
from portal.core.errors import BadInput
from portal.models import Job, User

JOB = "kamp.synthesise"
MIN_PRODUCTS, MAX_PRODUCTS = 10, 400
DATASET = {
    "name": "합성 내화물 엑스레이",
    "process": "inspection",
    "purpose": "quality",
    "modality": "video",
    "licence": "자유 이용",
    "provenance": "포털의 물리 생성기로 만든 합성 자료이며 공장에서 찍은 것이 아닙니다.",
    "kv": 225,
    "fps": 10,
    "mm_per_px": "0.8",
    "bit_depth": 8,
    "codec": "h264",
    "motion": "일정한 속도의 이송",
}


def request(
    workspace: Workspace, *, count: int, seed: int, by: User, now: datetime
) -> tuple[Dataset, Job]:
    """Create a set of synthetic products and enqueue their making.

    The same count and seed give the same films. Raises NotFound and BadInput (`count`,
    `dataset_taken`).
    """
    if not MIN_PRODUCTS <= count <= MAX_PRODUCTS:
        raise BadInput(f"제품 수는 {MIN_PRODUCTS}개에서 {MAX_PRODUCTS}개까지입니다.", code="count")
    name = f"{DATASET['name']} {count}개 (씨앗값 {seed})"
    dataset = datasets.create(
        workspace,
        data={**DATASET, "name": name},
        by=by,
        now=now,
        synthetic_seed=seed,
        split_key=f"{seed:064x}",
    )
    job = jobs.enqueue(
        JOB, key=f"{JOB}:{dataset.pk}", new=True, by=by, dataset=dataset.pk, count=count
    )
    return dataset, job
