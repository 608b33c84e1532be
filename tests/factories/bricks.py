"""Synthetic bricks as films and as data sets, made by the portal's generator."""

from pathlib import Path

from kamp.jobs import synthesis as synthesis_jobs
from kamp.jobs import training as training_jobs
from kamp.jobs.synthesis import ProductSpec
from kamp.models import Dataset, InspectionModel, Workspace
from kamp.services import clips, datasets, synthesis, training
from kamp.states import MemberRole, Split
from kamp.vision.synthetic import generator
from kamp.vision.synthetic.generator import Flaw
from portal.core.clock import now
from portal.jobs.progress import no_progress
from tests.factories.kamp import member_of

SEED = 11
KINDS = {
    Split.TRAIN: [""] * training.MIN_NORMALS,
    Split.VALIDATION: [""] * training.MIN_NORMALS,
    Split.TEST: ["", "", "crack", "inclusion"],
}


def film(folder: Path, seed: int, kind: str = "", flaw: Flaw = Flaw.NONE) -> Path:
    path = folder / f"brick-{seed}.mp4"
    generator.write(generator.product(seed, kind, flaw=flaw), path, flaw=flaw)
    return path


def bricks(workspace: Workspace) -> Dataset:
    """Create the smallest data set on which a model can be trained."""
    owner = workspace.members.get(role=MemberRole.OWNER).user
    dataset = datasets.create(
        workspace,
        data={**synthesis.DATASET, "name": "합성 벽돌"},
        by=owner,
        now=now(),
        synthetic_seed=SEED,
        split_key=f"{SEED:064x}",
    )
    left = {split: list(kinds) for split, kinds in KINDS.items()}
    specs, place = [], 0
    while any(left.values()):
        serial = f"합성-{place:04d}"
        if pending := left[clips.split_of(dataset, serial)]:
            specs.append(
                ProductSpec(serial, SEED * synthesis_jobs.SEEDS_OF_A_SET + place, pending.pop(0))
            )
        place += 1
    synthesis_jobs.run(dataset, specs, by=owner, now=now(), progress=no_progress)
    return dataset


def learned(dataset: Dataset) -> InspectionModel:
    """Train and approve a model."""
    model = training.request(dataset, by=dataset.created_by, now=now())
    training_jobs.run(model, now=now(), progress=no_progress)
    training.approve(model, by=member_of(dataset.workspace, "editor"), now=now())
    return model
