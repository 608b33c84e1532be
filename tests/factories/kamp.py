"""Workspaces, showcases, data sets, models and verdicts."""

import hashlib
import io
from typing import Any

import factory
from django.contrib.auth.models import Group
from PIL import Image

from kamp.models import (
    Clip,
    Dataset,
    Inspection,
    InspectionModel,
    Product,
    Showcase,
    Workspace,
    WorkspaceMember,
)
from kamp.roles import CURATOR
from kamp.services import clips, datasets, labelling, training
from kamp.services.showcases import data_file, editing
from kamp.services.workspaces import QUOTA_BYTES
from kamp.states import ClipState, MemberRole, ModelMoves
from portal.core.clock import now
from portal.core.validators import check_digit
from portal.models import User
from portal.records import workflow
from portal.uploads import files


def png() -> bytes:
    data = io.BytesIO()
    Image.new("L", (256, 192), 90).save(data, "PNG")
    return data.getvalue()


PNG = png()
TEXTS: dict[str, Any] = {
    "title": "주물 표면 불량 찾기",
    "company": "한빛정밀",
    "process": "casting",
    "purpose": "quality",
    "data_kind": "image",
    "equipment": "카메라",
    "summary": "주물 표면의 불량을 사진으로 찾습니다.",
    "problem": "눈으로 보기 힘들었습니다.",
    "source_name": "자체 측정",
}
PARTS: dict[str, Any] = {
    "metrics": [
        {
            "name": "놓친 비율",
            "definition": "불량 가운데 놓친 것",
            "unit": "%",
            "before": 8,
            "after": 2,
            "direction": "lower",
            "sample_size": 400,
            "origin": "measured",
            "note": "",
        }
    ],
    "steps": [{"title": "촬영", "text": "제품을 찍습니다."}],
    "testimonials": [],
}


def business_number(place: int) -> str:
    """Return a number with a valid check digit."""
    first = f"31081{1_000 + place:04d}"
    return f"{first}{check_digit(first)}"


class PersonFactory(factory.django.DjangoModelFactory[User]):
    email = factory.Sequence(lambda n: f"kamp{n}@firm.example")
    name = factory.Sequence(lambda n: f"사람 {n}")

    class Meta:
        model = User


class WorkspaceFactory(factory.django.DjangoModelFactory[Workspace]):
    name = factory.Sequence(lambda n: f"기업 {n}")
    business_number = factory.Sequence(business_number)
    quota_bytes = QUOTA_BYTES

    class Meta:
        model = Workspace


def member_of(workspace: Workspace, role: str = MemberRole.OWNER) -> User:
    user = PersonFactory()
    WorkspaceMember.objects.create(workspace=workspace, user=user, role=role, since=now())
    return user


def curator() -> User:
    user = PersonFactory(is_staff=True)
    user.groups.add(Group.objects.get(name=CURATOR))
    return user


def draft(
    by: User | None = None, *, workspace: Workspace | None = None, slug: str = "cast"
) -> Showcase:
    author = by or curator()
    return editing.create(
        slug=slug, data=TEXTS, parts=PARTS, by=author, now=now(), workspace=workspace
    )


def in_review(by: User | None = None, **options: Any) -> Showcase:
    made = draft(by, **options)
    editing.submit(made, by=made.edited_by, now=now())
    return made


def published(by: User | None = None, **options: Any) -> Showcase:
    made = in_review(by, **options)
    if made.workspace_id is not None:
        editing.check(made, by=curator(), now=now())
    editing.publish(made, by=curator(), now=now())
    return made


def refractory() -> Showcase:
    """Publish the case of the catalogue."""
    (made,) = data_file.load(data_file.FILE, by=curator(), now=now())
    editing.publish(made, by=curator(), now=now())
    return made


# --- Inspection -----------------------------------------------------------------------------------

