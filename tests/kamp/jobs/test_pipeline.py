"""The jobs end to end with the real engines: films, a model, verdicts, drift, held clips."""

from pathlib import Path

import numpy as np
import pytest
from django.core.files.base import ContentFile, File

from kamp.jobs import clips as clips_jobs
from kamp.jobs import inspections as inspections_jobs
from kamp.jobs import training as training_jobs
from kamp.models import Clip, Dataset, Duplicate, InspectionModel
from kamp.queries.labelling import truths
from kamp.services import clips as clips_services
from kamp.services import datasets, drift, inspections, training
from kamp.states import ClipState, Split, Verdict
from kamp.vision.decoding import decode
from kamp.vision.decoding.decode import Clip as FilmClip
from kamp.vision.evidence.examine import Evidence
from kamp.vision.synthetic.generator import Flaw
from portal.core.clock import now
from portal.core.errors import BadInput, JobCancelled
from portal.jobs import queue
from portal.jobs.progress import no_progress
from portal.models import Job, JobState
from portal.uploads import files
from tests.factories.bricks import bricks, film, learned
from tests.factories.kamp import WorkspaceFactory, approved, clip_of, dataset_of, member_of
from tests.portal import corpus

pytestmark = pytest.mark.django_db


def uploaded(dataset: Dataset, path: Path, serial: str) -> Clip:
    """Upload a film and run the job that extracts it."""
    with path.open("rb") as held:
        (clip,) = clips_services.upload(
            dataset, uploads=[File(held, path.name)], serial=serial,
            by=dataset.created_by, now=now(),
        )  # fmt: skip
    job = Job.objects.get(args__clips=[clip.pk])
    assert queue.run(job.pk) == JobState.DONE
    clip.refresh_from_db()
    return clip


@pytest.fixture
def dataset() -> Dataset:
    firm = WorkspaceFactory()
    member_of(firm)
    return dataset_of(firm)


