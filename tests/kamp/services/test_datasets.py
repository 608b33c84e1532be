"""Uploads are checked and counted against the quota; labels are added; files are purged."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile, File
from django.db import Error, transaction

from kamp.models import Clip, Label, Product, Workspace
from kamp.queries.labelling import agreement, truths
from kamp.queries.training import manifest
from kamp.rules.labelling import kappa
from kamp.services import clips as clips_services
from kamp.services import datasets as datasets_services
from kamp.services import jobs, labelling, training
from kamp.states import ClipState
from portal.core.clock import now
from portal.core.errors import BadInput, MoveNotAllowed, NotFound
from portal.jobs import queue
from portal.models import Job, User
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


def test_own_films_never_enter_a_synthetic_set(firm: Workspace) -> None:
    dataset = dataset_of(firm, synthetic_seed=1)
    with pytest.raises(MoveNotAllowed) as refused:
        clips_services.upload(
            dataset, uploads=[film()], serial="", by=dataset.created_by, now=now()
        )
    assert refused.value.code == "synthetic_set"
    assert not Clip.objects.exists()


def test_pictures_are_put_in_the_order_of_their_numbers(firm: Workspace) -> None:
    dataset = dataset_of(firm, modality="image")
    names = ["f10.png", "f2.png", "F1.png", "f002b.png", "a.png"]
    (clip,) = clips_services.upload(
        dataset,
        uploads=[ContentFile(PNG, name=name) for name in names],
        serial="B-8",
        by=dataset.created_by,
        now=now(),
    )
    assert clip.picture_names == ["a.png", "F1.png", "f2.png", "f002b.png", "f10.png"]


def test_forty_normal_products_fill_both_parts_of_training(firm: Workspace) -> None:
    dataset = dataset_of(firm)
    for n in range(40):
        clip = clip_of(dataset, f"정상-{n}")
        Product.objects.filter(pk=clip.product_id).update(split="")
        clip.product.refresh_from_db()
        labelling.label(clip.product, mark="normal", by=dataset.created_by, now=now())
    parts = list(dataset.products.values_list("split", flat=True))
    assert (parts.count("train"), parts.count("validation")) == (20, 20)
    assert training.obstacles(dataset) == []


def test_a_label_is_taken_back_once_and_only_the_last_one(firm: Workspace) -> None:
    dataset = dataset_of(firm)
    by, products = dataset.created_by, [clip_of(dataset, f"A-{n}").product for n in range(2)]
    for product in products:
        labelling.label(product, mark="normal", by=by, now=now())
    with pytest.raises(MoveNotAllowed):
        labelling.undo(dataset, by=member_of(firm), now=now())  # somebody else's
    assert labelling.undo(dataset, by=by, now=now()) == products[1]
    with pytest.raises(MoveNotAllowed):
        labelling.undo(dataset, by=by, now=now())
    assert set(truths(dataset.products.all())) == {products[0].pk}
    assert [row["serial"] for row in manifest(dataset)] == ["A-0"]
    assert Label.objects.count() == 2
    undone = Label.objects.get(product=products[1]).undo
    for act in (undone.delete, lambda: type(undone).objects.update(at=now())):
        with pytest.raises(Error), transaction.atomic():
            act()
    labelling.label(products[1], mark="defect", defect="crack", by=by, now=now())
    assert truths(dataset.products.all())[products[1].pk].mark == "defect"


def test_one_person_s_films_wait_for_a_few_jobs_at_most(firm: Workspace) -> None:
    dataset = dataset_of(firm)

    def send(n: int, by: User) -> list[Clip]:
        one = film(f"A-{n}.mp4", FILM + bytes([n]))
        return clips_services.upload(dataset, uploads=[one], serial="", by=by, now=now())

    for n in range(jobs.MOST_OPEN):
        send(n, dataset.created_by)
    with pytest.raises(MoveNotAllowed) as refused:
        send(98, dataset.created_by)
    assert refused.value.code == "jobs_many"
    assert Clip.objects.count() == jobs.MOST_OPEN
    send(99, member_of(firm))
    queue.cancel(Job.objects.filter(requested_by=dataset.created_by)[0], now=now())
    send(98, dataset.created_by)


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


def test_an_upload_that_runs_over_the_purge_is_refused_and_leaves_no_file(
    firm: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = dataset_of(firm)
    stored: list[str] = []
    keep = files.store

    def store(upload: File, *, by: User) -> str:
        stored.append(keep(upload, by=by))
        datasets_services.purge(dataset, now=now())  # between the check and the row
        return stored[-1]

    monkeypatch.setattr(files, "store", store)
    with pytest.raises(MoveNotAllowed) as refused:
        clips_services.upload(
            dataset, uploads=[film()], serial="", by=dataset.created_by, now=now()
        )
    assert refused.value.code == "purged"
    assert not Clip.objects.exists()
    assert stored
    assert not any(files.is_kept(name) for name in stored)


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
    assert not any(files.is_kept(name) for name in kept)
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