TRAITS: dict[str, Any] = {
    "codec": "h264",
    "frames": 12,
    "bits_per_px": 1.2,
    "level": 120.0,
    "noise": 2.0,
    "sharpness": 0.4,
    "blocking": 1.0,
    "saturated": 0.0,
    "object_share": 0.5,
    "shift_px": 48.0,
    "shift_confidence": 1.0,
}
MEASURES: dict[str, Any] = {
    "test": [
        ["가", "", -0.5, None],
        ["나", "", -0.3, None],
        ["다", "", 0.1, None],
        ["라", "crack", 0.8, 20.0],
        ["마", "void", -0.1, 6.0],
    ],
    "trained_kinds": ["crack"],
    "roc": {
        "points": [[0.0, 0.0], [0.0, 0.5], [0.33, 0.5], [0.33, 1.0], [1.0, 1.0]],
        "auroc": 0.83,
    },
    "pod": {"sizes": [2.0, 10.0], "probability": [0.1, 0.95], "a50": 5.0, "a90": 9.0, "n": 12},
    "learning": [
        {"normals": 20, "caught": 1, "defects": 2, "rejected": 1, "good": 3},
        {"normals": 30, "caught": 2, "defects": 2, "rejected": 0, "good": 3},
    ],
}


def dataset_of(workspace: Workspace, **changes: Any) -> Dataset:
    by = workspace.members.get(role=MemberRole.OWNER).user
    data = {
        "name": "내화물",
        "process": "inspection",
        "purpose": "quality",
        "modality": "video",
        "mm_per_px": "0.8",
    }
    options = {name: changes.pop(name) for name in ("synthetic_seed",) if name in changes}
    return datasets.create(workspace, data={**data, **changes}, by=by, now=now(), **options)


def clip_of(dataset: Dataset, serial: str, *, split: str = "", **changes: Any) -> Clip:
    """Create an extracted clip with a small archive of pictures and an invented vector."""
    product, _ = Product.objects.get_or_create(
        dataset=dataset,
        serial=serial,
        defaults={"split": split or clips.split_of(dataset, serial), "created_at": now()},
    )
    archive = clips.write_archive([("plain-0", PNG), ("flat-0", PNG), ("panorama", PNG)])
    fields: dict[str, Any] = {
        "name": f"{serial}.mp4",
        "files": [files.store_bytes(b"film")],
        "size": 4,
        "sha256": hashlib.sha256(serial.encode()).hexdigest(),
        "state": ClipState.READY,
        "info": {"codec": "h264", "width": 256, "height": 192, "frames": 1, "rows": 192,
                 "columns": 256},
        "traits": TRAITS,
        "vector": b"\0" * 16,
        "phash": "0" * 16,
        "pictures": archive,
        "shown": [0],
        "uploaded_by": dataset.created_by,
        "uploaded_at": now(),
    }  # fmt: skip
    return Clip.objects.create(product=product, **{**fields, **changes})


def labelled(dataset: Dataset, count: int, split: str, mark: str = "normal") -> list[Clip]:
    made = []
    for place in range(count):
        clip = clip_of(dataset, f"{split}-{mark}-{place}", split=split)
        defect = "crack" if mark == "defect" else ""
        labelling.label(clip.product, mark=mark, defect=defect, by=dataset.created_by, now=now())
        made.append(clip)
    return made


def trained(dataset: Dataset, *, by: User | None = None) -> InspectionModel:
    """Create a model that is pending approval."""
    model = InspectionModel.objects.create(
        dataset=dataset,
        recipe=dataset.recipe,
        version=(dataset.models.count() + 1),
        is_synthetic=dataset.is_synthetic,
        manifest_sha256="0" * 64,
        trained_by=by or dataset.created_by,
    )
    workflow.move(
        model,
        ModelMoves.FINISH,
        by=None,
        now=now(),
        changes={
            "artefact": files.store_bytes(b"artefact"),
            "artefact_sha256": "1" * 64,
            "thresholds": {"known": None, "anomaly": 1.5},
            "facts": {"libraries": {"numpy": "2"}, "counts": {}},
            "measures": MEASURES,
            "trained_at": now(),
        },
    )
    return model


def approved(dataset: Dataset) -> InspectionModel:
    model = trained(dataset)
    training.approve(model, by=member_of(dataset.workspace, MemberRole.EDITOR), now=now())
    return model


def inspection_of(model: InspectionModel, clip: Clip, **changes: Any) -> Inspection:
    fields: dict[str, Any] = {
        "verdict": "normal",
        "anomaly_score": 0.7,
        "frame_scores": [1.0, 2.0],
        "times": {"decode": 10.0, "score": 5.0},
        "pictures": clips.write_archive([("heat-0", PNG), ("panorama", PNG)]),
        "shown": [0],
        "inspected_at": now(),
    }
    return Inspection.objects.create(model=model, clip=clip, **{**fields, **changes})
