"""Uploads are checked and counted against the quota; labels are added; files are purged."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.db import Error, transaction

from kamp.models import Clip, Label, Product, Workspace
from kamp.queries.labelling import agreement, truths
from kamp.queries.training import manifest
from kamp.rules.labelling import kappa
from kamp.services import clips as clips_services
from kamp.services import datasets as datasets_services
from kamp.services import labelling
from kamp.states import ClipState
from portal.core.clock import now
from portal.core.errors import BadInput, MoveNotAllowed, NotFound
from portal.models import Job
from portal.uploads import files
from tests.factories.kamp import (
    PNG,
    PersonFactory,
    WorkspaceFactory,
    approved,
    clip_of,
    dataset_of,
    inspection_of,
    member_of,
)

pytestmark = pytest.mark.django_db

FILM = b"\0\0\0\x18ftypisom" + b"\0" * 64


@pytest.fixture
def firm() -> Workspace:
    made = WorkspaceFactory()
    member_of(made)
    return made


def film(name: str = "A-1.mp4", data: bytes = FILM) -> ContentFile:
    return ContentFile(data, name=name)


def test_a_film_becomes_a_product_and_one_job_extracts_them_all(firm: Workspace) -> None:
    dataset = dataset_of(firm)
    clips = clips_services.upload(
        dataset,
        uploads=[film("A-1.mp4"), film("A-2.mp4", FILM + b"x")],
        serial="",
        by=dataset.created_by,
        now=now(),
    )
    assert [clip.product.serial for clip in clips] == ["A-1", "A-2"]
    job = Job.objects.get()
    assert (job.kind, job.args["clips"]) == ("kamp.extract", [clip.pk for clip in clips])
    assert {clip.state for clip in clips} == {ClipState.UPLOADED}


def test_pictures_are_one_product(firm: Workspace) -> None:
    dataset = dataset_of(firm, modality="image")
    (clip,) = clips_services.upload(
        dataset,
        uploads=[ContentFile(PNG, name=f"{n}.png") for n in "ab"],
        serial="B-7",
        by=dataset.created_by,
        now=now(),
    )
    assert (clip.product.serial, len(clip.files)) == ("B-7", 2)


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "file_empty"), (b"#EXTM3U\nfile:///etc/passwd", "clip_type"), (b"MZ" * 40, "clip_type")],
)
def test_a_file_that_is_no_film_is_refused(firm: Workspace, data: bytes, code: str) -> None:
    dataset = dataset_of(firm)
    with pytest.raises(BadInput) as refused:
        clips_services.upload(
            dataset, uploads=[film("x.mp4", data)], serial="", by=dataset.created_by, now=now()
        )
    assert refused.value.code == code
    assert Clip.objects.count() == Job.objects.count() == 0


def test_too_large_a_film_is_refused(firm: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clips_services, "MOST_BYTES", 20)
    dataset = dataset_of(firm)
    with pytest.raises(BadInput) as refused:
        clips_services.upload(
            dataset, uploads=[film()], serial="", by=dataset.created_by, now=now()
        )
    assert refused.value.code == "clip_large"


def test_an_upload_over_the_quota_is_refused_and_stores_nothing(
    firm: Workspace, settings, tmp_path: Path
) -> None:
    settings.PRIVATE_ROOT = tmp_path  # the tests of another process store files too
    Workspace.objects.filter(pk=firm.pk).update(quota_bytes=100)
    dataset = dataset_of(firm)
    before = set(files.stored_before(now()))
    with pytest.raises(BadInput) as refused:
        clips_services.upload(
            dataset,
            uploads=[film("a.mp4"), film("b.mp4", FILM + b"y")],
            serial="",
            by=dataset.created_by,
            now=now(),
        )
    assert refused.value.code == "quota"
    assert Product.objects.count() == Clip.objects.count() == 0
    assert len(set(files.stored_before(now())) - before) <= 1


def test_a_file_is_stored_once_per_product(firm: Workspace) -> None:
    dataset = dataset_of(firm)
    by = dataset.created_by
    clips_services.upload(dataset, uploads=[film()], serial="", by=by, now=now())
    with pytest.raises(BadInput) as refused:
        clips_services.upload(dataset, uploads=[film()], serial="", by=by, now=now())
    assert refused.value.code == "clip_twice"
    assert Clip.objects.count() == 1


def test_a_stranger_uploads_nothing(firm: Workspace) -> None:
    dataset = dataset_of(firm)
    with pytest.raises(NotFound):
        clips_services.upload(dataset, uploads=[film()], serial="", by=PersonFactory(), now=now())


def test_a_product_keeps_its_split(firm: Workspace) -> None:
    dataset = dataset_of(firm)
    parts = {f"A-{n}": clips_services.split_of(dataset, f"A-{n}") for n in range(200)}
    assert set(parts.values()) == {"train", "validation", "test"}
    assert parts == {serial: clips_services.split_of(dataset, serial) for serial in reversed(parts)}
    other = dataset_of(firm, name="다른 자료")
    assert parts != {serial: clips_services.split_of(other, serial) for serial in parts}


def test_labels_are_only_added(firm: Workspace) -> None:
    dataset = dataset_of(firm)
    product = clip_of(dataset, "A").product
    by = dataset.created_by
    labelling.label(product, mark="normal", by=by, now=now())
    box = {"x": 10, "y": 10, "w": 20, "h": 20}
    labelling.label(product, mark="defect", defect="crack", frame=0, box=box, by=by, now=now())
    assert Label.objects.count() == 2
    assert truths(dataset.products.all())[product.pk].mark == "defect"
    for change in (
        lambda: Label.objects.update(mark="normal"),
        lambda: Label.objects.all().delete(),
    ):
        with pytest.raises(Error), transaction.atomic():
            change()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"mark": "good"}, "mark"),
        ({"mark": "defect"}, "defect_kind"),
        ({"mark": "defect", "defect": "crack", "box": {"x": 0, "y": 0, "w": 9, "h": 9}}, "frame"),
        (
            {
                "mark": "defect",
                "defect": "crack",
                "frame": 0,
                "box": {"x": 250, "y": 0, "w": 9, "h": 9},
            },
            "box",
        ),
    ],
)
def test_an_impossible_label_is_refused(firm: Workspace, given: dict, code: str) -> None:
    dataset = dataset_of(firm)
    product = clip_of(dataset, "A").product
    with pytest.raises(BadInput) as refused:
        labelling.label(product, by=dataset.created_by, now=now(), **given)
    assert refused.value.code == code
    with pytest.raises(NotFound):
        labelling.label(product, mark="normal", by=PersonFactory(), now=now())


def test_two_labellers_are_compared_and_a_disagreement_is_not_in_the_manifest(
    firm: Workspace,
) -> None:
    dataset = dataset_of(firm)
    one, two = dataset.created_by, member_of(firm, "editor")
    marks = [("normal", "normal"), ("normal", "normal"), ("defect", "defect"), ("normal", "defect")]
    for place, pair in enumerate(marks):
        product = clip_of(dataset, f"A-{place}").product
        for by, mark in zip((one, two), pair, strict=True):
            defect = "crack" if mark == "defect" else ""
            labelling.label(product, mark=mark, defect=defect, by=by, now=now())
    found = agreement(dataset)
    assert (found.n, found.same) == (4, 3)
    assert found.kappa == pytest.approx(0.5)
    assert [row["serial"] for row in manifest(dataset)] == ["A-0", "A-1", "A-2"]


def test_kappa_is_none_without_items_or_with_one_label_only() -> None:
    assert kappa([], []) is None
    assert kappa(["normal"] * 3, ["normal"] * 3) is None


def test_a_set_past_its_retention_loses_its_files_and_keeps_its_records(
    firm: Workspace, django_capture_on_commit_callbacks
) -> None:
    dataset = dataset_of(firm)
    clip = clip_of(dataset, "A")
    labelling.label(clip.product, mark="normal", by=dataset.created_by, now=now())
    verdict = inspection_of(approved(dataset), clip)
    kept = [*clip.files, clip.pictures, verdict.pictures]
    assert datasets_services.purge_due(now()) == 0
    type(dataset).objects.update(retain_until="2021-01-01")
    with django_capture_on_commit_callbacks(execute=True):
        assert datasets_services.purge_due(now()) == 1
    assert datasets_services.purge_due(now()) == 0
    assert not any(files.private_storage.exists(name) for name in kept)
    clip.refresh_from_db()
    verdict.refresh_from_db()
    assert (clip.files, clip.pictures, clip.vector, verdict.pictures) == ([], "", None, "")
    assert (clip.sha256 != "", Label.objects.count(), verdict.verdict) == (True, 1, "normal")
    dataset.refresh_from_db()
    with pytest.raises(MoveNotAllowed):
        clips_services.upload(
            dataset, uploads=[film()], serial="", by=dataset.created_by, now=now()
        )
    later = now().date() + timedelta(days=2)
    with pytest.raises(MoveNotAllowed):
        datasets_services.change_retention(dataset, until=later, by=dataset.created_by, now=now())