def test_films_become_a_model_that_judges_and_is_checked_for_drift(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm = WorkspaceFactory()
    member_of(firm)
    dataset = bricks(firm)
    assert set(dataset.products.values_list("clips__state", flat=True)) == {ClipState.READY}
    model = learned(dataset)
    again = training.request(dataset, by=dataset.created_by, now=now(), seed=1)
    InspectionModel.objects.filter(pk=again.pk).update(seed=model.seed)
    again.refresh_from_db()
    training_jobs.run(again, now=now(), progress=no_progress)
    assert again.artefact_sha256 == model.artefact_sha256
    assert [row[1] for row in model.measures["test"]].count("") == 2
    assert {row[0] for row in model.measures["test"]} & {
        row["serial"] for row in model.manifest if row["split"] != Split.TEST
    } == set()

    Dataset.objects.filter(pk=dataset.pk).update(is_synthetic=False)  # as if it were filmed
    dataset.refresh_from_db()
    compressed = uploaded(dataset, film(tmp_path, 5_001, flaw=Flaw.CRF30), "심한압축")
    broken = uploaded(dataset, film(tmp_path, 5_002, flaw=Flaw.TRUNCATED), "잘린파일")
    assert (compressed.state, broken.state) == (ClipState.HELD, ClipState.FAILED)
    assert "압축" in compressed.fault
    assert "손상" in broken.fault

    clips = list(Clip.objects.filter(product__split=Split.TEST).select_related("product"))
    job = inspections.request(model, [*clips, compressed, broken], by=dataset.created_by, now=now())
    assert broken.pk not in job.args["clips"]

    def stop_after_two(done: int, total: int, stage: str) -> None:
        if done == 2:
            raise JobCancelled

    model = InspectionModel.objects.select_related("dataset__recipe").get(pk=model.pk)
    with pytest.raises(JobCancelled):
        inspections_jobs.run(model, job.args["clips"], now=now(), progress=stop_after_two)
    first = list(model.inspections.values_list("pk", flat=True))
    assert len(first) == 2
    assert queue.run(job.pk) == JobState.DONE
    assert list(model.inspections.order_by("pk").values_list("pk", flat=True))[:2] == first
    verdicts = {
        row.clip.product.serial: row for row in model.inspections.select_related("clip__product")
    }
    assert verdicts["심한압축"].verdict == Verdict.HOLD
    assert verdicts["심한압축"].reasons
    known = truths(dataset.products.all())
    for row in verdicts.values():
        truth = known.get(row.clip.product_id)
        if truth and truth.mark == "defect":
            assert row.verdict in {Verdict.DEFECT, Verdict.UNKNOWN}
            assert max(row.frame_scores) > 0
    assert {"decode", "draw"} <= set(next(iter(verdicts.values())).times)

    for split in (Split.TRAIN, Split.VALIDATION):  # those it was fitted to say nothing of drift
        rows = Clip.objects.filter(product__split=split, state=ClipState.READY)
        some = list(rows.select_related("product")[: drift.MIN_NORMALS])
        queue.run(inspections.request(model, some, by=dataset.created_by, now=now()).pk)
    checked = drift.request(model, by=dataset.created_by, now=now())
    assert queue.run(checked.pk) == JobState.DONE
    found = model.drifts.get()
    assert (found.n >= drift.MIN_NORMALS, found.drifted) == (True, False)
    assert drift.request(model, by=dataset.created_by, now=now()) is None  # nothing new to check

    empty, odd = (uploaded(dataset, film(tmp_path, n), str(n)) for n in (5_003, 5_004))
    Clip.objects.filter(pk__in=[empty.pk, odd.pk]).update(state=ClipState.READY)
    last = uploaded(dataset, film(tmp_path, 5_005), "마지막")
    examine = clips_jobs.examine

    def strange(clip: FilmClip) -> Evidence:
        """Nothing is found in the first film, and measuring the second one fails."""
        seen.append(clip)
        if len(seen) == 1:
            with decode.from_frames(np.full((3, *clip.shape), 128, np.uint8)) as black:
                return examine(black)
        if len(seen) == 2:
            raise ValueError("shapes do not match")
        return examine(clip)

    seen: list[FilmClip] = []
    monkeypatch.setattr(clips_jobs, "examine", strange)
    job = inspections.request(model, [empty, odd, last], by=dataset.created_by, now=now())
    assert queue.run(job.pk) == JobState.DONE
    rows = {row.clip_id: row for row in model.inspections.filter(clip__in=[empty, odd, last])}
    assert [rows[clip.pk].verdict for clip in (empty, odd)] == [Verdict.HOLD] * 2
    assert "찾지 못했습니다" in rows[empty.pk].reasons[0]
    assert "재는 중에 문제가" in rows[odd.pk].reasons[0]
    assert rows[last.pk].verdict != Verdict.HOLD
    monkeypatch.undo()

    away = uploaded(dataset, film(tmp_path, 5_006), "뺀것")
    clips_services.leave_out(away, by=dataset.created_by, now=now())
    with pytest.raises(BadInput, match="판정할 영상이 없습니다"):
        inspections.request(model, [away], by=dataset.created_by, now=now())


def test_the_same_film_under_two_serials_is_a_duplicate(dataset: Dataset, tmp_path: Path) -> None:
    path = film(tmp_path, 6_001)
    for serial in ("가", "나"):
        assert uploaded(dataset, path, serial).state == ClipState.READY
    pair = Duplicate.objects.get()
    assert pair.exact
    assert next(row.code for row in training.obstacles(dataset)) == "leak"
    clips_jobs.find_duplicates(dataset)
    assert Duplicate.objects.count() == 1


HOSTILE = {
    "mp4 head only": b"\0\0\0\x18ftypisom" + b"\0" * 500,
    "matroska noise": b"\x1aE\xdf\xa3" + bytes(range(256)) * 8,
    "riff noise": b"RIFF\x10\0\0\0AVI LIST" + b"\xff" * 400,
    "playlist inside": b"\0\0\0\x18ftypisom#EXTM3U\nfile:///etc/passwd\n",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_film_fails_with_a_message_and_the_worker_survives(
    dataset: Dataset, data: bytes
) -> None:
    (clip,) = clips_services.upload(
        dataset,
        uploads=[ContentFile(data, name="x.mp4")],
        serial="",
        by=dataset.created_by,
        now=now(),
    )
    job = Job.objects.get()
    assert queue.run(job.pk) == JobState.DONE
    job.refresh_from_db()
    clip.refresh_from_db()
    assert (clip.state, job.result["failed"]) == (ClipState.FAILED, 1)
    assert len(clip.fault) > 5
    assert clip.fault_code.startswith(("clip_", "decode_"))


def test_a_file_that_is_no_picture_is_refused_at_upload(dataset: Dataset) -> None:
    type(dataset).objects.update(modality="image")
    dataset.refresh_from_db()
    with pytest.raises(BadInput) as refused:
        clips_services.upload(
            dataset,
            uploads=[ContentFile(corpus.pdf(), name="x.png")],
            serial="a",
            by=dataset.created_by,
            now=now(),
        )
    assert refused.value.code == "file_mismatch"
    assert Clip.objects.count() == 0


def test_a_stopped_extraction_continues_where_it_stopped(dataset: Dataset, tmp_path: Path) -> None:
    held = [film(tmp_path, seed).read_bytes() for seed in (7_001, 7_002)]
    clips = clips_services.upload(
        dataset,
        uploads=[ContentFile(data, name=f"{n}.mp4") for n, data in enumerate(held)],
        serial="",
        by=dataset.created_by,
        now=now(),
    )
    job = Job.objects.get()

    def stop(done: int, total: int, stage: str) -> None:
        if done == 1:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        clips_jobs.run(dataset, job.args["clips"], now=now(), progress=stop)
    first, second = Clip.objects.order_by("pk")
    assert (first.state, second.state) == (ClipState.READY, ClipState.UPLOADED)
    album = first.pictures
    assert queue.cancel(job, now=now())
    assert queue.retry(Job.objects.get())
    assert queue.run(job.pk) == JobState.DONE
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.pictures, second.state) == (album, ClipState.READY)
    assert len(clips) == 2


def purging(dataset: Dataset, stored: list[str]):
    """Store an archive and purge the set, as the sweep does while a job runs."""

    def write(pictures) -> str:
        stored.append(clips_services.write_archive(pictures))
        datasets.purge(Dataset.objects.get(pk=dataset.pk), now=now())
        return stored[-1]

    return write


def test_what_a_job_makes_of_a_set_that_is_purged_meanwhile_is_not_kept(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: list[str] = []
    monkeypatch.setattr(clips_jobs, "write_archive", purging(dataset, stored))
    with film(tmp_path, 5_001).open("rb") as held:
        (clip,) = clips_services.upload(
            dataset, uploads=[File(held, "A.mp4")], serial="A", by=dataset.created_by, now=now()
        )
    job = Job.objects.get(args__clips=[clip.pk])
    assert queue.run(job.pk) == JobState.DONE
    clip.refresh_from_db()
    assert (clip.pictures, clip.vector, clip.thumb, clip.shown) == ("", None, None, [])
    assert stored
    assert not any(files.is_kept(name) for name in stored)
    done = clips_jobs.run(dataset, [clip.pk], now=now(), progress=no_progress)
    assert done == {"ready": 0, "held": 0, "failed": 0, "duplicates": 0}


def test_no_verdict_is_kept_of_a_set_that_was_purged_meanwhile(dataset: Dataset) -> None:
    model, clip = approved(dataset), clip_of(dataset, "A")
    datasets.purge(dataset, now=now())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inspections_jobs.training, "load", lambda model: None)
        inspections_jobs.run(model, [clip.pk], now=now(), progress=no_progress)
    assert not inspections_jobs._create(model, clip, now(), Verdict.NORMAL, [], {})
    assert not model.inspections.exists()
